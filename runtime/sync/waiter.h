/*
 * waiter: a future's place in somebody's queue.
 *
 * The one idea behind everything in sync/: the thing waited for (a semaphore, a channel) has a
 * lock and a queue; each waiting future has one `struct waiter` in its own frame, linked into
 * that queue. So waiting allocates nothing, leaving is O(1), and a dropped future takes its
 * waiter with it.
 *
 *	        waiter_list_push            waiter_list_pop / waiter_list_remove
 *	IDLE ------------------------> QUEUED ----------------------------------> IDLE
 *
 * All fields are guarded by the queue's lock. What that leaves outside the lock are the wakers,
 * since cloning, waking and dropping one may call anything, this very queue included:
 *
 *  - clone before the lock is taken: `struct waker mine = waker_clone(cx->waker)`, lock, look again,
 *    store it or find that it is not needed; whichever waker is left over is dropped after unlock;
 *  - to wake, move wakers out under the lock into a wake_list, unlock, then wake_list_fire. Once its
 *    waker has been taken, a waiter that has left the queue is not touched again: its owner may drop
 *    it at once.
 */
#ifndef WEFT_SYNC_WAITER_H
#define WEFT_SYNC_WAITER_H

#include <stdbool.h>
#include <stddef.h>

#include "future/bug.h"
#include "future/waker.h"

struct waiter {
	struct waiter *next, *prev;
	struct waker waker; /* owned while queued */
};

/* First come, first served. Zeroed: empty. */
struct waiter_list {
	struct waiter *first, *last;
};

static inline bool waiter_list_is_empty(const struct waiter_list *q)
{
	return q->first == NULL;
}

/* True if `w` is in `q`, provided that it is in `q` or in none. */
static inline bool waiter_is_queued(const struct waiter_list *q, const struct waiter *w)
{
	return w->prev || q->first == w;
}

static inline void waiter_list_push(struct waiter_list *q, struct waiter *w)
{
	bug_unless(!waiter_is_queued(q, w));
	w->next = NULL;
	w->prev = q->last;
	if (q->last)
		q->last->next = w;
	else
		q->first = w;
	q->last = w;
}

static inline void waiter_list_remove(struct waiter_list *q, struct waiter *w)
{
	bug_unless(waiter_is_queued(q, w));
	if (w->prev)
		w->prev->next = w->next;
	else
		q->first = w->next;
	if (w->next)
		w->next->prev = w->prev;
	else
		q->last = w->prev;
	w->next = w->prev = NULL;
}

/* The longest waiting one, taken out; NULL when empty. */
static inline struct waiter *waiter_list_pop(struct waiter_list *q)
{
	struct waiter *w = q->first;

	if (w)
		waiter_list_remove(q, w);
	return w;
}

/*
 * Law 3 behind a lock: puts in the clone that was made before the lock was taken. What was there,
 * if anything, comes back in `fresh`, to be dropped after the lock.
 */
static inline void waiter_swap_waker(struct waiter *w, struct waker *fresh)
{
	struct waker stale = w->waker;

	w->waker = *fresh;
	*fresh = stale;
}

/*
 * Wakers on their way out of a lock. To begin with, set `n` to 0 and leave the rest as it is:
 * zeroing the array would cost more than waking. When it is full, unlock, fire, lock again and look
 * at the queue afresh: it may have changed meanwhile.
 */
enum { WAKE_LIST_MAX = 16 };

struct wake_list {
	unsigned n;
	struct waker waker[WAKE_LIST_MAX];
};

static inline bool wake_list_is_full(const struct wake_list *l)
{
	return l->n == WAKE_LIST_MAX;
}

/* Moves the waker out of `slot`. Under the lock; must not be full. No waker: nothing happens. */
static inline void wake_list_take(struct wake_list *l, struct waker *slot)
{
	bug_unless(!wake_list_is_full(l));
	if (waker_is_some(slot)) {
		__builtin_prefetch(slot->data, 1); /* a task that slept is cold: fetch them side by side */
		l->waker[l->n++] = waker_take(slot);
	}
}

/* Wakes them all, in order, and empties the list. Not under any lock. */
static inline void wake_list_fire(struct wake_list *l)
{
	unsigned n = l->n;

	l->n = 0;
	for (unsigned i = 0; i < n; i++)
		waker_wake(&l->waker[i]);
}

#endif
