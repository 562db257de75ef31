/*
 * broadcast_ring: what broadcast.c (handles and sending) and broadcast_recv.c share. Internal.
 *
 * Everything is under the lock. A slot remembers how many receivers have still to read it. Since
 * each reads in order, an older slot never has more of them than a younger one.
 */
#ifndef WEFT_SYNC_BROADCAST_RING_H
#define WEFT_SYNC_BROADCAST_RING_H

#include "base/lock.h"
#include "sync/broadcast.h"
#include "sync/item.h"

struct broadcast {
	struct lock lock;
	uint32_t len, stride;          /* of an item; from one slot's item to the next one's */
	uint64_t tail;                 /* the number of the next value */
	size_t mask;                   /* slots, less one */
	size_t n_tx, n_weak, n_rx;
	struct waiter_list receivers;  /* waiting for a value */
	size_t n_waiting;              /* how many those are */
	struct waiter_list closers;    /* waiting for the last receiver to go */
	int (*clone_item)(void *dst, const void *src);
	void (*drop_item)(void *item);
	size_t *n_left;                /* by slot: receivers that have still to read it */
	unsigned char *items;          /* by slot */
};

static inline void *broadcast__item(const struct broadcast *b, uint64_t number)
{
	return b->items + (number & b->mask) * b->stride;
}

static inline size_t *broadcast__n_left(const struct broadcast *b, uint64_t number)
{
	return &b->n_left[number & b->mask];
}

/* The oldest value that the ring still keeps. */
static inline uint64_t broadcast__oldest(const struct broadcast *b)
{
	return b->tail > b->mask ? b->tail - b->mask - 1 : 0;
}

static inline void broadcast__check_len(const struct broadcast *b, size_t len)
{
	if (b->len != len)
		bug("broadcast", "the item has another size than the channel was opened for", NULL, 0);
}

/* Wakes every receiver that waits now. With the lock held; returns with it released. */
void broadcast__wake_receivers(struct broadcast *b);

/*
 * Frees the channel if nobody has a handle any more. With the lock held; returns with it
 * released.
 */
void broadcast__release(struct broadcast *b);

#endif
