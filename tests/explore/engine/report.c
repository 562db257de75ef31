/* report: findings and traces. See report.h. */
#define _GNU_SOURCE 1 /* popen */
#include "explore/engine/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explore/engine/engine.h"
#include "explore/engine/memory.h"
#include "explore/engine/race.h"
#include "explore/engine/search.h"

enum { MESSAGE_LEN = 512, SHOWN_STEPS_MAX = 400 };

struct stack {
	unsigned n;
	uintptr_t pcs[BACKTRACE_MAX];
};

struct step {
	unsigned thread;
	uint32_t decision;
	struct place place;
	bool has_value, is_old;
	uint64_t before, after, newest;
	struct stack stack;
};

static struct {
	const char *kind;
	char message[MESSAGE_LEN];
	unsigned by;
	struct stack stack;
	struct {
		bool is_there;
		unsigned thread;
		uint32_t step;
		const char *what;
		uintptr_t pc;
	} other;
	struct {
		enum status status;
		uintptr_t name;
		const char *why;
		char what[64];
		struct stack stack;
	} threads[THREADS_MAX];
	unsigned n_threads;
	struct stack allocated, freed;
} finding;

static struct step steps[STEPS_MAX + 1];
static unsigned n_steps;
static unsigned last_step; /* that began; stores may have reached memory since */

const char *report_thread(unsigned thread)
{
	static const char *const names[] = { "M", "A", "B", "C", "D", "E", "F", "G" };

	return names[thread % THREADS_MAX];
}

const char *report_kind(void)
{
	return finding.kind ? finding.kind : "";
}

const char *report_message(void)
{
	return finding.message;
}

void report_begin(void)
{
	finding.kind = NULL;
	finding.message[0] = '\0';
	finding.other.is_there = false;
	n_steps = 0;
}

/* --- Notes --- */

static void take_stack(const struct thread *t, struct stack *stack)
{
	stack->n = thread_backtrace(t, stack->pcs, BACKTRACE_MAX);
}

static void note_threads(void)
{
	finding.n_threads = run.n_threads;
	for (unsigned i = 0; i < run.n_threads; i++) {
		const struct thread *t = &run.threads[i];

		finding.threads[i].status = t->status;
		finding.threads[i].name = t->name;
		finding.threads[i].why = t->waits_why;
		finding.threads[i].stack.n = 0;
		if (t->status == STATUS_BLOCKED) {
			take_stack(t, &finding.threads[i].stack);
			snprintf(finding.threads[i].what, sizeof finding.threads[i].what, "%s",
				 memory_name((uintptr_t)t->waits_for));
		}
	}
}

static void note_block(const char *kind)
{
	const char *name = strstr(finding.message, "block ");
	unsigned i = name ? (unsigned)strtoul(name + 6, NULL, 10) : 0;

	finding.allocated.n = finding.freed.n = 0;
	if (i == 0 || (strcmp(kind, "leak") != 0 && strcmp(kind, "use after free") != 0))
		return;
	finding.allocated.n = memory_allocated_at(i, finding.allocated.pcs);
	finding.freed.n = memory_freed_at(i, finding.freed.pcs);
}

/* In the first of the two runs the words are enough. */
_Noreturn void found(const char *kind, const char *format, ...)
{
	va_list args;

	finding.kind = kind;
	finding.by = run.current->id;
	va_start(args, format);
	vsnprintf(finding.message, MESSAGE_LEN, format, args);
	va_end(args);
	if (run.is_traced) {
		take_stack(run.current, &finding.stack);
		note_threads();
		note_block(kind);
	}
	threads_leave(false);
}

void report_other(unsigned thread, uint32_t step, const char *what, uintptr_t pc)
{
	finding.other.is_there = true;
	finding.other.thread = thread;
	finding.other.step = step;
	finding.other.what = what;
	finding.other.pc = pc;
}

void report_step(struct place place)
{
	struct step *s = &steps[n_steps];

	if (n_steps == STEPS_MAX)
		return;
	last_step = n_steps++;
	s->thread = run.current->id;
	s->decision = run.n_decisions;
	s->place = place;
	s->has_value = s->is_old = false;
	take_stack(run.current, &s->stack);
}

void report_value(uint64_t before, uint64_t after)
{
	if (!run.is_traced || n_steps == 0 || !run.is_parallel)
		return;
	steps[last_step].has_value = true;
	steps[last_step].before = before;
	steps[last_step].after = after;
}

void report_old(uint64_t newest)
{
	if (!run.is_traced || n_steps == 0 || !run.is_parallel)
		return;
	steps[last_step].is_old = true;
	steps[last_step].newest = newest;
}

void report_flush(unsigned thread, const void *addr, uint64_t value)
{
	struct step *s = &steps[n_steps];

	if (!run.is_traced || n_steps == STEPS_MAX)
		return;
	n_steps++;
	*s = (struct step){ .thread = thread,
			    .decision = run.n_decisions,
			    .place = { .what = "its store reaches memory", .addr = addr },
			    .has_value = true,
			    .before = value,
			    .after = value };
}

/* --- Names of places --- */

enum { INLINED_MAX = 6, PLACES_MAX = 2048, NAME_LEN = 96 };

/* A variable of the program, from nm. */
struct variable {
	uintptr_t at;
	size_t len;
	char name[NAME_LEN];
};

static struct variable variables[PLACES_MAX];
static unsigned n_variables;

/* "00000000009eb390 0000000000000008 b flag" */
static void read_variables(void)
{
	char command[64], line[256];
	FILE *from;

	snprintf(command, sizeof command, "nm -S /proc/%d/exe", (int)getpid());
	from = popen(command, "r");
	while (from && n_variables < PLACES_MAX && fgets(line, sizeof line, from)) {
		struct variable *v = &variables[n_variables];
		char type;

		if (sscanf(line, "%" SCNxPTR " %zx %c %95s", &v->at, &v->len, &type, v->name) ==
			    4 &&
		    strchr("bBdD", type))
			n_variables++;
	}
	if (from)
		pclose(from);
}

const char *report_variable(uintptr_t addr, size_t *offset)
{
	for (unsigned i = 0; i < n_variables; i++) {
		*offset = addr - variables[i].at;
		if (*offset < variables[i].len)
			return variables[i].name;
	}
	return NULL;
}

/* One address: the innermost function first. */
struct symbol {
	uintptr_t pc;
	unsigned n;
	char function[INLINED_MAX][NAME_LEN], place[INLINED_MAX][NAME_LEN];
};

static struct symbol symbols[PLACES_MAX];
static unsigned n_symbols;

static struct symbol *symbol_of(uintptr_t pc)
{
	for (unsigned i = 0; i < n_symbols; i++)
		if (symbols[i].pc == pc)
			return &symbols[i];
	return NULL;
}

static void want(uintptr_t pc)
{
	if (pc && n_symbols < PLACES_MAX && !symbol_of(pc))
		symbols[n_symbols++].pc = pc;
}

static void want_stack(const struct stack *stack)
{
	for (unsigned i = 0; i < stack->n; i++)
		want(stack->pcs[i]);
}

/*
 * "/home/me/weft/runtime/base/lock.h:68 (discriminator 1)": what comes before runtime or tests says
 * little.
 */
static void shorten(char *place)
{
	static const char *const roots[] = { "/runtime/", "/tests/explore/", "/tests/" };
	char *end = strstr(place, " (");

	if (end)
		*end = '\0';
	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		char *root = strstr(place, roots[i]);

		if (!root)
			continue;
		root += strlen(roots[i]);
		memmove(place, root, strlen(root) + 1);
		return;
	}
}

/* addr2line -a prints the address, then a function and a place for each inlined level. */
static void read_symbols(FILE *from)
{
	struct symbol *s = NULL;
	char line[1024];
	unsigned i = 0;

	while (fgets(line, sizeof line, from)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0x", 2) == 0) {
			s = i < n_symbols ? &symbols[i++] : NULL;
			continue;
		}
		if (!s || s->n == INLINED_MAX)
			continue;
		snprintf(s->function[s->n], NAME_LEN, "%.*s", NAME_LEN - 1, line);
		if (!fgets(line, sizeof line, from))
			return;
		line[strcspn(line, "\n")] = '\0';
		shorten(line);
		snprintf(s->place[s->n++], NAME_LEN, "%.*s", NAME_LEN - 1, line);
	}
}

/* A return address is behind the call; one byte before it is in the call. */
static void find_symbols(void)
{
	static char command[64 + PLACES_MAX * 20];
	size_t used = (size_t)snprintf(command, sizeof command,
				       "addr2line -a -i -f -e /proc/%d/exe", (int)getpid());
	FILE *from;

	for (unsigned i = 0; i < n_symbols; i++)
		used += (size_t)snprintf(command + used, sizeof command - used, " 0x%" PRIxPTR,
					 symbols[i].pc - 1);
	fflush(stdout);
	from = popen(command, "r");
	if (from) {
		read_symbols(from);
		pclose(from);
	}
}

static bool is_engine(const struct symbol *s)
{
	return s && s->n > 0 && strncmp(s->place[0], "engine/", 7) == 0;
}

static bool is_header(const char *place)
{
	const char *colon = strchr(place, ':');

	return colon && colon - place > 2 && strncmp(colon - 2, ".h", 2) == 0;
}

/*
 * "mpsc_try_send sync/mpsc_send.c:61 (lock_acquire, lock_try)": what headers bring along goes by
 * name.
 */
static void print_pc(uintptr_t pc)
{
	const struct symbol *s = symbol_of(pc);
	unsigned at = 0;

	if (!s || s->n == 0) {
		printf("0x%" PRIxPTR, pc);
		return;
	}
	while (at + 1 < s->n && is_header(s->place[at]))
		at++;
	printf("%s %s", s->function[at], s->place[at]);
	for (unsigned i = at; i-- > 0;)
		printf("%s%s%s", i + 1 == at ? " (" : ", ", s->function[i], i == 0 ? ")" : "");
}

/* The innermost place that is not the explorer's own. */
static void print_where(const struct stack *stack)
{
	for (unsigned i = 0; i < stack->n; i++) {
		if (is_engine(symbol_of(stack->pcs[i])))
			continue;
		print_pc(stack->pcs[i]);
		return;
	}
}

static void print_stack(const char *indent, const struct stack *stack)
{
	for (unsigned i = 0; i < stack->n; i++) {
		if (is_engine(symbol_of(stack->pcs[i])))
			continue;
		printf("%s", indent);
		print_pc(stack->pcs[i]);
		printf("\n");
	}
}

/* --- The report --- */

static void gather(void)
{
	memset(symbols, 0, n_symbols * sizeof *symbols);
	n_symbols = 0;
	for (unsigned i = 0; i < n_steps; i++)
		want_stack(&steps[i].stack);
	want_stack(&finding.stack);
	want_stack(&finding.allocated);
	want_stack(&finding.freed);
	if (finding.other.is_there)
		want(finding.other.pc);
	for (unsigned i = 0; i < finding.n_threads; i++)
		want_stack(&finding.threads[i].stack);
	for (unsigned i = 1; i < finding.n_threads; i++)
		want(finding.threads[i].name + 1);
	find_symbols();
	if (n_variables == 0)
		read_variables();
}

static void print_value(uint64_t value)
{
	printf(value < 10 ? "%" PRIu64 : "0x%" PRIx64, value);
}

/* What only one thread touches is no part of the story. */
static void print_step(unsigned i)
{
	const struct step *s = &steps[i];

	if (s->place.addr && !s->place.is_sleep && !race_was_shared(s->place.addr))
		return;
	printf("  %4u  %s  %s", i + 1, report_thread(s->thread), s->place.what);
	if (s->place.addr)
		printf(" of %s", memory_name((uintptr_t)s->place.addr));
	if (s->has_value) {
		printf(": ");
		print_value(s->before);
		if (s->before != s->after) {
			printf(" -> ");
			print_value(s->after);
		}
	}
	if (s->is_old) {
		printf(", which is old: it is ");
		print_value(s->newest);
	}
	printf("\n            ");
	print_where(&s->stack);
	printf("\n");
}

static void print_threads(void)
{
	for (unsigned i = 1; i < finding.n_threads; i++) {
		const struct symbol *symbol = symbol_of(finding.threads[i].name + 1);

		printf("  %s is %s\n", report_thread(i),
		       symbol && symbol->n ? symbol->function[0] : "?");
	}
}

static void print_blocked(void)
{
	for (unsigned i = 0; i < finding.n_threads; i++) {
		if (finding.threads[i].status != STATUS_BLOCKED)
			continue;
		printf("  %s sleeps: %s of %s\n", report_thread(i), finding.threads[i].why,
		       finding.threads[i].what);
		print_stack("            ", &finding.threads[i].stack);
	}
}

void report_print(const struct scenario *s)
{
	unsigned first = n_steps > SHOWN_STEPS_MAX ? n_steps - SHOWN_STEPS_MAX : 0;
	char schedule[4096];

	search_schedule(schedule, sizeof schedule);
	gather();
	printf("--- %s: %s: %s\n", s->name, finding.kind, finding.message);
	print_threads();
	if (first > 0)
		printf("  (%u steps before)\n", first);
	for (unsigned i = first; i < n_steps; i++)
		print_step(i);
	printf("  %s: %s: %s\n", report_thread(finding.by), finding.kind, finding.message);
	print_stack("            ", &finding.stack);
	if (finding.other.is_there) {
		printf("  the other: %s by %s, after step %u\n            ", finding.other.what,
		       report_thread(finding.other.thread), finding.other.step);
		print_pc(finding.other.pc);
		printf("\n");
	}
	if (finding.allocated.n)
		printf("  allocated:\n"), print_stack("            ", &finding.allocated);
	if (finding.freed.n)
		printf("  freed:\n"), print_stack("            ", &finding.freed);
	if (strcmp(finding.kind, "deadlock") == 0)
		print_blocked();
	printf("  again: explore %s --replay=%s\n", s->name, schedule);
}
