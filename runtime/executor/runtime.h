/*
 * runtime: the executor with everything: run queue, timers, reactor; one thread.
 *
 *	struct runtime *rt;
 *	int err = runtime_build(NULL, &rt);
 *	...
 *	err = runtime_block_on(rt, server(&srv, 8080));
 *	runtime_destroy(rt);
 *
 * The thread that is inside runtime_block_on is the runtime's thread; tasks run there and nowhere
 * else, and only while somebody is inside. Between two calls everything stands still.
 */
#ifndef WEFT_EXECUTOR_RUNTIME_H
#define WEFT_EXECUTOR_RUNTIME_H

#include <stdint.h>
#include <stdio.h>

#include "future/future.h"
#include "task/task.h"

/* Every zero means the default. */
struct runtime_builder {
	unsigned n_workers;      /* threads that run tasks; 0: only who is inside runtime_block_on does */
	bool virtual_time;       /* the clock stands, and jumps to the next deadline when all is idle */
	bool no_timers;          /* leaves that need a clock complete with -ENOTSUP */
	bool no_reactor;         /* leaves that need a descriptor complete with -ENOTSUP */
	bool no_deadlock_check;  /* wait for ever rather than return -EDEADLK */
	unsigned budget;         /* units per poll of a task; 128 */
	unsigned event_interval; /* polls between two looks at timers and descriptors; 61 */
	int64_t stall_warn_ms;   /* idle, with wakers out but nothing armed, for so long: say so once;
				    2000 in debug builds and never in release builds; < 0: never */
	uint64_t seed;           /* of everything random; 0: from the kernel */
	FILE *diagnostics;       /* where deadlocks and stalls are reported; stderr */
};

/*
 * NULL: all defaults. 0 and `*out`, which the caller must runtime_destroy; or -ENOMEM, -EMFILE,
 * -ENFILE, -EINVAL.
 */
int runtime_build(const struct runtime_builder *builder, struct runtime **out);

/*
 * Drives `f` and every spawned task on the calling thread until `f` is ready. Returns
 *	0          `f` is over: read its outputs
 *	-EDEADLK   no live task can ever be polled again: each one's async backtrace has been printed,
 *	           and `f` has been dropped; also when called from inside a task, which would block it
 *	-EBUSY     another thread is inside; `f` has been dropped
 *	-EIO...    the kernel refused to wait (-errno); `f` has been dropped
 * Tasks that are not done stay as they are, for the next call.
 */
int runtime_block_on(struct runtime *rt, struct future *f);

/*
 * Drops every task that is not done (joins say -ECANCELED), then frees the runtime. Nobody may be
 * inside. Wakers and handles that outlive it stay valid and do nothing.
 */
void runtime_destroy(struct runtime *rt);

/*
 * The same, but waits at most so long for polls that do not return: they cannot be interrupted, only
 * waited for. 0: it is destroyed. -ETIMEDOUT: some worker is still in a poll; nothing else is polled any
 * more, and when the last of them returns, all tasks are dropped and everything is freed, on that
 * worker's thread. In either case `rt` is not the caller's any more. A runtime without workers has
 * nobody to wait for.
 */
int runtime_shutdown(struct runtime *rt, uint64_t timeout_ms);

/*
 * All of the above for a program that needs one runtime once: builds it, drives `f`, destroys it, and
 * with it whatever tasks are not done by then. Returns what runtime_build or runtime_block_on said; on
 * error `f` has been dropped.
 */
int runtime_run(const struct runtime_builder *builder, struct future *f);

/*
 * The runtime whose task is being polled by this thread, or NULL. For asserting and for
 * diagnostics.
 */
struct runtime *runtime_current(void);

/*
 * Tasks that the runtime has met and that are not done, not counting the one of runtime_block_on.
 * What was spawned from outside is met at the next turn. On the runtime's thread.
 */
size_t runtime_n_tasks(const struct runtime *rt);

/* A number from the runtime's seeded generator. On the runtime's thread. */
uint64_t runtime_random(struct runtime *rt);

/* Moves a virtual clock forward by hand and fires what is due. -EINVAL if the clock is real. */
int runtime_advance_ms(struct runtime *rt, uint64_t ms);

/* Prints the async backtrace of every live task. On the runtime's thread. */
void runtime_dump(struct runtime *rt, FILE *out);

#endif
