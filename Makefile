# weft: the one Makefile.
#
# It describes one configuration: a compiler, its flags, and a folder under build/ that belongs to them.
# Sources are found by wildcard, so a new file needs no line here. The flags are remembered in that
# folder, and other flags rebuild it, so objects never mix.
#
# `make check` needs several configurations. It calls this same file once for each, side by side.
#
# Below, a `## ` behind a target or in front of a variable is what `make help` prints.

.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

## Variables
##   CC CFLAGS CPPFLAGS LDFLAGS LDLIBS   yours; flags are appended to those the project needs
##   SAN=address,undefined | thread      build with these sanitizers, in a folder of their own
##   DEBUG=1                             -O0 and the checks of debug builds (WEFT_DEBUG), likewise
##   V=1                                 show the commands
##   ARGS='--listen 127.0.0.1:9000'      what `make chat` passes to the server
##   P=ch02/delay                        what `make run` runs, with $(ARGS): --tape, --tape=svg
##   E=countdown N=1                     the exercise that is meant, and which of its hints
##   T=mpsc                              what `make check` runs: a part of a file name or of suite/name
##   PREFIX=/usr/local DESTDIR=          where install puts things

SAN     ?=
DEBUG   ?=
V       ?=
ARGS    ?=
P       ?=
E       ?=
N       ?=
T       ?=
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

ifeq ($(origin CC),default)
CC := $(if $(shell command -v gcc 2>/dev/null),gcc,cc)
endif

# --- One configuration ---------------------------------------------------------------------------

comma   := ,
debug   := $(filter-out 0 no,$(DEBUG))
variant := $(subst $(comma),-,$(SAN))$(if $(debug),$(if $(SAN),-)debug)
OUT     := build$(if $(variant),/$(variant))
OPT     := $(if $(debug),-O0,-O2)
RUNNER  := runner
WERROR  :=

sanitize := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
cflags   := -std=c17 -g $(OPT) -Wall -Wextra -Wshadow -Wdeclaration-after-statement \
	    $(if $(WERROR),-Werror) $(if $(debug),-DWEFT_DEBUG) $(sanitize) -pthread -Iruntime -I.
compile   = $(strip $(CC) $(cflags) $(CPPFLAGS) $(CFLAGS))
link      = $(strip $(CC) $(cflags) $(CFLAGS) $(LDFLAGS))
t_flags  := -Itests $(if $(filter criterion,$(RUNNER)),-DT_CRITERION)
t_libs   := $(if $(filter criterion,$(RUNNER)),-lcriterion)

Q    := $(if $(filter-out 0 no,$(V)),,@)
QUIET :=
# A short line instead of a command; under `make check` nothing.
say   = $(if $(Q),$(if $(QUIET),@:,@echo "  $(1)"),@:)

# --- Sources -------------------------------------------------------------------------------------

objects = $(patsubst %.c,$(OUT)/obj/%.o,$(1))

lib_src     := $(sort $(wildcard runtime/*/*.c))
app_main    := $(wildcard app/main.c)
app_src     := $(filter-out app/main.c,$(sort $(wildcard app/*.c)))
bench_src   := $(sort $(wildcard bench/*.c))
tests_all   := $(sort $(wildcard tests/test_*.c tests/*/test_*.c tests/*/*/test_*.c))
t_src       := $(filter-out tests/t_runner.c tests/t_criterion.c $(tests_all) tests/compile/% \
		 tests/exercises/% tests/freestanding/% tests/harness/%,$(sort $(wildcard tests/*.c tests/*/*.c)))
book_src    := $(sort $(wildcard book-examples/ch*/*.c))
to_do_src   := $(filter-out %.check.c,$(sort $(wildcard book-examples/exercises/*.c)))
all_src     := $(lib_src) $(app_src) $(app_main) $(bench_src) $(book_src) $(to_do_src) $(t_src) $(tests_all) \
	       tests/t_runner.c tests/t_criterion.c

lib   := $(OUT)/libweft.a
chat  := $(if $(app_main),$(OUT)/chat)
bench := $(if $(bench_src),$(OUT)/bench/weft-bench)

.PHONY: all chat bench run examples exercise hint exercise_settings check clean install uninstall help FORCE
all: $(lib) $(chat) $(bench) compile_commands.json ## the library, the chat server, the benchmark

chat: $(OUT)/chat ## build the chat server and start it with $(ARGS)
	$(Q)$(OUT)/chat $(ARGS)

bench: $(bench) ## what things cost: every workload of build/bench/weft-bench
	$(Q)$(bench) all

# --- Rules ---------------------------------------------------------------------------------------

# A file that changes only when the words in it do; what depends on it is then made again.
# $(call remember,WORDS)
remember = @mkdir -p $(@D); echo '$(subst ','\'',$(1))' | cmp -s - $@ || echo '$(subst ','\'',$(1))' >$@

$(OUT)/flags: FORCE
	$(call remember,$(compile) $(t_flags) / $(LDFLAGS) $(LDLIBS))
$(OUT)/sources: FORCE
	$(call remember,$(all_src))

$(OUT)/obj/tests/%.o: tests/%.c $(OUT)/flags
	$(call say,CC $<)
	@mkdir -p $(@D)
	$(Q)$(compile) $(t_flags) -MMD -MP -c $< -o $@

$(OUT)/obj/%.o: %.c $(OUT)/flags
	$(call say,CC $<)
	@mkdir -p $(@D)
	$(Q)$(compile) -MMD -MP -c $< -o $@

# An archive is made afresh, or members whose source is gone would stay in it.
archive = $(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(lib): $(call objects,$(lib_src)) $(OUT)/sources
	$(call say,AR $@)
	$(archive)
$(OUT)/libapp.a: $(call objects,$(app_src)) $(OUT)/sources
	$(archive)
$(OUT)/libtests.a: $(call objects,$(t_src)) $(OUT)/sources
	$(archive)

$(OUT)/chat: $(call objects,app/main.c) $(OUT)/libapp.a $(lib)
	$(call say,LD $@)
	$(Q)$(link) -o $@ $(filter %.o %.a,$^) $(LDLIBS)

$(OUT)/bench/weft-bench: $(call objects,$(bench_src)) $(OUT)/libapp.a $(lib)
	$(call say,LD $@)
	@mkdir -p $(@D)
	$(Q)$(link) -o $@ $(filter %.o %.a,$^) $(LDLIBS)

# A test program is one test_*.c, a runner, and archives; only those of the app are linked with its core.
test_main := $(call objects,tests/t_$(RUNNER).c)

$(OUT)/tests/app/%: $(OUT)/obj/tests/app/%.o $(test_main) $(OUT)/libtests.a $(OUT)/libapp.a $(lib)
	$(link_test)
$(OUT)/tests/%: $(OUT)/obj/tests/%.o $(test_main) $(OUT)/libtests.a $(lib)
	$(link_test)

define link_test
	$(call say,LD $@)
	@mkdir -p $(@D)
	$(Q)$(link) -o $@ $(filter %.o %.a,$^) $(t_libs) $(LDLIBS)
endef

-include $(patsubst %.o,%.d,$(call objects,$(all_src)))

# For editors. Each entry is what the rules above would run.
json_escape = $(subst ",\",$(subst \,\\,$(1)))
json_entry  = {"directory": "$(CURDIR)", "file": "$(1)", "command": "$(call \
	json_escape,$(compile) $(if $(filter tests/%,$(1)),$(t_flags)) -c $(1))"}
define newline


endef

compile_commands.json: FORCE
	$(file >$(OUT)/$@.new,[$(foreach f,$(all_src),$(newline)$(call json_entry,$f)$(if \
		$(filter-out $(lastword $(all_src)),$f),$(comma)))$(newline)])
	@cmp -s $(OUT)/$@.new $@ && rm $(OUT)/$@.new || mv $(OUT)/$@.new $@

# $(file) writes while the recipe is expanded, so the folder has to be there before.
compile_commands.json: | $(OUT)/flags

# --- The book ------------------------------------------------------------------------------------

# Its programs are for learning, so they are built with the checks of debug builds. Their names are
# short: ch02/delay is book-examples/ch02-future-trait/delay.c.
BOOK ?= $(if $(SAN),$(OUT),build)/book
book_name = $(firstword $(subst -, ,$(patsubst book-examples/%/,%,$(dir $1))))/$(basename $(notdir $1))
programs := $(foreach s,$(book_src),$(call book_name,$s))

# What a reader is to write: `run` builds that, too; `examples` does not.
exercises := $(patsubst book-examples/exercises/%.c,%,$(to_do_src))
to_do     := $(exercises:%=exercises/%)

define book_program
$(BOOK)/$(call book_name,$(1)): $(OUT)/obj/$(1:.c=.o) $(lib)
	$$(call say,LD $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(link) -o $$@ $$(filter %.o %.a,$$^) $$(LDLIBS)
endef

ifeq ($(debug),)
run: ## build a program of the book and run it: P=ch02/delay ARGS=--tape
	@$(MAKE) --no-print-directory QUIET=1 DEBUG=1 $@
examples: ## run every program of the book, and say in one line each whether it did what it should
	@$(MAKE) --no-print-directory QUIET=1 DEBUG=1 $@
build/book/%: FORCE
	@$(MAKE) --no-print-directory DEBUG=1 $@
else
$(foreach s,$(book_src) $(to_do_src),$(eval $(call book_program,$s)))

ifneq ($(filter $(P),$(programs) $(to_do)),)
run: $(BOOK)/$(P)
	@$< $(ARGS)
else
run:
	@echo "$(if $(P),there is no program '$(P)',which program? make run P=ch02/delay); there are:" >&2
	@printf '  %s\n' $(programs) >&2; false
endif

examples: $(programs:%=$(BOOK)/%)
	@SAY=1 sh tests/tools/examples.sh $(BOOK) $(programs)
endif

ifeq ($(filter $(E),$(exercises)),)
exercise hint:
	@E='$(E)' sh tests/tools/exercise_list.sh $@
else
exercise: ## check your answer to an exercise of the book: E=countdown
	$(if $(wildcard build/*debug/libweft.a),,@echo "first the library is built, with all its checks")
	@settings=$$($(MAKE) -s --no-print-directory QUIET=1 DEBUG=1 \
		SAN="$$(sh tests/tools/exercise_san.sh $(CC))" exercise_settings) && eval "$$settings sh tests/tools/exercise.sh $(E)"
hint: ## one of its hints, of which there are up to three: E=countdown N=1
	@sh tests/tools/exercise_hint.sh '$(E)' '$(N)'
endif

# The checks are linked with these. For the script: how to compile an answer and its check.
exercise_o := $(call objects,$(wildcard tests/exercises/*.c) tests/t_future.c)
exercise_settings: $(exercise_o) $(lib)
	@echo "COMPILE='$(compile)' LINK='$(link)' OBJECTS='$^' OUT='$(OUT)/exercises'"

# --- check ---------------------------------------------------------------------------------------

# Every stage leaves build/check/STAGE.count, "passed failed", and prints one line; what fails prints
# what it had to say. A stage whose name is in `builds` runs the test programs in a configuration of
# its own; the others are scripts in tests/tools/. `make check-asan` runs one stage alone.

gcc_like := $(if $(findstring clang,$(CC)),,yes)
other_cc := $(if $(gcc_like),clang,gcc)
found     = $(shell command -v $(firstword $(1)) 2>/dev/null)
compilers := $(CC) $(if $(call found,$(other_cc)),$(other_cc))

builds  := criterion asan other tsan valgrind book
scripts := harness freestanding compile exercises headers symbols behaviours explore
stages  := $(builds) $(scripts)

config_criterion := CC='$(CC)' SAN= DEBUG= RUNNER=criterion
config_asan      := CC='$(CC)' SAN=address,undefined DEBUG=1 RUNNER=runner
config_other     := CC=$(other_cc) SAN= DEBUG= RUNNER=runner
config_tsan      := CC='$(CC)' SAN=thread DEBUG= RUNNER=runner
config_valgrind  := CC='$(CC)' SAN= DEBUG= RUNNER=runner OPT='-O1 -gdwarf-4'
config_book      := CC=$(other_cc) SAN= DEBUG=1 RUNNER=runner OPT=-O2 BOOK=build/check/book/book
title_criterion    := Criterion, $(CC) -O2
title_asan         := ASan and UBSan, $(CC), debug build
title_other        := $(other_cc) -O2
title_tsan         := TSan, suites *_threads
title_valgrind     := valgrind, future and sync
title_book         := programs of the book, $(other_cc)
title_harness      := the test harness itself
title_freestanding := runtime/future without libc
title_compile      := must and must not compile
title_exercises    := exercises: start, answer, mistakes
title_headers      := every header alone
title_symbols      := symbols are declared
title_behaviours   := rows adapted or left out
title_explore      := scenarios, many interleavings
missing_other    := $(if $(call found,$(other_cc)),,$(other_cc))
missing_book     := $(missing_other)
missing_valgrind := $(if $(call found,valgrind),,valgrind)

# Which programs, by T: those whose path contains it, whole; and those with a test so named.
named     = $(if $(T),$(shell T='$(T)' sh tests/tools/tests_named.sh $(tests_all)))
in_path   = $(if $(T),$(foreach t,$(tests_all),$(if $(findstring $(T),$t),$t)))
tests    := $(if $(T),$(sort $(named) $(in_path)),$(tests_all))
threaded  = $(if $(tests),$(shell T=_threads/ sh tests/tools/tests_named.sh $(tests)))
cases    := $(sort $(foreach t,$(wildcard tests/compile/*.c),$(if $(T),$(if $(findstring $(T),$t),$t),$t)))

tests_of_tsan      = $(threaded)
tests_of_valgrind := $(filter tests/future/% tests/sync/%,$(tests))
tests_of_book     :=
tests_of           = $(if $(filter tsan valgrind book,$(1)),$(tests_of_$(1)),$(tests))

# The programs of the book, run by two stages: under the sanitizers, and by the other compiler.
in_book     := $(foreach s,$(book_src),$(if $(T),$(if $(findstring $(T),$s),$(call book_name,$s)),$(call \
		 book_name,$s)))
programs_of  = $(if $(filter asan book,$(1)),$(in_book))
in_exercises := $(if $(T),$(foreach e,$(exercises),$(if $(findstring $(T),exercises/$e),$e)),$(exercises))

# A part of the tests is for somebody who is at work on it: the two stages that find most.
ifneq ($(T),)
stages := $(if $(tests),criterion) $(if $(strip $(tests) $(in_book)),asan) $(if $(threaded),tsan) \
	  $(if $(cases),compile) $(if $(strip $(in_exercises)),exercises)
endif

check: ## run all tests in every way; ends in "N passed, N failed". T=part for some
ifeq ($(strip $(stages)),)
	@echo "no test has T=$(T) in its file name or in suite/name"; echo "0 passed, 0 failed"; false
else
	@rm -rf build/check/*.count
	@sh tests/tools/need_criterion.sh $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) || \
		{ echo "0 passed, 1 failed"; false; }
	@echo "  $(words $(stages)) stages, side by side"
	@WITHIN=check $(MAKE) --no-print-directory -k -Otarget $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) \
		$(stages:%=check-%); sh tests/tools/sum.sh $(stages:%=build/check/%.count)
endif

.PHONY: $(stages:%=check-%) results
$(builds:%=check-%): check-%:
	@rm -rf build/check/$*/results && mkdir -p build/check/$*/results
	@[ -n '$(missing_$*)' ] || \
		$(MAKE) --no-print-directory -k results STAGE=$* $(config_$*) OUT=build/check/$* WERROR=1 QUIET=1 || \
		echo "0 1" >build/check/$*/results/does_not_build.result
	@T='$(T)' sh tests/tools/stage.sh build/check/$* "$(title_$*)" $(missing_$*)

$(scripts:%=check-%): check-%:
	@mkdir -p build/check/$*
	@CC='$(CC)' COMPILERS='$(compilers)' LIB=build/check/criterion/libweft.a OUT=build/check/$* \
		sh tests/tools/$*.sh $(words_for_$*) >build/check/$*/log 2>&1; \
		mkdir -p build/check/$*/results; \
		tail -n 1 build/check/$*/log >build/check/$*/results/all.result; sed '$$d' build/check/$*/log
	@T='$(T)' sh tests/tools/stage.sh build/check/$* "$(title_$*)"

words_for_compile   = $(cases)
words_for_exercises = $(in_exercises)

# Answers are checked in the way of `make exercise`, by every compiler.
check-exercises: $(compilers:%=build/check/exercises/%/settings)
build/check/exercises/%/settings: FORCE
	@mkdir -p $(@D)
	@$(MAKE) -s --no-print-directory CC=$* QUIET=1 DEBUG=1 WERROR=1 OUT=$(@D) \
		SAN="$$(sh tests/tools/exercise_san.sh $*)" exercise_settings >$@

# The symbols are those of the release build that Criterion tested.
check-symbols: check-criterion

STAGE :=
run = T='$(if $(filter $(1),$(in_path)),,$(T))' STAGE='$(STAGE)' WEFT_CHAT='$(CURDIR)/$(OUT)/chat' \
      sh tests/tools/run.sh

results: $(patsubst %.c,$(OUT)/results/%.result,$(call tests_of,$(STAGE))) \
	 $(patsubst %,$(OUT)/results/book/%.result,$(call programs_of,$(STAGE)))
$(OUT)/results/book/%.result: $(BOOK)/% FORCE
	@mkdir -p $(@D)
	@CC='$(CC)' sh tests/tools/examples.sh $(BOOK) $* >$@.log; tail -n 1 $@.log >$@; sed '$$d' $@.log
$(OUT)/results/tests/%.result: $(OUT)/tests/% FORCE
	@mkdir -p $(@D)
	@$(call run,tests/$*.c) $< $@

# Tests of the app may start the server.
$(patsubst %.c,$(OUT)/results/%.result,$(filter tests/app/%,$(tests_all))): $(chat)

include tests/explore/explore.mk

# Real threads, where the explorer plays them.
TIMES ?= 20
.PHONY: tsan
tsan: check-tsan ## the suites of threads under TSan, so many times over: TIMES=20, T=part for some
	@T='$(T)' sh tests/tools/tsan.sh $(TIMES) $(patsubst %.c,build/check/tsan/%,$(threaded))

# --- install -------------------------------------------------------------------------------------

lib_dir     := $(DESTDIR)$(PREFIX)/lib
include_dir := $(DESTDIR)$(PREFIX)/include/weft
bin_dir     := $(DESTDIR)$(PREFIX)/bin
headers     := $(sort $(wildcard runtime/*.h runtime/*/*.h))

define pkg_config
prefix=$(PREFIX)
Name: weft
Description: Futures in C
Version: $(VERSION)
Cflags: -I$${prefix}/include/weft$(if $(debug), -DWEFT_DEBUG)
Libs: -L$${prefix}/lib -lweft -pthread
endef

install: $(lib) $(chat) ## put the library, its headers and weft-chat under PREFIX
	$(Q)install -d $(lib_dir)/pkgconfig $(bin_dir) $(sort $(dir $(headers:runtime/%=$(include_dir)/%)))
	$(Q)install -m 644 $(lib) $(lib_dir)/libweft.a
	$(Q)$(foreach h,$(headers),install -m 644 $h $(include_dir)/$(h:runtime/%=%) &&) :
	$(if $(chat),$(Q)install -m 755 $(chat) $(bin_dir)/weft-chat)
	$(file >$(OUT)/weft.pc,$(pkg_config))
	$(Q)install -m 644 $(OUT)/weft.pc $(lib_dir)/pkgconfig/weft.pc

uninstall: ## remove what install put there
	$(Q)rm -f $(lib_dir)/libweft.a $(lib_dir)/pkgconfig/weft.pc $(bin_dir)/weft-chat
	$(Q)rm -rf $(include_dir)

clean: ## remove everything that was built
	$(Q)rm -rf build compile_commands.json

help: ## this text
	@echo "Targets"
	@sed -n 's/^\([a-z_]*\):.*## \(.*\)/  \1\t\2/p' Makefile | awk -F'\t' '{ printf "  %-11s %s\n", $$1, $$2 }'
	@sed -n 's/^## //p' Makefile
