/* broadcast_recv: reading the ring, with and without waiting. See broadcast.h. */
#include <errno.h>

#include "sync/broadcast_ring.h"

/* --- Reading, under the lock --- */

/* The value at the cursor, which the ring has. The last one to read it gets the original. */
static inline int read_one(struct broadcast *b, struct broadcast_receiver *rx, void *slot)
{
	size_t *n_left = broadcast__n_left(b, rx->next);
	const void *item = broadcast__item(b, rx->next);

	rx->next++;
	if (--*n_left == 0 || !b->clone_item) {
		item_copy(slot, item, b->len);
		return 0;
	}
	return b->clone_item(slot, item);
}

/* Moves a cursor that was overrun to the oldest value kept. Returns how many it missed. */
static uint64_t skip_missed(const struct broadcast *b, struct broadcast_receiver *rx)
{
	uint64_t missed = broadcast__oldest(b) - rx->next;

	rx->next += missed;
	return missed;
}

/*
 * Up to `max` values: how many (> 0), or -EAGAIN, -EPIPE, -EOVERFLOW with *missed, or
 * clone_item's word.
 */
static long read_many(struct broadcast *b, struct broadcast_receiver *rx, unsigned char *array,
		      size_t max, uint64_t *missed)
{
	size_t n = 0;

	if (rx->next == b->tail)
		return b->n_tx > 0 ? -EAGAIN : -EPIPE;
	if (b->tail - rx->next > b->mask + 1) {
		*missed = skip_missed(b, rx);
		return -EOVERFLOW;
	}
	for (; n < max && rx->next != b->tail; n++, array += b->len) {
		int err = read_one(b, rx, array);

		if (!err)
			continue;
		if (n == 0)
			return err;
		rx->next--; /* what came before it is delivered first; the next call will say so */
		++*broadcast__n_left(b, rx->next);
		break;
	}
	return (long)n;
}

long broadcast__try_recv_many(struct broadcast_receiver *rx, void *array, size_t max, size_t len,
			      uint64_t *missed)
{
	struct broadcast *b = rx->chan;
	uint64_t unused;
	long n;

	broadcast__check_len(b, len);
	bug_unless(max > 0);
	lock_acquire(&b->lock);
	n = read_many(b, rx, array, max, missed ? missed : &unused);
	lock_release(&b->lock);
	return n;
}

size_t broadcast_receiver_len(const struct broadcast_receiver *rx)
{
	size_t len;

	lock_acquire(&rx->chan->lock);
	len = (size_t)(rx->chan->tail - rx->next);
	lock_release(&rx->chan->lock);
	return len;
}

struct broadcast_receiver broadcast_resubscribe(const struct broadcast_receiver *rx)
{
	struct broadcast_sender tx = { rx->chan };

	return broadcast_subscribe(&tx);
}

/* --- Waiting --- */

/*
 * Reads, or else sees to it that the waiter is in the queue with the right waker. That may need a
 * clone, for which the lock is opened; so the reading is tried again behind it.
 */
static long read_or_wait(struct broadcast_receiver *rx, struct waiter *w, void *array, size_t max,
			 uint64_t *missed, const struct waker *waker)
{
	struct broadcast *b = rx->chan;
	struct waker fresh;
	bool waits;
	long n;

	lock_acquire(&b->lock);
	n = read_many(b, rx, array, max, missed);
	waits = waiter_is_queued(&b->receivers, w);
	if (n != -EAGAIN && waits) {
		waiter_list_remove(&b->receivers, w);
		b->n_waiting--;
	}
	waits = waits && waker_will_wake(&w->waker, waker);
	lock_release(&b->lock);
	if (n != -EAGAIN) {
		waker_drop(&w->waker);
		return n;
	}
	if (waits)
		return n;
	fresh = waker_clone(waker);
	lock_acquire(&b->lock);
	n = read_many(b, rx, array, max, missed);
	waits = waiter_is_queued(&b->receivers, w);
	if (n == -EAGAIN && waits) {
		waiter_swap_waker(w, &fresh);
	} else if (n == -EAGAIN) {
		w->waker = waker_take(&fresh);
		waiter_list_push(&b->receivers, w);
		b->n_waiting++;
	} else if (waits) {
		waiter_list_remove(&b->receivers, w);
		b->n_waiting--;
	}
	lock_release(&b->lock);
	waker_drop(&fresh);
	if (n != -EAGAIN)
		waker_drop(&w->waker);
	return n;
}

static void stop_waiting(struct broadcast *b, struct waiter *w)
{
	struct waker stale;

	lock_acquire(&b->lock);
	if (waiter_is_queued(&b->receivers, w)) {
		waiter_list_remove(&b->receivers, w);
		b->n_waiting--;
	}
	stale = waker_take(&w->waker);
	lock_release(&b->lock);
	waker_drop(&stale);
}

/*
 * The usual case, in as few steps as it takes: a value is there, and this future is in no queue,
 * where it would have a waker. False: look more closely.
 */
static inline bool read_at_once(struct broadcast_recv *r)
{
	struct broadcast_receiver *rx = r->rx;
	struct broadcast *b = rx->chan;
	bool there;

	lock_acquire(&b->lock);
	there = b->tail - rx->next - 1 <= b->mask && !waker_is_some(&r->waiter.waker);
	if (there)
		r->err = read_one(b, rx, r->slot);
	lock_release(&b->lock);
	return there;
}

static __attribute__((noinline)) enum poll read_closely(struct broadcast_recv *r, struct context *cx)
{
	long n = read_or_wait(r->rx, &r->waiter, r->slot, 1, &r->missed, cx->waker);

	if (n == -EAGAIN)
		return POLL_PENDING;
	r->err = n > 0 ? 0 : (int)n;
	context_spend(cx);
	return POLL_READY;
}

static enum poll poll_recv(struct future *f, struct context *cx)
{
	struct broadcast_recv *r = future_of(f, struct broadcast_recv);

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	broadcast__check_len(r->rx->chan, r->len);
	if (!read_at_once(r))
		return read_closely(r, cx);
	context_spend(cx);
	return POLL_READY;
}

static void drop_recv(struct future *f)
{
	struct broadcast_recv *r = future_of(f, struct broadcast_recv);

	stop_waiting(r->rx->chan, &r->waiter);
}

const struct future_ops broadcast__recv_ops = FUTURE_OPS("broadcast_recv", poll_recv, drop_recv);

static enum poll poll_recv_many(struct future *f, struct context *cx)
{
	struct broadcast_recv_many *r = future_of(f, struct broadcast_recv_many);
	long n;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	broadcast__check_len(r->rx->chan, r->len);
	bug_unless(r->max > 0);
	n = read_or_wait(r->rx, &r->waiter, r->array, r->max, &r->missed, cx->waker);
	if (n == -EAGAIN)
		return POLL_PENDING;
	r->n = n > 0 ? (size_t)n : 0;
	r->err = n > 0 ? 0 : (int)n;
	context_spend(cx);
	return POLL_READY;
}

static void drop_recv_many(struct future *f)
{
	struct broadcast_recv_many *r = future_of(f, struct broadcast_recv_many);

	stop_waiting(r->rx->chan, &r->waiter);
}

const struct future_ops broadcast__recv_many_ops =
	FUTURE_OPS("broadcast_recv_many", poll_recv_many, drop_recv_many);
