/*
 * notify: "something happened, look again", without saying what.
 *
 * The one idea: a notification is either for one or for all. One: it wakes one waiter, or, if
 * nobody waits, is stored, at most once, for the next to come; so "check, then wait" cannot miss
 * it. All: it wakes everybody who is there and stores nothing; and one is there from the moment
 * that its future was built, polled or not. So this is the pattern that misses neither:
 *
 *	for (;;) {
 *		notified(&f->changed, &queue->changed); // first be there,
 *		if (queue->n > 0)                       // then look,
 *			break;
 *		co_await(&f->changed.future);           // then wait
 *	}
 *
 * (One may break off: a future that was never polled may be forgotten.)
 *
 * Where a notified stands. Every edge but poll and enable may be taken by another thread, under the
 * lock. A notification for one must not be lost with a future that is dropped before it saw it:
 *
 *	     poll, enable: one was stored, or all were notified since it was built
 *	IDLE -------------------------------------------------------------> SEEN --poll--> READY
 *	  |                                                                   ^
 *	  | poll, enable: none         notify_waiters (nothing to pass on)    |
 *	  v                   +-----------------------------------------------+
 *	QUEUED ---------------+
 *	  |                   |        notify_one, notify_last
 *	  |                   +--> HELD_FIRST, HELD_LAST --poll--> READY
 *	  |                              |
 *	  +--drop: leaves                +--drop: notifies the first, or last, of those who wait
 *	                                          now; if nobody does, it is stored
 */
#ifndef WEFT_SYNC_NOTIFY_H
#define WEFT_SYNC_NOTIFY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "future/future.h"
#include "sync/waiter.h"

struct notify {
	struct lock lock;             /* guards all below, and every waiter */
	bool stored;                  /* one notification that nobody was there for */
	_Atomic uintptr_t generation; /* how often all were notified; read without the lock, too */
	struct waiter ring;           /* not a waiter, but where their ring begins and ends */
};

/* Nobody waits, nothing is stored. From the first notified on it must not move. Cannot fail. */
void notify_init(struct notify *n);

/* Notifies the one who waits longest; if nobody waits, the next to come. Two are stored as one. */
void notify_one(struct notify *n);

/* As notify_one, but the one who came last: when the most recently used is the best. */
void notify_last(struct notify *n);

/* Notifies everybody who is there: waiting, or built before this call. Stores nothing. */
void notify_waiters(struct notify *n);

/*
 * Waits for a notification. Several may wait on one notify, in the order of their first poll or
 * enable. Dropping one that was notified by notify_one or notify_last, but was not polled since,
 * passes the notification on in the same way. The notify must outlive it.
 *
 * Small, because a program has one per idle task: while it is not queued it has no waker, and where
 * it stands is kept in the word that would be the waker's second.
 */
struct notified {
	struct future future;
	struct notify *notify; /* borrowed */
	struct waiter waiter;
};
struct future *notified(struct notified *n, struct notify *notify);

/*
 * Queues without a poll, so that notify_one will find it from now on; from now on it is pinned.
 * True if it is already notified (the next poll says READY): a stored notification is consumed by
 * this.
 */
bool notified_enable(struct notified *n);

#endif
