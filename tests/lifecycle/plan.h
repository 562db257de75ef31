/*
 * plan: one life of a task, said in nine words; and every valid combination of them.
 *
 * The one idea: what can happen to a task is an answer to each of nine questions. Each combination that
 * makes sense is played (play.h), and each has exactly one right outcome, whatever the threads do
 * meanwhile: the moment of each step is held fast by keeping all workers busy while it is made.
 */
#ifndef WEFT_TESTS_LIFECYCLE_PLAN_H
#define WEFT_TESTS_LIFECYCLE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

/* Its frame lies in a slab, or in memory of its own that goes with its last reference. */
enum plan_size { SMALL, LARGE };

/* Who does it: a task, within its poll, or a thread that is none of the runtime's. */
enum plan_by { INSIDE, OUTSIDE };

/* What the first poll says: READY; PENDING, having woken itself; PENDING, to wait for a wake. */
enum plan_poll { AT_ONCE, YIELDS, WAITS };

/* What becomes of the waker that it leaves with others: nobody has one; it is called, and dropped... */
enum plan_wake { NO_WAKER, BY_REF, CONSUMED, TWICE, DROPPED, KEPT_BEYOND };

/* When it is aborted. */
enum plan_abort { NO_ABORT, BEFORE_POLL, IN_POLL, WHILE_IDLE, WHILE_QUEUED, AFTER_END };

/* Whether somebody waits for its end: from before it; afterwards; or begins to, and leaves. */
enum plan_join { NO_JOIN, JOIN_EARLY, JOIN_LATE, JOIN_LEAVES };

/* When its handle is given up: right after the spawn, before the runtime goes, or after that. */
enum plan_handle { HANDLE_FIRST, HANDLE_LAST, HANDLE_BEYOND };

/* When the runtime goes. */
enum plan_end { END_AFTER, END_BEFORE_POLL, END_WHILE_IDLE, END_WHILE_QUEUED };

struct plan {
	enum plan_size size;
	enum plan_by spawn_by, act_by; /* act: wake, abort, join */
	enum plan_poll poll;
	enum plan_wake wake;
	enum plan_abort abort;
	enum plan_join join;
	enum plan_handle handle;
	enum plan_end end;
};

/* What the right outcome is. */
struct plan_outcome {
	bool completes; /* else its frame is dropped before it was ready */
	unsigned n_polls;
};

/* From 0 on. False: there is none of this number. Not all of them are valid. */
bool plan_nth(struct plan *p, unsigned i);

/*
 * `n_workers` 0: on the current-thread runtime, where nobody is inside between the spawn from outside and
 * the first poll.
 */
bool plan_is_valid(const struct plan *p, unsigned n_workers);

struct plan_outcome plan_outcome(const struct plan *p);

/* Its waker is called, and before that nothing has ended it. */
bool plan_is_woken(const struct plan *p);

/* For people. */
void plan_say(const struct plan *p, char *text, size_t len);

#endif
