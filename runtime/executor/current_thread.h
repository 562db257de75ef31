/*
 * current_thread: the runtime on one thread. Internal; programs use executor/runtime.h.
 *
 * One turn of its loop:
 *
 *	  +--> inbox --> poll up to event_interval tasks --> root done? --> return
 *	  |                                                      | no
 *	  |                            tasks waiting in the queue?
 *	  |                        yes |                         | no
 *	  |          look: due timers, |                         | idle: leave the note, sleep in the
 *	  |          ready descriptors |                         | reactor until a descriptor, a timer
 *	  +----------------------------+-------------------------+ or another thread has something
 */
#ifndef WEFT_EXECUTOR_CURRENT_THREAD_H
#define WEFT_EXECUTOR_CURRENT_THREAD_H

#include "base/rand.h"
#include "executor/runtime.h"
#include "reactor/reactor.h"
#include "task/scheduler.h"
#include "time/clock.h"
#include "time/timers.h"

struct current_thread {
	struct runtime services;     /* first: what a context shows of it */
	struct scheduler scheduler;
	struct clock clock;
	struct timers timers;
	struct reactor reactor;
	struct runtime_builder options; /* with the defaults filled in */
	struct rand rand;
	unsigned n_unlooked;         /* polls since the last look at descriptors */
	_Atomic bool inside;         /* somebody is in runtime_block_on */
	bool warned;                 /* of the stall; once is enough */
};

static inline struct current_thread *current_thread_of(struct runtime *rt)
{
	return (struct current_thread *)rt;
}

/* Runs tasks until `root` is done: 0. Or -EDEADLK, or what the reactor's wait said. */
int current_thread__drive(struct current_thread *ct, struct task *root);

/*
 * stall.c: nothing is runnable, and no timer or descriptor is armed. True if it is provable that no
 * task can ever be polled again, which has then been reported.
 */
bool stall_is_deadlock(struct current_thread *ct);

/* Sleeps until another thread has something; says so once if that takes suspiciously long. */
int stall_wait(struct current_thread *ct);

#endif
