/*
 * broadcast: the ring, its handles, and sending. Receiving is in broadcast_recv.c. See
 * broadcast.h.
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

/* One allocation: the header, the counts, the items. */
static size_t size_of(size_t n_slots, size_t stride, size_t *items_at)
{
	size_t counts, items, total;

	*items_at = 0;
	if (__builtin_mul_overflow(n_slots, sizeof(size_t), &counts) ||
	    __builtin_mul_overflow(n_slots, stride, &items) ||
	    __builtin_add_overflow(counts, sizeof(struct broadcast) + _Alignof(max_align_t), &counts))
		return 0;
	*items_at = counts / _Alignof(max_align_t) * _Alignof(max_align_t);
	return __builtin_add_overflow(*items_at, items, &total) ? 0 : total;
}

static size_t stride_of(size_t len)
{
	return len <= 8 ? 8 : (len + 15) / 16 * 16;
}

int broadcast__open(struct broadcast_sender *tx, struct broadcast_receiver *rx, size_t len,
		    size_t capacity, int (*clone_item)(void *, const void *),
		    void (*drop_item)(void *))
{
	size_t n_slots, total, items_at;
	struct broadcast *b;

	if (capacity == 0 || capacity > SIZE_MAX / 2 || len > BROADCAST_ITEM_MAX)
		return -EINVAL;
	n_slots = round_up_to_power_of_two(capacity);
	total = size_of(n_slots, stride_of(len), &items_at);
	b = total ? mem_alloc(total) : NULL;
	if (!b)
		return -ENOMEM;
	*b = (struct broadcast){ .len = (uint32_t)len,
				 .stride = (uint32_t)stride_of(len),
				 .mask = n_slots - 1,
				 .n_tx = 1,
				 .n_rx = rx != NULL,
				 .clone_item = clone_item,
				 .drop_item = drop_item,
				 .n_left = (size_t *)(b + 1),
				 .items = (unsigned char *)b + items_at };
	memset(b->n_left, 0, n_slots * sizeof *b->n_left);
	tx->chan = b;
	if (rx)
		*rx = (struct broadcast_receiver){ .chan = b };
	return 0;
}

void broadcast__release(struct broadcast *b)
{
	bool is_last = b->n_tx + b->n_weak + b->n_rx == 0;
	size_t items_at;

	lock_release(&b->lock);
	if (is_last)
		mem_free(b, size_of(b->mask + 1, b->stride, &items_at));
}

/* --- Waking --- */

/*
 * As many as waited when it began: one that waits again while the lock is open has seen what
 * there was, and is no affair of this wake-up.
 */
static void wake_all(struct broadcast *b, struct waiter_list *list, size_t n)
{
	struct wake_list wakes;

	wakes.n = 0;
	while (n > 0 && !waiter_list_is_empty(list)) {
		for (; n > 0 && !wake_list_is_full(&wakes) && !waiter_list_is_empty(list); n--) {
			struct waiter *w = waiter_list_pop(list);

			b->n_waiting -= list == &b->receivers;
			wake_list_take(&wakes, &w->waker);
		}
		lock_release(&b->lock);
		wake_list_fire(&wakes);
		lock_acquire(&b->lock);
	}
}

void broadcast__wake_receivers(struct broadcast *b)
{
	size_t n = b->n_waiting;

	/* The caller's handle keeps the channel alive while the lock is open. */
	if (n > 0)
		wake_all(b, &b->receivers, n);
	lock_release(&b->lock);
}

/* --- Sending --- */

/* A value that is overwritten unread is moved out, to be destroyed when the lock is released. */
long broadcast__send(const struct broadcast_sender *tx, const void *item, size_t len)
{
	_Alignas(max_align_t) unsigned char old[BROADCAST_ITEM_MAX];
	struct broadcast *b = tx->chan;
	bool overwrites;
	size_t n;

	broadcast__check_len(b, len);
	lock_acquire(&b->lock);
	n = b->n_rx;
	if (n == 0) {
		lock_release(&b->lock);
		return -EPIPE;
	}
	overwrites = b->drop_item && *broadcast__n_left(b, b->tail) > 0;
	if (overwrites)
		item_copy(old, broadcast__item(b, b->tail), len);
	item_copy(broadcast__item(b, b->tail), item, len);
	*broadcast__n_left(b, b->tail) = n;
	b->tail++;
	broadcast__wake_receivers(b);
	if (overwrites)
		b->drop_item(old);
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

/*
 * The last sender's end is told to those who wait before its handle is given back, since waking
 * opens the lock, and the channel must not go meanwhile. So it is first turned into a weak one.
 */
void broadcast_sender_drop(struct broadcast_sender *tx)
{
	struct broadcast *b = tx->chan;

	tx->chan = NULL;
	if (!b)
		return;
	lock_acquire(&b->lock);
	b->n_tx--;
	b->n_weak++;
	if (b->n_tx == 0 && b->n_waiting > 0)
		wake_all(b, &b->receivers, b->n_waiting);
	b->n_weak--;
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

		if (*broadcast__n_left(b, middle) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	lock_release(&b->lock);
	return (size_t)(end - low);
}

/* --- Waiting for the last receiver to go --- */

/* True: it waits. `fresh` is stored, or left to be dropped, or takes what was stored before. */
static bool wait_for_close(struct broadcast_closed *c, struct waker *fresh)
{
	struct broadcast *b = c->chan;
	bool waits;

	lock_acquire(&b->lock);
	waits = b->n_rx > 0;
	if (waits && !waiter_is_queued(&b->closers, &c->waiter)) {
		c->waiter.waker = waker_take(fresh);
		waiter_list_push(&b->closers, &c->waiter);
	} else if (waits) {
		waiter_swap_waker(&c->waiter, fresh);
	}
	lock_release(&b->lock);
	return waits;
}

static void stop_closed(struct future *f)
{
	struct broadcast_closed *c = future_of(f, struct broadcast_closed);
	struct waker stale;

	lock_acquire(&c->chan->lock);
	if (waiter_is_queued(&c->chan->closers, &c->waiter))
		waiter_list_remove(&c->chan->closers, &c->waiter);
	stale = waker_take(&c->waiter.waker);
	lock_release(&c->chan->lock);
	waker_drop(&stale);
}

static enum poll poll_closed(struct future *f, struct context *cx)
{
	struct broadcast_closed *c = future_of(f, struct broadcast_closed);
	struct waker fresh;
	bool waits;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	fresh = waker_clone(cx->waker);
	waits = wait_for_close(c, &fresh);
	waker_drop(&fresh);
	if (waits)
		return POLL_PENDING;
	stop_closed(f);
	context_spend(cx);
	return POLL_READY;
}

static const struct future_ops broadcast_closed_ops =
	FUTURE_OPS("broadcast_closed", poll_closed, stop_closed);

struct future *broadcast_closed(struct broadcast_closed *c, const struct broadcast_sender *tx)
{
	*c = (struct broadcast_closed){ .future = future_init(&broadcast_closed_ops),
					.chan = tx->chan };
	return &c->future;
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

	for (;;) {
		if (next < broadcast__oldest(b))
			next = broadcast__oldest(b);
		if (next >= end)
			return;
		if (--*broadcast__n_left(b, next++) > 0 || !b->drop_item)
			continue;
		item_copy(old, broadcast__item(b, next - 1), b->len);
		lock_release(&b->lock);
		b->drop_item(old);
		lock_acquire(&b->lock);
	}
}

/* No longer counted as a receiver at once, so that what is sent from now on is not sent to it. */
void broadcast_receiver_drop(struct broadcast_receiver *rx)
{
	struct broadcast *b = rx->chan;
	size_t n = 0;

	rx->chan = NULL;
	if (!b)
		return;
	lock_acquire(&b->lock);
	b->n_rx--;
	b->n_weak++; /* keeps the channel while the lock is open */
	drop_unread(b, rx->next);
	if (b->n_rx == 0)
		for (struct waiter *w = b->closers.first; w; w = w->next)
			n++;
	wake_all(b, &b->closers, n);
	b->n_weak--;
	broadcast__release(b);
}
