/*
 * broadcast_wait: those who wait, for a value or for the end, and how they are woken.
 *
 * The one idea: nobody competes for a value, so nothing is handed over. Whoever is woken looks for
 * himself, and who is dropped instead has taken nothing away from anybody.
 */
#include "sync/broadcast_ring.h"

bool broadcast__wait(struct broadcast *b, struct broadcast_queue *q, struct waiter *w,
		     const struct waker *waker, struct waker *mine)
{
	bool waits = broadcast__waits(w);

	if (!waker_is_some(mine) && !(waits && waker_will_wake(&w->waker, waker))) {
		lock_release(&b->lock);
		*mine = waker_clone(waker);
		return false;
	}
	if (waits && waker_is_some(mine)) {
		waiter_swap_waker(w, mine);
	} else if (!waits) {
		*w = (struct waiter){ .waker = waker_take(mine) };
		waiter_list_push(&q->list, w);
		q->n++;
	}
	lock_release(&b->lock);
	return true;
}

struct waker broadcast__leave(struct broadcast_queue *q, struct waiter *w)
{
	if (broadcast__waits(w)) {
		waiter_list_remove(&q->list, w);
		q->n--;
	}
	return waker_take(&w->waker);
}

void broadcast__cancel(struct broadcast *b, struct broadcast_queue *q, struct waiter *w)
{
	struct waker stale;

	lock_acquire(&b->lock);
	stale = broadcast__leave(q, w);
	lock_release(&b->lock);
	waker_drop(&stale);
}

/*
 * As many as waited when it began: one that waits again while the lock is open has seen what
 * there was, and is no affair of this wake-up.
 */
void broadcast__wake_all(struct broadcast *b, struct broadcast_queue *q)
{
	struct wake_list wakes;
	size_t n = q->n;

	if (n == 0)
		return;
	wakes.n = 0;
	b->n_keep++;
	while (n > 0 && q->n > 0) {
		for (; n > 0 && q->n > 0 && !wake_list_is_full(&wakes); n--, q->n--)
			wake_list_take(&wakes, &waiter_list_pop(&q->list)->waker);
		lock_release(&b->lock);
		wake_list_fire(&wakes);
		lock_acquire(&b->lock);
	}
	b->n_keep--;
}

/* --- broadcast_closed: until the last receiver goes --- */

static enum poll poll_closed(struct future *f, struct context *cx)
{
	struct broadcast_closed *c = future_of(f, struct broadcast_closed);
	struct broadcast *b = c->chan;
	struct waker mine = { 0 }, stale;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	lock_acquire(&b->lock);
	while (b->n_rx > 0) {
		if (broadcast__wait(b, &b->closers, &c->waiter, cx->waker, &mine)) {
			waker_drop(&mine);
			return POLL_PENDING;
		}
		lock_acquire(&b->lock);
	}
	stale = broadcast__leave(&b->closers, &c->waiter);
	lock_release(&b->lock);
	waker_drop(&stale);
	waker_drop(&mine);
	context_spend(cx);
	return POLL_READY;
}

static void drop_closed(struct future *f)
{
	struct broadcast_closed *c = future_of(f, struct broadcast_closed);

	broadcast__cancel(c->chan, &c->chan->closers, &c->waiter);
}

static const struct future_ops broadcast_closed_ops =
	FUTURE_OPS("broadcast_closed", poll_closed, drop_closed);

struct future *broadcast_closed(struct broadcast_closed *c, const struct broadcast_sender *tx)
{
	bug_unless(tx->chan);
	*c = (struct broadcast_closed){ .future = future_init(&broadcast_closed_ops),
					.chan = tx->chan };
	return &c->future;
}
