# explore.mk: the interleaving explorer. Included by the Makefile; see README.md beside it.
#
# Queues are short, so that they overflow in small scenarios, too. What is explored is compiled by gcc with -fsanitize=thread and linked without its library: the engine
# supplies what gcc calls. Nothing of the runtime is changed for it.

EXPLORE_CC  ?= gcc
EXPLORE_OUT ?= build/explore
B       ?= 3
SECONDS ?= 30
S       ?=

explore_flags := -std=c17 -D_GNU_SOURCE=1 -g -Wall -Wextra -Wshadow -Wdeclaration-after-statement \
		 -fno-omit-frame-pointer -fno-pie -fno-optimize-sibling-calls
explore_paths := -Iruntime -Itests
explore_engine_flags := -O2 $(explore_flags) $(explore_paths)
explore_played_flags := -O1 $(explore_flags) $(explore_paths) -fsanitize=thread \
			--param tsan-instrument-func-entry-exit=0 -D__SANITIZE_ADDRESS__=1 \
			-DRUN_QUEUE_LEN=4 -include tests/explore/engine/instrumented.h
explore_wrapped := malloc free calloc realloc aligned_alloc abort bug syscall clock_gettime sched_yield nanosleep \
		   $(addprefix pthread_,create join detach self sigmask setname_np \
		   mutex_init mutex_destroy mutex_lock mutex_trylock mutex_unlock \
		   cond_init cond_destroy cond_wait cond_timedwait cond_signal cond_broadcast)
explore_link := -no-pie $(addprefix -Wl$(comma)--wrap=,$(explore_wrapped))

explore_runtime := $(sort $(wildcard $(addprefix runtime/,$(addsuffix /*.c,base future sync stream time \
		   task reactor executor))))
explore_engine  := $(sort $(wildcard tests/explore/engine/*.c))
explore_scenes  := $(sort $(wildcard tests/explore/scenarios/*.c))
explore_objects  = $(patsubst %.c,$(EXPLORE_OUT)/obj/%.o,$(1))

$(EXPLORE_OUT)/flags: FORCE
	$(call remember,$(EXPLORE_CC) $(explore_engine_flags) / $(explore_played_flags) / $(explore_link) / \
		$(explore_runtime) $(explore_engine) $(explore_scenes))

$(EXPLORE_OUT)/obj/tests/explore/engine/%.o: tests/explore/engine/%.c $(EXPLORE_OUT)/flags
	$(call say,CC $<)
	@mkdir -p $(@D)
	$(Q)$(EXPLORE_CC) $(explore_engine_flags) -MMD -MP -c $< -o $@

$(EXPLORE_OUT)/obj/%.o: %.c $(EXPLORE_OUT)/flags
	$(call say,CC $<)
	@mkdir -p $(@D)
	$(Q)$(EXPLORE_CC) $(explore_played_flags) -MMD -MP -c $< -o $@

$(EXPLORE_OUT)/libplayed.a: $(call explore_objects,$(explore_runtime))
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(EXPLORE_OUT)/explore: $(call explore_objects,$(explore_engine) $(explore_scenes)) $(EXPLORE_OUT)/libplayed.a
	$(call say,LD $@)
	$(Q)$(EXPLORE_CC) $(explore_link) -o $@ $^

-include $(patsubst %.o,%.d,$(call explore_objects,$(explore_runtime) $(explore_engine) $(explore_scenes)))

.PHONY: explore mutants
explore: $(EXPLORE_OUT)/explore ## every interleaving of small scenarios: B=3 preemptions, S=part of a name
	@$(EXPLORE_OUT)/explore --bound=$(B) --seconds=$(SECONDS) $(S)

# M=part of a name for some of the mutants.
M ?=
mutants: $(EXPLORE_OUT)/explore ## planted bugs, each of which a scenario must find: M=part of a name
	@EXPLORE_OUT='$(EXPLORE_OUT)' EXPLORE_CC='$(EXPLORE_CC)' EXPLORE_PLAYED='$(explore_played_flags)' \
		EXPLORE_LINK='$(EXPLORE_CC) $(explore_link)' M='$(M)' \
		EXPLORE_ENGINE='$(call explore_objects,$(explore_engine))' sh tests/explore/mutants/mutants.sh
