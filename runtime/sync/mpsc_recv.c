/*
 * mpsc_recv: taking items out. See mpsc.h.
 *
 * The one idea: to take an item out is to free a slot, and a slot that is freed goes to the first
 * in line under the same lock. As a waiting sender's item comes along with it, a receiver that
 * finds the channel full empties all of it, and more, before any sender has to run.
 */
#include "sync/mpsc_chan.h"

/* --- Waiting. One future at a time, so there is no queue: its name and its waker. --- */

/*
 * Called with the lock held, after a look that found nothing; releases it. True: registered. False:
 * `*mine` has just been cloned; look again, come again. The caller drops what is left in it.
 * (Inline, so that `mine` stays in registers: written in halves and read back as a whole, it would
 * stall the processor at every wait.)
 */
static inline __attribute__((always_inline)) bool
wait_for_item(struct mpsc *ch, const void *who, const struct waker *w, struct waker *mine)
{
	if (ch->receiving && ch->receiving != who)
		bug("mpsc_recv", "two futures wait on one receiver", __FILE__, __LINE__);
	if (!waker_is_some(mine) && !waker_will_wake(&ch->receive_waker, w)) {
		lock_release(&ch->lock);
		*mine = waker_clone(w);
		return false;
	}
	if (waker_is_some(mine)) {
		struct waker stale = ch->receive_waker;

		ch->receive_waker = *mine;
		*mine = stale;
	}
	ch->receiving = who;
	lock_release(&ch->lock);
	return true;
}

static void stop_waiting(struct mpsc *ch, const void *who)
{
	struct waker mine = { 0 };

	lock_acquire(&ch->lock);
	if (ch->receiving == who)
		mine = mpsc__take_receiver(ch);
	lock_release(&ch->lock);
	waker_drop(&mine);
}

/* --- One item --- */

/* 0: the item is in `slot`; a waker to wake, a block to free may be left. Under the lock. */
static inline int take(struct mpsc *ch, void *slot, struct waker *granted, struct mpsc_block **dead)
{
	if (__builtin_expect(ch->n_queued == 0, 0))
		return mpsc__has_ended(ch) ? -EPIPE : -EAGAIN;
	mpsc__get(ch, slot, dead);
	if (waiter_list_is_empty(&ch->senders))
		ch->n_free++;
	else
		*granted = mpsc__give_slot(ch);
	return 0;
}

int mpsc__try_recv(struct mpsc_receiver *rx, void *slot, size_t len)
{
	struct mpsc *ch = rx->chan;
	struct mpsc_block *dead = NULL;
	struct waker granted = { 0 };
	int err;

	mpsc__check_item(ch, len, "mpsc_try_recv");
	lock_acquire(&ch->lock);
	err = take(ch, slot, &granted, &dead);
	lock_release(&ch->lock);
	mpsc__blocks_free(dead);
	waker_wake(&granted);
	return err;
}

/* All that a poll can meet. Called with the lock held, releases it. */
static __attribute__((noinline)) enum poll recv_slowly(struct mpsc_recv *r, struct context *cx)
{
	struct mpsc *ch = r->chan;
	struct mpsc_block *dead = NULL;
	struct waker mine = { 0 }, granted = { 0 };
	int err;

	while ((err = take(ch, r->slot, &granted, &dead)) == -EAGAIN) {
		if (wait_for_item(ch, r, cx->waker, &mine)) {
			waker_drop(&mine);
			return POLL_PENDING;
		}
		lock_acquire(&ch->lock);
	}
	r->err = err;
	lock_release(&ch->lock);
	mpsc__blocks_free(dead);
	waker_wake(&granted);
	waker_drop(&mine);
	context_spend(cx);
	return POLL_READY;
}

/* What most polls meet is an item, and nobody in line for its slot: kept short, for speed. */
static enum poll recv_poll(struct future *f, struct context *cx)
{
	struct mpsc_recv *r = future_of(f, struct mpsc_recv);
	struct mpsc *ch = r->chan;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	mpsc__check_item(ch, r->len, "mpsc_recv");
	lock_acquire(&ch->lock);
	if (ch->n_queued == 0 || ch->get.at == ch->get.end || !waiter_list_is_empty(&ch->senders))
		return recv_slowly(r, cx);
	mpsc__get(ch, r->slot, NULL);
	ch->n_free++;
	lock_release(&ch->lock);
	r->err = 0;
	context_spend(cx);
	return POLL_READY;
}

static void recv_drop(struct future *f)
{
	struct mpsc_recv *r = future_of(f, struct mpsc_recv);

	stop_waiting(r->chan, r);
}

const struct future_ops mpsc__recv_ops = FUTURE_OPS("mpsc_recv", recv_poll, recv_drop);

/* --- Many items --- */

/* How many, or -EAGAIN, -EPIPE. The slots that they freed are reserved. Under the lock. */
static long take_many(struct mpsc *ch, void *array, size_t max, struct mpsc_block **dead)
{
	size_t n = ch->n_queued < max ? ch->n_queued : max;
	unsigned char *slot = array;

	if (max == 0)
		return 0;
	if (n == 0)
		return mpsc__has_ended(ch) ? -EPIPE : -EAGAIN;
	for (size_t i = 0; i < n; i++, slot += ch->len)
		mpsc__get(ch, slot, dead);
	ch->n_reserved += n;
	return (long)n;
}

long mpsc__try_recv_many(struct mpsc_receiver *rx, void *array, size_t max, size_t len)
{
	struct mpsc *ch = rx->chan;
	struct mpsc_block *dead = NULL;
	long n;

	mpsc__check_item(ch, len, "mpsc_try_recv_many");
	lock_acquire(&ch->lock);
	n = take_many(ch, array, max, &dead);
	mpsc__release(ch, n > 0 ? (size_t)n : 0);
	mpsc__blocks_free(dead);
	return n;
}

static enum poll recv_many_poll(struct future *f, struct context *cx)
{
	struct mpsc_recv_many *r = future_of(f, struct mpsc_recv_many);
	struct mpsc_block *dead = NULL;
	struct waker mine = { 0 };
	long n;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	mpsc__check_item(r->chan, r->len, "mpsc_recv_many");
	for (;;) {
		lock_acquire(&r->chan->lock);
		n = take_many(r->chan, r->array, r->max, &dead);
		if (n != -EAGAIN)
			break;
		if (wait_for_item(r->chan, r, cx->waker, &mine)) {
			waker_drop(&mine);
			return POLL_PENDING;
		}
	}
	r->n = n > 0 ? (size_t)n : 0;
	r->err = n < 0 ? (int)n : 0;
	mpsc__release(r->chan, r->n);
	mpsc__blocks_free(dead);
	waker_drop(&mine);
	context_spend(cx);
	return POLL_READY;
}

static void recv_many_drop(struct future *f)
{
	struct mpsc_recv_many *r = future_of(f, struct mpsc_recv_many);

	stop_waiting(r->chan, r);
}

const struct future_ops mpsc__recv_many_ops =
	FUTURE_OPS("mpsc_recv_many", recv_many_poll, recv_many_drop);
