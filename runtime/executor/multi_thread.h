/*
 * multi_thread: the runtime on several threads. Internal; programs use executor/runtime.h.
 *
 * Every worker has a queue of its own (run_queue.h) and, in front of it, a slot for the task that was
 * made runnable last: what was just woken by a task is most likely what that task was for, and its data
 * is in the cache. What comes from outside goes to the injection queue. One turn of a worker:
 *
 *	  +--> slot --> own queue --> injection queue --> others' queues --> rest
 *	  |      |          |               |                  | half
 *	  |      +----------+-------+-------+------------------+
 *	  |                         v
 *	  |                      poll it ---- woken meanwhile? to the end of the own queue
 *	  |                         |
 *	  |     every event_interval polls: the injection queue first, and, if nobody
 *	  +---- sleeps in the reactor: due timers, ready descriptors
 *
 * Who rests and who is to look after whom is idle.h's. There is one reactor and one wheel of timers: the
 * first to rest sleeps in them, and whoever has `idle.driver` may look.
 *
 * The root of a runtime_block_on is a task like any other; the thread that called it only waits.
 */
#ifndef WEFT_EXECUTOR_MULTI_THREAD_H
#define WEFT_EXECUTOR_MULTI_THREAD_H

#include <pthread.h>

#include "executor/executor.h"
#include "executor/idle.h"
#include "executor/run_queue.h"

/* So many polls in a row may come from the slot before the queue has its turn. */
enum { WORKER_SLOT_MAX = 3 };

struct multi_thread;

struct worker {
	/* its own thread */
	struct multi_thread *mt;
	struct task *slot;
	unsigned n_from_slot; /* polls in a row */
	unsigned n_polls;     /* since it last looked at what comes from outside */
	bool is_watched;      /* has asked for it since it last rested */
	bool is_resting;      /* wakes come from the reactor, not from a poll */
	struct rand rand;     /* whom to steal from first */
	struct scheduler_local local;
	pthread_t thread;

	/* others, too, each by its own rules */
	char pad[64];         /* what others write lies in other cache lines */
	struct run_queue queue;
	struct rest rest;
	char pad_behind[64];
};

/* Somebody in runtime_block_on. On his stack; under `roots_lock`. */
struct waiting_root {
	struct waiting_root *next;
	struct task *task;
	bool is_deadlocked; /* it was aborted, since nothing can ever run again */
};

/* What comes from threads that are not workers, and what a worker's queue has no room for. */
struct injection {
	struct lock lock;
	struct task *first, *last; /* under the lock */
	bool is_closed;            /* under the lock: what comes late is only given back */
	_Atomic unsigned n;        /* written under the lock; to be read without */
};

struct multi_thread {
	struct executor x; /* first */
	struct injection injection;
	struct idle idle;
	struct lock roots_lock;
	struct waiting_root *roots; /* under that lock */
	_Atomic unsigned n_roots;   /* how many, to be read without */
	struct lock rand_lock;

	/* under `exit_lock`: how it ends */
	pthread_mutex_t exit_lock;
	pthread_cond_t all_have_left;
	unsigned n_alive;  /* workers that have not left */
	bool is_abandoned; /* nobody waits for them any more: the last one cleans up */

	unsigned n_workers;
	size_t len; /* of this allocation */
	struct worker workers[];
};

/* The worker that this thread is, or NULL. */
extern _Thread_local struct worker *worker_here;

/* As executor_init; and -EAGAIN: not so many threads. */
int multi_thread_build(const struct runtime_builder *options, struct executor **out);

/* The runtime's functions of the same names, where they are about several threads. */
int multi_thread_block_on(struct executor *x, struct future *f);
int multi_thread_shutdown(struct executor *x, uint64_t timeout_ms);
size_t multi_thread_n_roots(const struct executor *x);
uint64_t multi_thread_random(struct executor *x);

#endif
