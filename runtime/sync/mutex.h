/*
 * mutex: a lock that may be held across an await.
 *
 * The one idea: it is a semaphore with one permit. A task that finds it locked is not blocked, it
 * is pending, and the thread goes on with other tasks; so the holder may await while it holds.
 * Unlocking hands the lock directly to the longest waiter, who owns it before it runs: nobody can
 * slip in between, and nobody starves.
 *
 *	co_await(mutex_lock(&f->lock, &shared));
 *	...                                     // may await
 *	mutex_unlock(&shared);
 *
 * A coroutine that can be dropped between the two unlocks in its co_finally, where it needs a field
 * to know whether it held it. Around a few lines that never await, an ordinary lock costs less.
 *
 * Dropping a mutex_lock that waits leaves the queue; dropping one that has been handed the lock but
 * was not polled since hands it to the next. Usable from any thread; the thread that unlocks may be
 * another.
 */
#ifndef WEFT_SYNC_MUTEX_H
#define WEFT_SYNC_MUTEX_H

#include "sync/semaphore.h"

struct mutex {
	struct semaphore semaphore; /* available 1: unlocked */
};

/* An unlocked mutex. Cannot fail; nothing needs to be released. */
void mutex_init(struct mutex *m);

/* Waits for its turn. READY means locked: there is no error. The mutex must outlive it. */
struct mutex_lock {
	struct semaphore_acquire acquire;
};
struct future *mutex_lock(struct mutex_lock *l, struct mutex *m);

/* Locks now or not at all: 0, or -EAGAIN if it is locked. */
int mutex_try_lock(struct mutex *m);

/* Hands the lock to the longest waiter, if there is one. Unlocking an unlocked mutex is a bug. */
void mutex_unlock(struct mutex *m);

#endif
