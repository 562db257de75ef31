/*
 * check: looks at the answer to an exercise, one promise after another, and says in words what it sees.
 *
 * The one idea: an answer may do anything, crash, never return, wake nobody. So each promise is looked at
 * in a process of its own, with a limit to its time, and whatever becomes of that process is told by
 * the one that waits for it: what held, what did not, what it was doing when it ended.
 *
 * book-examples/exercises/NAME.check.c includes this file, and so the answer itself (EXERCISE is its path), with its main renamed.
 * It then polls the answer's futures by hand, with the counting waker of tests/t_future.h.
 *
 *	static void look_at_zero(void)
 *	{
 *		struct t_waker w = t_waker();
 *		struct countdown c;
 *
 *		must(t_poll(countdown(&c, 0), &w) == POLL_READY, "its first poll said PENDING.");
 *	}
 *
 *	const struct check checks[] = {
 *		{ "countdown(0) is ready at its first poll", look_at_zero, "There is nothing to ...", 1 },
 *		{ 0 }
 *	};
 */
#ifndef WEFT_TESTS_EXERCISES_CHECK_H
#define WEFT_TESTS_EXERCISES_CHECK_H

#include "t_future.h"
#include "weft.h"

struct check {
	const char *holds;  /* the promise, as a sentence without its full stop */
	void (*look)(void); /* calls must() with what it sees */
	const char *why;    /* what comes of it if it does not hold */
	int hint;           /* the number of the hint that helps; 0: none does */
};

/* What NAME.check.c defines. The last one is zeroed. The simplest first: they are told in this order. */
extern const struct check checks[];

/* The promise does not hold unless `is_so`; the words say what was seen. If not, does not return. */
void must(bool is_so, const char *seen, ...) __attribute__((format(printf, 2, 3)));

/* What is about to be called, for when it does not come back. Polls and drops are known without. */
void doing(const char *what, ...) __attribute__((format(printf, 1, 2)));

/* How often future_poll was called on what lies at this address. */
unsigned polls_of(const void *future);

/* How often future_drop was called on it while it was live. */
unsigned drops_of(const void *future);

#ifdef EXERCISE
#define main exercise_main
#include EXERCISE
#undef main
#endif

#endif
