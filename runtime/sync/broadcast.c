/*
 * broadcast: the ring, its handles, and sending. See broadcast.h.
 *
 * The one idea: a sender never looks at receivers, only at how many there are. It notes their
 * number in the slot; each who reads takes one off; what is left over when a slot is written again,
 * or when a receiver goes, says whether somebody must destroy the old value.
 */
#include "sync/broadcast.h"

#include <errno.h>

#include "base/mem.h"
#include "sync/broadcast_ring.h"

/* --- Opening and freeing --- */

static size_t round_up_to_power_of_two(size_t n)
{
	size_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static size_t stride_of(size_t len)
{
	size_t align = BROADCAST_SLOT_HEAD;

	return (len + sizeof(size_t) + align - 1) / align * align;
}

/* One allocation for all of it. 0: no such size. */
static size_t size_of(size_t n_slots, size_t stride)
{
	size_t slots, total;

	if (__builtin_mul_overflow(n_slots, stride, &slots) ||
	    __builtin_add_overflow(slots, sizeof(struct broadcast) + BROADCAST_SLOT_HEAD, &total))
		return 0;
	return total;
}

int broadcast__open(struct broadcast_sender *tx, struct broadcast_receiver *rx, size_t len,
		    size_t capacity, int (*clone_item)(void *, const void *),
		    void (*drop_item)(void *))
{
	bool is_quick = !clone_item && (len == 8 || len == 16);
	size_t n_slots, total;
	struct broadcast *b;

	if (capacity == 0 || capacity > SIZE_MAX / 2 || len > BROADCAST_ITEM_MAX)
		return -EINVAL;
	n_slots = round_up_to_power_of_two(capacity);
	total = size_of(n_slots, stride_of(len));
	b = total ? mem_alloc(total) : NULL;
	if (!b)
		return -ENOMEM;
	*b = (struct broadcast){ .len = (uint32_t)len,
				 .quick_len = is_quick ? (uint32_t)len : UINT32_MAX,
				 .stride = (uint32_t)stride_of(len),
				 .mask = n_slots - 1,
				 .clone_item = clone_item,
				 .drop_item = drop_item,
				 .n_tx = 1,
				 .n_rx = rx != NULL };
	tx->chan = b;
	if (rx)
		*rx = (struct broadcast_receiver){ .chan = b };
	return 0;
}

void broadcast__release(struct broadcast *b)
{
	bool is_last = b->n_tx + b->n_weak + b->n_rx + b->n_keep == 0;

	lock_release(&b->lock);
	if (is_last)
		mem_free(b, size_of(b->mask + 1, b->stride));
}

/* --- Sending --- */

/* True if somebody has still to read what is in the slot that the next value is written to. */
static bool overwrites(struct broadcast *b)
{
	return b->tail > b->mask && *broadcast__n_left(broadcast__item(b, b->tail)) > 0;
}

/* A value that is overwritten unread is moved out, to be destroyed when the lock is released. */
long broadcast__send(const struct broadcast_sender *tx, const void *item, size_t len)
{
	_Alignas(max_align_t) unsigned char old[BROADCAST_ITEM_MAX];
	struct broadcast *b = tx->chan;
	void (*drop_item)(void *item);
	void *slot;
	size_t n;

	broadcast__check_len(b, len);
	lock_acquire(&b->lock);
	n = b->n_rx;
	if (n == 0) {
		lock_release(&b->lock);
		return -EPIPE;
	}
	slot = broadcast__item(b, b->tail);
	drop_item = overwrites(b) ? b->drop_item : NULL;
	if (drop_item)
		item_copy(old, slot, len);
	item_copy(slot, item, len);
	*broadcast__n_left(slot) = n;
	b->tail++;
	broadcast__wake_all(b, &b->receivers);
	broadcast__release(b); /* a waker may have given up every handle, this one too */
	if (drop_item)
		drop_item(old);
	return (long)n;
}

/* --- Sender handles --- */

struct broadcast_receiver broadcast_subscribe(const struct broadcast_sender *tx)
{
	struct broadcast *b = tx->chan;
	struct broadcast_receiver rx = { .chan = b };

	lock_acquire(&b->lock);
	b->n_rx++;
	rx.next = b->tail;
	lock_release(&b->lock);
	return rx;
}

static struct broadcast *change(struct broadcast *b, size_t *count, size_t by)
{
	lock_acquire(&b->lock);
	*count += by;
	lock_release(&b->lock);
	return b;
}

struct broadcast_sender broadcast_sender_clone(const struct broadcast_sender *tx)
{
	return (struct broadcast_sender){ change(tx->chan, &tx->chan->n_tx, 1) };
}

struct broadcast_weak_sender broadcast_downgrade(const struct broadcast_sender *tx)
{
	return (struct broadcast_weak_sender){ change(tx->chan, &tx->chan->n_weak, 1) };
}

struct broadcast_weak_sender broadcast_weak_sender_clone(const struct broadcast_weak_sender *weak)
{
	return (struct broadcast_weak_sender){ change(weak->chan, &weak->chan->n_weak, 1) };
}

void broadcast_sender_drop(struct broadcast_sender *tx)
{
	struct broadcast *b = tx->chan;

	tx->chan = NULL;
	if (!b)
		return;
	lock_acquire(&b->lock);
	if (--b->n_tx == 0)
		broadcast__wake_all(b, &b->receivers);
	broadcast__release(b);
}

void broadcast_weak_sender_drop(struct broadcast_weak_sender *weak)
{
	struct broadcast *b = weak->chan;

	weak->chan = NULL;
	if (!b)
		return;
	lock_acquire(&b->lock);
	b->n_weak--;
	broadcast__release(b);
}

struct broadcast_sender broadcast_upgrade(const struct broadcast_weak_sender *weak)
{
	struct broadcast *b = weak->chan;
	struct broadcast_sender tx = { NULL };

	lock_acquire(&b->lock);
	if (b->n_tx > 0) {
		b->n_tx++;
		tx.chan = b;
	}
	lock_release(&b->lock);
	return tx;
}

static size_t read_count(struct broadcast *b, const size_t *count)
{
	size_t n;

	lock_acquire(&b->lock);
	n = *count;
	lock_release(&b->lock);
	return n;
}

size_t broadcast_n_receivers(const struct broadcast_sender *tx)
{
	return read_count(tx->chan, &tx->chan->n_rx);
}

size_t broadcast_n_senders(const struct broadcast_sender *tx)
{
	return read_count(tx->chan, &tx->chan->n_tx);
}

size_t broadcast_n_weak_senders(const struct broadcast_sender *tx)
{
	return read_count(tx->chan, &tx->chan->n_weak);
}

/* The first slot that somebody has still to read; older ones have none, so halving finds it. */
size_t broadcast_sender_len(const struct broadcast_sender *tx)
{
	struct broadcast *b = tx->chan;
	uint64_t low, high, end;

	lock_acquire(&b->lock);
	low = broadcast__oldest(b);
	high = end = b->tail;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (*broadcast__n_left(broadcast__item(b, middle)) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	lock_release(&b->lock);
	return (size_t)(end - low);
}

/* --- The end of a receiver --- */

/*
 * What only this one had still to read is destroyed, one by one, each with the lock open. Its own
 * count in the slots keeps them from being overwritten unnoticed: a slot that was meanwhile is
 * past, and the loop goes on with the oldest that is kept.
 */
static void drop_unread(struct broadcast *b, uint64_t next)
{
	_Alignas(max_align_t) unsigned char old[BROADCAST_ITEM_MAX];
	uint64_t end = b->tail;

	for (;; next++) {
		void *item;

		if (next < broadcast__oldest(b))
			next = broadcast__oldest(b);
		if (next >= end)
			return;
		item = broadcast__item(b, next);
		if (--*broadcast__n_left(item) > 0 || !b->drop_item)
			continue;
		item_copy(old, item, b->len);
		lock_release(&b->lock);
		b->drop_item(old);
		lock_acquire(&b->lock);
	}
}

/* No longer counted as a receiver at once, so that what is sent from now on is not sent to it. */
void broadcast_receiver_drop(struct broadcast_receiver *rx)
{
	struct broadcast *b = rx->chan;

	rx->chan = NULL;
	if (!b)
		return;
	lock_acquire(&b->lock);
	b->n_rx--;
	b->n_keep++; /* drop_unread opens the lock */
	drop_unread(b, rx->next);
	b->n_keep--;
	if (b->n_rx == 0)
		broadcast__wake_all(b, &b->closers);
	broadcast__release(b);
}
