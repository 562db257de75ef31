/* barrier: a count that starts over, and a queue of those who wait for that. See barrier.h. */
#include "sync/barrier.h"

static struct barrier_wait *wait_of(struct waiter *w)
{
	return (void *)((char *)w - offsetof(struct barrier_wait, waiter));
}

/* Its round has ended. Under the lock, as all that follow. */
static bool has_passed(const struct barrier_wait *w)
{
	return w->has_come && w->round != w->barrier->round;
}

/* The first in line, if its round has ended. Those of later rounds are behind it. */
static struct waiter *first_passed(const struct barrier *b)
{
	struct waiter *first = b->queue.first;

	return first && has_passed(wait_of(first)) ? first : NULL;
}

/*
 * Called with the lock held, returns without it. While it is open, rounds may end: whoever ends one
 * wakes who is left of this.
 */
static void wake_and_unlock(struct barrier *b)
{
	struct wake_list wakes;
	struct waiter *w;
	bool more;

	do {
		wakes.n = 0;
		while ((w = first_passed(b)) && !wake_list_is_full(&wakes)) {
			waiter_list_remove(&b->queue, w);
			wake_list_take(&wakes, &w->waker);
		}
		more = w != NULL;
		lock_release(&b->lock);
		wake_list_fire(&wakes);
		if (more)
			lock_acquire(&b->lock);
	} while (more);
}

/* True if it need not wait (any more): the last of a round ends it. */
static bool settle(struct barrier_wait *w)
{
	struct barrier *b = w->barrier;

	if (w->has_come)
		return has_passed(w);
	if (b->n_come + 1 < b->n)
		return false;
	b->n_come = 0;
	b->round++;
	w->is_leader = true;
	return true;
}

/* Takes its place in the round, if it has none, and leaves a waker; the stale one comes back. */
static void stay(struct barrier_wait *w, struct waker *fresh)
{
	struct barrier *b = w->barrier;

	if (!w->has_come) {
		b->n_come++;
		w->round = b->round;
		w->has_come = true;
		waiter_list_push(&b->queue, &w->waiter);
	}
	waiter_swap_waker(&w->waiter, fresh);
}

/* Out of the queue, if it is in it. What is returned is to be dropped after the lock. */
static struct waker leave(struct barrier_wait *w)
{
	if (waiter_is_queued(&w->barrier->queue, &w->waiter))
		waiter_list_remove(&w->barrier->queue, &w->waiter);
	return waker_take(&w->waiter.waker);
}

/* See its namesake in semaphore.c: the lock is open over clone(), so all is looked at again. */
static bool settle_or_wait(struct barrier_wait *w, const struct waker *waker,
			   struct waker *left_over)
{
	lock_release(&w->barrier->lock);
	*left_over = waker_clone(waker);
	lock_acquire(&w->barrier->lock);
	if (settle(w))
		return true;
	stay(w, left_over);
	return false;
}

static enum poll barrier_wait_poll(struct future *f, struct context *cx)
{
	struct barrier_wait *w = future_of(f, struct barrier_wait);
	struct waker left_over = { 0 }, stale = { 0 };
	bool settled;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	lock_acquire(&w->barrier->lock);
	settled = settle(w);
	if (!settled && !waker_will_wake(&w->waiter.waker, cx->waker))
		settled = settle_or_wait(w, cx->waker, &left_over);
	if (settled)
		stale = leave(w);
	if (w->is_leader)
		wake_and_unlock(w->barrier);
	else
		lock_release(&w->barrier->lock);
	waker_drop(&left_over);
	waker_drop(&stale);
	if (!settled)
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void barrier_wait_drop(struct future *f)
{
	struct barrier_wait *w = future_of(f, struct barrier_wait);
	struct waker stale;

	lock_acquire(&w->barrier->lock);
	if (w->has_come && !has_passed(w))
		w->barrier->n_come--;
	stale = leave(w);
	lock_release(&w->barrier->lock);
	waker_drop(&stale);
}

static const struct future_ops barrier_wait_ops =
	FUTURE_OPS("barrier_wait", barrier_wait_poll, barrier_wait_drop);

void barrier_init(struct barrier *b, unsigned n)
{
	*b = (struct barrier){ .n = n };
}

struct future *barrier_wait(struct barrier_wait *w, struct barrier *b)
{
	*w = (struct barrier_wait){ .future = future_init(&barrier_wait_ops), .barrier = b };
	return &w->future;
}
