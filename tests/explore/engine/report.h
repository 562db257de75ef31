/*
 * report: what was found, in words.
 *
 * The one idea: while all schedules are played nothing is written down but the decisions. A run
 * that finds something is played once more with `run.is_traced`, and only then each step gets its
 * place, and addresses their names (by addr2line, which knows what was inlined).
 */
#ifndef WEFT_TESTS_EXPLORE_REPORT_H
#define WEFT_TESTS_EXPLORE_REPORT_H

#include <stddef.h>
#include <stdint.h>

struct place;
struct scenario;

/* Ends the run. `kind` is one of those that explore.h lists. */
_Noreturn void found(const char *kind, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Before found(): the other access of a race. */
void report_other(unsigned thread, uint32_t step, const char *what, uintptr_t pc);

/* While it is traced, else nothing. */
void report_step(struct place place);
void report_value(uint64_t before, uint64_t after);
void report_old(uint64_t newest); /* what was loaded is old */
void report_flush(unsigned thread, const void *addr, uint64_t value);

/* "A" to "G" for the scenario's threads, "M" for setup and check. */
const char *report_thread(unsigned thread);

/* The variable at an address, once something has been printed; NULL: none is known. */
const char *report_variable(uintptr_t addr, size_t *offset);

/* What the last run found, or "". */
const char *report_kind(void);
const char *report_message(void);

/* Forget it all: before a run. */
void report_begin(void);

/* After a traced run that found something. */
void report_print(const struct scenario *s);

#endif
