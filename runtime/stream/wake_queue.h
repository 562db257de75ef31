/*
 * wake_queue: which of many children were woken. What a set of futures polls by.
 *
 * The one idea: a child's waker may be called from any thread, and long after the child is gone. So
 * it does not point to the child but to a slot, in memory that the set and all those wakers own
 * together, by count. A wake puts the slot into a queue, and whoever waits for the set is woken.
 *
 *	       open         wake
 *	FREE ------> IDLE <-----> QUEUED: to be polled
 *	  ^            |    pop     |
 *	  +---close----+------------+
 *
 * A slot that is closed is used again for the next child. A waker of the former one that is called
 * then wakes the latter: one poll too many, which law 4 allows. That is why a slot needs neither a
 * generation nor a count of its own, and why a child costs no allocation.
 *
 * The race that matters: the set finds the queue empty, a child is woken, the set goes to sleep.
 * The look and the note of whom to wake are one section under the lock (wake_queue_wait), so the
 * wake either comes before it (and is seen) or after it (and finds the note).
 *
 * Internal to sets; programs use futures_unordered.h and its like.
 */
#ifndef WEFT_STREAM_WAKE_QUEUE_H
#define WEFT_STREAM_WAKE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/lock.h"
#include "future/waker.h"

struct wake_slot {
	struct wake_queue *queue;
	struct wake_slot *next, *prev; /* under the lock: in the queue; free: the set's list */
	void *owner;                   /* under the lock: the child; NULL: free, wakes do nothing */
	bool is_queued;                /* under the lock */
};

enum { WAKE_QUEUE_SLOTS = 8 }; /* that come with it; when they are taken their number doubles */

struct wake_chunk {
	struct wake_chunk *next;
	size_t len;
	struct wake_slot slots[];
};

struct wake_queue {
	/* any thread */
	struct count refs;  /* the set, and each clone of a slot's waker */
	struct lock lock;

	/* under the lock */
	struct wake_slot *first, *last;
	size_t n_queued;
	struct waker waker; /* to be woken, and so taken out, by the next slot that is queued */

	/* the set's thread only */
	struct wake_slot *free;
	size_t n_slots, n_free;
	struct wake_chunk *chunks;
	struct wake_slot slots[WAKE_QUEUE_SLOTS];
};

/* With one reference, which is the set's; NULL: no memory. */
struct wake_queue *wake_queue_new(void);

/*
 * The set gives up its reference. Every slot is closed, and nobody waits. The memory goes with the
 * last waker.
 */
void wake_queue_unref(struct wake_queue *q);

/* Makes room, so that the next n calls of wake_queue_open cannot fail. 0 or -ENOMEM. */
int wake_queue_reserve(struct wake_queue *q, size_t n);

/* A slot for a new child; room must have been made. Not queued: wake it, and it will be. */
struct wake_slot *wake_queue_open(struct wake_queue *q, void *owner);

/* Its child is gone: out of the queue, and free. */
void wake_queue_close(struct wake_slot *slot);

/* How many children are queued. */
size_t wake_queue_n(struct wake_queue *q);

/*
 * Takes out the child that was woken first; NULL: none. A wake from here on, during its poll above
 * all, queues it again.
 */
void *wake_queue_pop(struct wake_queue *q);

/* Leaves a clone of `w` to be woken by the next child that is. False, and no note: one was. */
bool wake_queue_wait(struct wake_queue *q, const struct waker *w);

/* Takes the note back; the caller owns what is returned, which may be no waker. */
struct waker wake_queue_leave(struct wake_queue *q);

/*
 * A child's waker, to be borrowed for the length of a poll, and to be called once when the child is
 * new.
 */
struct waker wake_slot_waker(struct wake_slot *slot);

#endif
