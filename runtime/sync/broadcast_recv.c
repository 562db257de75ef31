/*
 * broadcast_recv: reading the ring, with and without waiting. See broadcast.h.
 *
 * The one idea: to read is to copy a slot, count it down and move one's own cursor on. A receiver
 * never looks at another one, so what most polls do is short; see poll_recv.
 */
#include <errno.h>

#include "sync/broadcast_ring.h"

/* --- Reading, under the lock --- */

/*
 * The value at the cursor, which the ring has. The last one to read it gets the original. Returns
 * 0, or what clone_item said.
 */
static inline int read_one(struct broadcast *b, struct broadcast_receiver *rx, void *slot)
{
	void *item = broadcast__item(b, rx->next);
	int err;

	rx->next++;
	if (--*broadcast__n_left(item) == 0 || !b->clone_item) {
		item_copy(slot, item, b->len);
		return 0;
	}
	err = b->clone_item(slot, item);
	bug_unless(err <= 0);
	return err;
}

/* As if the last read_one, which failed, had not been. */
static void unread_one(struct broadcast *b, struct broadcast_receiver *rx)
{
	rx->next--;
	++*broadcast__n_left(broadcast__item(b, rx->next));
}

/* Moves a cursor that was overrun to the oldest value kept. Returns how many it missed. */
static uint64_t skip_missed(const struct broadcast *b, struct broadcast_receiver *rx)
{
	uint64_t missed = broadcast__oldest(b) - rx->next;

	rx->next += missed;
	return missed;
}

/*
 * Up to `max` values: how many, 0 if there are none yet; or -EPIPE, -EOVERFLOW with *missed, or
 * what clone_item said of the first. If it fails at a later one, those before are delivered, and
 * that one is tried again by the next call.
 */
static long read_many(struct broadcast *b, struct broadcast_receiver *rx, unsigned char *array,
		      size_t max, uint64_t *missed)
{
	size_t n;

	if (rx->next == b->tail)
		return b->n_tx > 0 ? 0 : -EPIPE;
	if (!broadcast__has(b, rx->next)) {
		*missed = skip_missed(b, rx);
		return -EOVERFLOW;
	}
	for (n = 0; n < max && rx->next != b->tail; n++, array += b->len) {
		int err = read_one(b, rx, array);

		if (!err)
			continue;
		if (n == 0)
			return err;
		unread_one(b, rx);
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
	return n ? n : -EAGAIN;
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

/* Like read_many; 0: it waits. Called with the lock held, releases it. */
static long read_or_wait(struct broadcast_receiver *rx, struct waiter *w, void *array, size_t max,
			 uint64_t *missed, struct context *cx)
{
	struct broadcast *b = rx->chan;
	struct waker mine = { 0 }, stale;
	long n;

	while ((n = read_many(b, rx, array, max, missed)) == 0) {
		if (broadcast__wait(b, &b->receivers, w, cx->waker, &mine)) {
			waker_drop(&mine);
			return 0;
		}
		lock_acquire(&b->lock);
	}
	stale = broadcast__leave(&b->receivers, w);
	lock_release(&b->lock);
	waker_drop(&stale);
	waker_drop(&mine);
	context_spend(cx);
	return n;
}

/* All that a poll can meet. Called with the lock held, releases it. */
static __attribute__((noinline)) enum poll recv_slowly(struct broadcast_recv *r, struct context *cx)
{
	long n;

	broadcast__check_len(r->rx->chan, r->len);
	n = read_or_wait(r->rx, &r->waiter, r->slot, 1, &r->missed, cx);
	if (n == 0)
		return POLL_PENDING;
	r->err = n > 0 ? 0 : (int)n;
	return POLL_READY;
}

/* The same from the beginning: without budget, or the lock. */
static __attribute__((noinline)) enum poll recv_anew(struct broadcast_recv *r, struct context *cx)
{
	if (!context_may_proceed(cx))
		return POLL_PENDING;
	lock_acquire(&r->rx->chan->lock);
	return recv_slowly(r, cx);
}

/*
 * What most polls meet is a free lock, a value of one or two words that is copied as it is, and no
 * waiter of theirs in the queue. Kept short, for speed: whatever would need a call is left to the
 * two above, so that no register need be saved.
 */
static enum poll poll_recv(struct future *f, struct context *cx)
{
	struct broadcast_recv *r = future_of(f, struct broadcast_recv);
	struct broadcast_receiver *rx = r->rx;
	struct broadcast *b = rx->chan;
	void *item;

	if (cx->budget == 0 || !lock_try(&b->lock))
		return recv_anew(r, cx);
	if (r->len != b->quick_len || !broadcast__has(b, rx->next) || broadcast__waits(&r->waiter))
		return recv_slowly(r, cx);
	item = broadcast__item(b, rx->next++);
	--*broadcast__n_left(item);
	if (__builtin_expect(r->len == 8, 1))
		memcpy(r->slot, item, 8);
	else
		memcpy(r->slot, item, 16);
	context_spend(cx);
	lock_release(&b->lock);
	return POLL_READY;
}

static void drop_recv(struct future *f)
{
	struct broadcast_recv *r = future_of(f, struct broadcast_recv);

	r->err = -ECANCELED;
	broadcast__cancel(r->rx->chan, &r->rx->chan->receivers, &r->waiter);
}

const struct future_ops broadcast__recv_ops = FUTURE_OPS("broadcast_recv", poll_recv, drop_recv);

static enum poll poll_recv_many(struct future *f, struct context *cx)
{
	struct broadcast_recv_many *r = future_of(f, struct broadcast_recv_many);
	struct broadcast *b = r->rx->chan;
	long n;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	broadcast__check_len(b, r->len);
	bug_unless(r->max > 0);
	lock_acquire(&b->lock);
	n = read_or_wait(r->rx, &r->waiter, r->array, r->max, &r->missed, cx);
	if (n == 0)
		return POLL_PENDING;
	r->n = n > 0 ? (size_t)n : 0;
	r->err = n > 0 ? 0 : (int)n;
	return POLL_READY;
}

static void drop_recv_many(struct future *f)
{
	struct broadcast_recv_many *r = future_of(f, struct broadcast_recv_many);

	r->err = -ECANCELED;
	broadcast__cancel(r->rx->chan, &r->rx->chan->receivers, &r->waiter);
}

const struct future_ops broadcast__recv_many_ops =
	FUTURE_OPS("broadcast_recv_many", poll_recv_many, drop_recv_many);
