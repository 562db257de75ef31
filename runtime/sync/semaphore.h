/*
 * semaphore: a counted number of permits, handed out first come, first served.
 *
 * The one idea: free permits never lie beside a queue. Whatever is released goes to the longest
 * waiter, which collects until it has all it asked for, and only then to the next. So nobody can
 * barge in, a waiter that wants many cannot be starved by those who want one, and there is nothing
 * to retry: a woken waiter already owns its permits.
 *
 *	co_await(semaphore_acquire(&f->acquire, &limit, 1));
 *	if (f->acquire.err)
 *		co_return;                       // -EPIPE: somebody closed it
 *	...
 *	semaphore_release(&limit, 1);
 *
 * A permit is a number; whoever holds some gives them back when done. (permit.h makes it a value
 * that can be merged and split.) A semaphore allocates nothing, must outlive its futures
 * and every call on it, and may be used and woken from any thread.
 *
 * Where an acquire stands. Every edge but the polls may be taken by another thread, under the lock:
 *
 *	       poll: enough is free, or closed
 *	IDLE ---------------------------------------------------------> READY
 *	  |                                                               ^
 *	  | poll: too few; takes what is free                             | poll: err 0
 *	  v            release: the last missing permit                   |
 *	QUEUED -----------------------------------------> GRANTED --------+
 *	  |  |         close: what it collected goes back                 | poll: err -EPIPE
 *	  |  +------------------------------------------> REFUSED --------+
 *	  |
 *	  +--drop: what it collected goes on            GRANTED --drop: all of it goes to the next
 */
#ifndef WEFT_SYNC_SEMAPHORE_H
#define WEFT_SYNC_SEMAPHORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "future/future.h"
#include "sync/waiter.h"

/* So many permits a semaphore can have, and no more. */
#define SEMAPHORE_MAX (SIZE_MAX >> 3)

struct semaphore {
	struct lock lock; /* guards all below, and each acquire's state, missing and waiter */
	bool closed;
	size_t available; /* free; while anybody queues, what is not yet handed out: mostly 0 */
	size_t max;       /* what `available` must not exceed */
	struct waiter_list queue;
};

/* A semaphore with `n` permits, which may be 0. Returns 0, or -EINVAL above SEMAPHORE_MAX. */
int semaphore_init(struct semaphore *s, size_t n);

enum semaphore_acquire_state {
	SEMAPHORE_ACQUIRE_IDLE,
	SEMAPHORE_ACQUIRE_QUEUED,
	SEMAPHORE_ACQUIRE_GRANTED,
	SEMAPHORE_ACQUIRE_REFUSED,
};

/*
 * Waits for `n` permits; they are the caller's once it is ready with err 0, to be given back with
 * semaphore_release. Its place in the queue is that of its first poll. Dropping it gives back what
 * it had collected, or had been granted without having been polled since. 0 permits never wait.
 */
struct semaphore_acquire {
	struct future future;
	struct semaphore *semaphore; /* borrowed */
	size_t n;                    /* how many were asked for */
	size_t missing;              /* of these, how many it has not got; while queued */
	struct waiter waiter;
	enum semaphore_acquire_state state;
	int err; /* 0; -EPIPE: closed; -EINVAL: more than there can ever be */
};
struct future *semaphore_acquire(struct semaphore_acquire *a, struct semaphore *s, size_t n);

/* Takes `n` now or not at all: 0; -EAGAIN: too few, or others wait; -EPIPE: closed; -EINVAL. */
int semaphore_try_acquire(struct semaphore *s, size_t n);

/*
 * Gives `n` permits back, or adds new ones: the waiters' first, in their order, then everybody's.
 * Also when closed. 0, or -EOVERFLOW above SEMAPHORE_MAX, and then nothing was added.
 */
int semaphore_release(struct semaphore *s, size_t n);

/* Takes up to `n` free permits away for good. Returns how many there were to take. */
size_t semaphore_forget(struct semaphore *s, size_t n);

/*
 * From now on every acquire fails with -EPIPE, those in the queue included. Permits that are held,
 * or were granted before, stay good, and can be released. Closing twice is closing once.
 */
void semaphore_close(struct semaphore *s);
bool semaphore_is_closed(struct semaphore *s);

/* Permits that could be acquired at once; when it is read, other threads may have changed it. */
size_t semaphore_available(struct semaphore *s);

/*
 * For the locks that are a semaphore underneath: a semaphore in which more than `n` permits are a
 * bug of the caller's (semaphore_release says -EOVERFLOW), and an acquire under a name of their
 * own, whose ops must have these two functions.
 */
void semaphore__init_full(struct semaphore *s, size_t n);
struct future *semaphore__acquire_as(const struct future_ops *ops, struct semaphore_acquire *a,
				     struct semaphore *s, size_t n);
enum poll semaphore__acquire_poll(struct future *f, struct context *cx);
void semaphore__acquire_drop(struct future *f);

#endif
