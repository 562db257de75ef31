/*
 * context: what a poll is given.
 *
 * The one idea: nothing comes from a hidden global. A future that must wait finds the waker here;
 * one that needs a clock, a timer or a file descriptor finds the runtime here, so that two
 * runtimes can live in one process and a future that needs neither runs under any executor.
 *
 * A context lives on the stack of the executor for one poll of one task. Never keep a pointer to
 * it.
 */
#ifndef WEFT_FUTURE_CONTEXT_H
#define WEFT_FUTURE_CONTEXT_H

#include <limits.h>
#include <stdbool.h>

#include "future/waker.h"

struct task;

/*
 * What a runtime offers to leaf futures. It is the first member of `struct runtime`; each service
 * is declared by the folder that implements it, and is NULL where the executor does not have it
 * (a leaf that needs it then completes with -ENOTSUP).
 */
struct runtime {
	struct scheduler *scheduler; /* task/scheduler.h: where spawn puts tasks */
	struct timers *timers;       /* time/timers.h */
	struct reactor *reactor;     /* reactor/reactor.h */
};

struct context {
	const struct waker *waker; /* borrowed for the length of the poll: clone it to keep it */
	struct runtime *rt;        /* NULL: an executor without services (spin, park) */
	struct task *task;         /* NULL: not inside a task */
	unsigned budget;           /* see below */
};

/* A context with nothing but a waker: for polling by hand. `w` is borrowed. */
static inline struct context context_of(const struct waker *w)
{
	return (struct context){ .waker = w, .budget = UINT_MAX };
}

/*
 * The cooperative budget. A task whose leaves are always ready would never return to the executor
 * and starve the others. So a task gets CONTEXT_BUDGET units per poll; every leaf that completes
 * takes one; at zero every leaf says PENDING and wakes its own task, which so goes to the end of
 * the queue.
 *
 * In a leaf's poll:
 *
 *	if (!context_may_proceed(cx))
 *		return POLL_PENDING;      // the wake is arranged
 *	...
 *	context_spend(cx);                // only on the way to READY
 *	return POLL_READY;
 *
 * UINT_MAX means no budget is kept. Whoever polls a child under a context of his own copies
 * `budget` in and out again.
 */
#define CONTEXT_BUDGET 128u

static inline bool context_may_proceed(struct context *cx)
{
	if (__builtin_expect(cx->budget == 0, 0)) {
		waker_wake_by_ref(cx->waker);
		return false;
	}
	return true;
}

static inline void context_spend(struct context *cx)
{
	if (cx->budget != UINT_MAX && cx->budget != 0)
		cx->budget--;
}

#endif
