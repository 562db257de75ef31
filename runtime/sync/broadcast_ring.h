/*
 * broadcast_ring: the ring, and those who wait at it. Internal to the broadcast_*.c files.
 *
 * A slot remembers how many receivers have still to read it. Since each reads in order, an older
 * slot never has more of them than a younger one.
 *
 *	value number   | tail - slots | ...        | tail - 1 |    tail: the next to be sent
 *	slot           | count, item  | ...        |          |    at number modulo slots
 */
#ifndef WEFT_SYNC_BROADCAST_RING_H
#define WEFT_SYNC_BROADCAST_RING_H

#include "base/lock.h"
#include "sync/broadcast.h"
#include "sync/item.h"

/* Of a slot: room for the count, after which an item of any type may lie. */
enum { BROADCAST_SLOT_HEAD = _Alignof(max_align_t) };

/* Futures that wait for the same thing. */
struct broadcast_queue {
	struct waiter_list list;
	size_t n;
};

struct broadcast {
	/* constant */
	uint32_t len;       /* of an item */
	uint32_t quick_len; /* the same if it is 8 or 16 and items are not cloned, else no item's */
	uint32_t stride;    /* from slot to slot */
	size_t mask;        /* slots, less one */
	int (*clone_item)(void *dst, const void *src);
	void (*drop_item)(void *item);

	/* under the lock */
	struct lock lock;
	uint64_t tail;                   /* the number of the next value */
	size_t n_tx, n_weak, n_rx;       /* handles */
	size_t n_keep;                   /* calls that opened the lock and will come back */
	struct broadcast_queue receivers; /* waiting for a value, or for the last sender to go */
	struct broadcast_queue closers;   /* waiting for the last receiver to go */
	_Alignas(max_align_t) unsigned char slots[];
};

static inline void broadcast__check_len(const struct broadcast *b, size_t len)
{
	if (__builtin_expect(b->len != len, 0))
		bug("broadcast", "the item has another size than the channel was opened for",
		    __FILE__, __LINE__);
}

/* --- The ring. Under the lock. --- */

static inline void *broadcast__item(struct broadcast *b, uint64_t number)
{
	return b->slots + BROADCAST_SLOT_HEAD + (number & b->mask) * b->stride;
}

/* Receivers that have still to read this item. */
static inline size_t *broadcast__n_left(void *item)
{
	return (size_t *)item - 1;
}

/* The number of the oldest value that the ring still keeps. */
static inline uint64_t broadcast__oldest(const struct broadcast *b)
{
	return b->tail > b->mask ? b->tail - b->mask - 1 : 0;
}

/*
 * True if the ring has the value at the cursor. One comparison for two questions: a cursor at the
 * tail makes it "minus one", the largest number there is, one that was overrun more than the mask.
 */
static inline bool broadcast__has(const struct broadcast *b, uint64_t next)
{
	return b->tail - next - 1 <= b->mask;
}

/*
 * --- Waiting. A waiter has a waker exactly while it is in a queue; before it is put there for the
 * first time nothing else of it need be initialised. ---
 */

static inline bool broadcast__waits(const struct waiter *w)
{
	return waker_is_some(&w->waker);
}

/*
 * Called with the lock held, after a look that found nothing; releases it. True: `w` is in the
 * queue with the right waker. False: `*mine`, which was none, has just been cloned; look again,
 * come again. What is in `*mine` at the end is the caller's to drop.
 */
bool broadcast__wait(struct broadcast *b, struct broadcast_queue *q, struct waiter *w,
		     const struct waker *waker, struct waker *mine);

/* Out of the queue, if it is there. Under the lock; the waker is to be dropped after it. */
struct waker broadcast__leave(struct broadcast_queue *q, struct waiter *w);

/* The same with the lock, for a future that is dropped. */
void broadcast__cancel(struct broadcast *b, struct broadcast_queue *q, struct waiter *w);

/*
 * Wakes who waits in `q` now. With the lock held, which it opens for each batch; meanwhile the last
 * handle may go, so the caller must end with broadcast__release.
 */
void broadcast__wake_all(struct broadcast *b, struct broadcast_queue *q);

/* Releases the lock, and frees the channel if nobody has a handle any more. */
void broadcast__release(struct broadcast *b);

#endif
