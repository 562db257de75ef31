/*
 * executor: what the runtime on one thread and the one on several have in common. Internal; programs
 * use executor/runtime.h, whose functions ask `is_multi` where the two differ.
 */
#ifndef WEFT_EXECUTOR_EXECUTOR_H
#define WEFT_EXECUTOR_EXECUTOR_H

#include "base/rand.h"
#include "executor/runtime.h"
#include "reactor/reactor.h"
#include "task/scheduler.h"
#include "time/clock.h"
#include "time/timers.h"

struct executor {
	struct runtime services;     /* first: what a context shows of it */
	struct scheduler scheduler;
	struct clock clock;
	struct timers timers;
	struct reactor reactor;
	struct runtime_builder options; /* with the defaults filled in */
	struct rand rand;
	bool warned;                 /* of the stall; once is enough */
};

/* Not of a local set, which has a `struct runtime` of its own, but no executor around it. */
static inline struct executor *executor_of(const struct runtime *rt)
{
	struct executor *x = (struct executor *)rt;

	bug_unless(rt->scheduler == &x->scheduler);
	return x;
}

static inline struct executor *executor_of_scheduler(struct scheduler *s)
{
	return (void *)((char *)s - offsetof(struct executor, scheduler));
}

static inline bool executor_is_multi(const struct executor *x)
{
	return x->scheduler.ops->is_multi;
}

/* `options` with the defaults filled in. 0; -ENOMEM, -EMFILE, -ENFILE with nothing acquired. */
int executor_init(struct executor *x, const struct runtime_builder *options,
		  const struct scheduler_ops *ops);

/* The task of runtime_block_on: a frame that borrows the caller's future. */
struct root {
	struct future future;
	struct future *inner;
};
struct future *root(struct root *r, struct future *inner);

/*
 * stall.c: nothing is runnable, and no timer or descriptor is armed. True if it is provable that no
 * task can ever be polled again, which has then been reported.
 */
bool stall_is_deadlock(struct executor *x);

/* Sleeps until another thread has something; says so once if that takes suspiciously long. */
int stall_wait(struct executor *x);

#endif
