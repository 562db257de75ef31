/* watch: a value, its version, and two queues of waiters. See watch.h. */
#include "sync/watch.h"

#include <errno.h>

#include "base/lock.h"
#include "base/mem.h"
#include "sync/item.h"

/* Everything is under the lock. */
struct watch {
	struct lock lock;
	uint32_t len;
	uint64_t version;            /* counts the changes */
	size_t n_tx, n_rx, n_keep;   /* n_keep: calls that opened the lock and will come back */
	struct waiter_list changers; /* wait for a change, or for the last sender to go */
	struct waiter_list closers;  /* wait for the last receiver to go */
	int (*clone_item)(void *dst, const void *src);
	void (*drop_item)(void *item);
	_Alignas(max_align_t) unsigned char item[];
};

int watch__open(struct watch_sender *tx, struct watch_receiver *rx, size_t len, const void *initial,
		size_t initial_len, int (*clone_item)(void *, const void *),
		void (*drop_item)(void *))
{
	struct watch *w;

	if (len > WATCH_ITEM_MAX)
		return -EINVAL;
	bug_unless(initial_len == len);
	w = mem_alloc(sizeof *w + len);
	if (!w)
		return -ENOMEM;
	*w = (struct watch){ .len = (uint32_t)len,
			     .n_tx = 1,
			     .n_rx = 1,
			     .clone_item = clone_item,
			     .drop_item = drop_item };
	item_copy(w->item, initial, len);
	tx->chan = w;
	*rx = (struct watch_receiver){ .chan = w };
	return 0;
}

/*
 * With the lock held; returns with it released, and the channel freed if this was the last handle.
 */
static void release(struct watch *w)
{
	bool is_last = w->n_tx + w->n_rx + w->n_keep == 0;

	lock_release(&w->lock);
	if (!is_last)
		return;
	if (w->drop_item)
		w->drop_item(w->item);
	mem_free(w, sizeof *w + w->len);
}

/*
 * Wakes who waits in `list` now; with the lock held, opened for each batch. Who waits again
 * meanwhile is behind the last that waited when it began, and so, unless one of those has left, is
 * not woken for nothing. While the lock is open the last handles may go: the caller ends with
 * release().
 */
static void wake_all(struct watch *w, struct waiter_list *list)
{
	struct wake_list wakes;
	size_t n = 0;

	for (struct waiter *i = list->first; i; i = i->next)
		n++;
	wakes.n = 0;
	w->n_keep++;
	while (n > 0 && !waiter_list_is_empty(list)) {
		for (; n > 0 && !wake_list_is_full(&wakes) && !waiter_list_is_empty(list); n--)
			wake_list_take(&wakes, &waiter_list_pop(list)->waker);
		lock_release(&w->lock);
		wake_list_fire(&wakes);
		lock_acquire(&w->lock);
	}
	w->n_keep--;
}

static void check_len(const struct watch *w, size_t len)
{
	bug_unless(w);
	if (w->len != len)
		bug("watch", "the value has another size than the channel was opened for", NULL, 0);
}

/* --- Senders --- */

int watch__send(const struct watch_sender *tx, const void *item, size_t len, bool always)
{
	_Alignas(max_align_t) unsigned char old[WATCH_ITEM_MAX];
	struct watch *w = tx->chan;
	void (*drop_item)(void *item);

	check_len(w, len);
	drop_item = w->drop_item;
	lock_acquire(&w->lock);
	if (w->n_rx == 0 && !always) {
		lock_release(&w->lock);
		return -EPIPE;
	}
	if (drop_item)
		item_copy(old, w->item, len);
	item_copy(w->item, item, len);
	w->version++;
	wake_all(w, &w->changers);
	release(w); /* a waker may have given up every handle, this one too */
	if (drop_item)
		drop_item(old);
	return 0;
}

bool watch_modify(const struct watch_sender *tx, bool (*fn)(void *item, void *arg), void *arg)
{
	struct watch *w = tx->chan;
	bool changed;

	bug_unless(w);
	lock_acquire(&w->lock);
	changed = fn(w->item, arg);
	if (changed) {
		w->version++;
		wake_all(w, &w->changers);
	}
	release(w); /* see watch__send */
	return changed;
}

struct watch_sender watch_sender_clone(const struct watch_sender *tx)
{
	lock_acquire(&tx->chan->lock);
	tx->chan->n_tx++;
	lock_release(&tx->chan->lock);
	return *tx;
}

void watch_sender_drop(struct watch_sender *tx)
{
	struct watch *w = tx->chan;

	tx->chan = NULL;
	if (!w)
		return;
	lock_acquire(&w->lock);
	if (--w->n_tx == 0)
		wake_all(w, &w->changers);
	release(w);
}

struct watch_receiver watch_subscribe(const struct watch_sender *tx)
{
	struct watch_receiver rx = { .chan = tx->chan };

	lock_acquire(&rx.chan->lock);
	rx.chan->n_rx++;
	rx.seen = rx.chan->version;
	lock_release(&rx.chan->lock);
	return rx;
}

size_t watch_n_receivers(const struct watch_sender *tx)
{
	size_t n;

	lock_acquire(&tx->chan->lock);
	n = tx->chan->n_rx;
	lock_release(&tx->chan->lock);
	return n;
}

bool watch_is_closed(const struct watch_sender *tx)
{
	return watch_n_receivers(tx) == 0;
}

/* --- Receivers --- */

static int copy_out(const struct watch *w, void *slot)
{
	if (w->clone_item)
		return w->clone_item(slot, w->item);
	item_copy(slot, w->item, w->len);
	return 0;
}

int watch__get(struct watch_receiver *rx, void *slot, size_t len, bool mark)
{
	struct watch *w = rx->chan;
	int err;

	check_len(w, len);
	lock_acquire(&w->lock);
	err = copy_out(w, slot);
	if (mark && !err)
		rx->seen = w->version;
	lock_release(&w->lock);
	return err;
}

int watch_has_changed(const struct watch_receiver *rx)
{
	struct watch *w = rx->chan;
	int result;

	lock_acquire(&w->lock);
	result = w->n_tx == 0 ? -EPIPE : rx->seen != w->version;
	lock_release(&w->lock);
	return result;
}

/* Any other number than the present one will do; the counting may wrap. */
void watch_mark_changed(struct watch_receiver *rx)
{
	lock_acquire(&rx->chan->lock);
	rx->seen = rx->chan->version - 1;
	lock_release(&rx->chan->lock);
}

void watch_mark_unchanged(struct watch_receiver *rx)
{
	lock_acquire(&rx->chan->lock);
	rx->seen = rx->chan->version;
	lock_release(&rx->chan->lock);
}

struct watch_receiver watch_receiver_clone(const struct watch_receiver *rx)
{
	lock_acquire(&rx->chan->lock);
	rx->chan->n_rx++;
	lock_release(&rx->chan->lock);
	return *rx;
}

void watch_receiver_drop(struct watch_receiver *rx)
{
	struct watch *w = rx->chan;

	rx->chan = NULL;
	if (!w)
		return;
	lock_acquire(&w->lock);
	if (--w->n_rx == 0)
		wake_all(w, &w->closers);
	release(w);
}

/* --- Waiting --- */

/*
 * All three futures wait alike: `has_come` looks, under the lock. If it has not come the waiter is
 * queued with the right waker; that may take a clone, made with the lock open, and a second look.
 */
static bool come_or_wait(struct watch *w, struct waiter_list *list, struct waiter *waiter,
			 bool (*has_come)(void *future), void *future, const struct waker *waker)
{
	struct waker fresh = { 0 };
	bool come, queued;

	for (bool has_fresh = false;; has_fresh = true) {
		lock_acquire(&w->lock);
		come = has_come(future);
		queued = waiter_is_queued(list, waiter);
		if (come && queued)
			waiter_list_remove(list, waiter);
		if (come || has_fresh || (queued && waker_will_wake(&waiter->waker, waker)))
			break;
		lock_release(&w->lock);
		fresh = waker_clone(waker);
	}
	if (!come && waker_is_some(&fresh)) {
		waiter_swap_waker(waiter, &fresh);
		if (!queued)
			waiter_list_push(list, waiter);
	}
	lock_release(&w->lock);
	waker_drop(&fresh);
	if (come)
		waker_drop(&waiter->waker);
	return come;
}

static void stop_waiting(struct watch *w, struct waiter_list *list, struct waiter *waiter)
{
	struct waker stale;

	lock_acquire(&w->lock);
	if (waiter_is_queued(list, waiter))
		waiter_list_remove(list, waiter);
	stale = waker_take(&waiter->waker);
	lock_release(&w->lock);
	waker_drop(&stale);
}

/* watch_changed */

static bool change_has_come(void *future)
{
	struct watch_changed *c = future;
	struct watch *w = c->rx->chan;

	if (c->rx->seen == w->version && w->n_tx > 0)
		return false;
	c->err = c->rx->seen == w->version ? -EPIPE : 0;
	c->rx->seen = w->version;
	return true;
}

static enum poll poll_changed(struct future *f, struct context *cx)
{
	struct watch_changed *c = future_of(f, struct watch_changed);
	struct watch *w = c->rx->chan;

	if (!context_may_proceed(cx) ||
	    !come_or_wait(w, &w->changers, &c->waiter, change_has_come, c, cx->waker))
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void drop_changed(struct future *f)
{
	struct watch_changed *c = future_of(f, struct watch_changed);

	stop_waiting(c->rx->chan, &c->rx->chan->changers, &c->waiter);
}

static const struct future_ops watch_changed_ops =
	FUTURE_OPS("watch_changed", poll_changed, drop_changed);

struct future *watch_changed(struct watch_changed *c, struct watch_receiver *rx)
{
	bug_unless(rx->chan);
	*c = (struct watch_changed){ .future = future_init(&watch_changed_ops),
				     .rx = rx,
				     .err = -ECANCELED };
	return &c->future;
}

/* watch_wait_for */

/*
 * A version that has not been judged is copied out; what it is worth is decided outside the lock.
 * One that cannot be copied ends the wait, and is not counted as seen.
 */
static bool candidate_has_come(void *future)
{
	struct watch_wait_for *p = future;
	struct watch *w = p->rx->chan;
	bool is_judged = p->has_judged && p->judged == w->version;

	if (is_judged && w->n_tx > 0)
		return false;
	p->err = is_judged ? -EPIPE : copy_out(w, p->slot);
	if (p->err)
		return true;
	p->judged = p->rx->seen = w->version;
	p->has_judged = true;
	return true;
}

/* Each judgement costs a unit: a sender quicker than `is_wanted` must not keep the task here. */
static enum poll poll_wait_for(struct future *f, struct context *cx)
{
	struct watch_wait_for *p = future_of(f, struct watch_wait_for);
	struct watch *w = p->rx->chan;

	check_len(w, p->len);
	while (context_may_proceed(cx)) {
		if (!come_or_wait(w, &w->changers, &p->waiter, candidate_has_come, p, cx->waker))
			return POLL_PENDING;
		context_spend(cx);
		if (p->err || p->is_wanted(p->slot, p->arg))
			return POLL_READY;
		if (w->drop_item)
			w->drop_item(p->slot);
	}
	return POLL_PENDING;
}

/* What is in *slot has been judged and destroyed. */
static void drop_wait_for(struct future *f)
{
	struct watch_wait_for *p = future_of(f, struct watch_wait_for);

	p->err = -ECANCELED;
	stop_waiting(p->rx->chan, &p->rx->chan->changers, &p->waiter);
}

static const struct future_ops watch_wait_for_ops =
	FUTURE_OPS("watch_wait_for", poll_wait_for, drop_wait_for);

struct future *watch__wait_for(struct watch_wait_for *p, struct watch_receiver *rx, void *slot,
			       size_t len, bool (*is_wanted)(const void *, void *), void *arg)
{
	bug_unless(rx->chan);
	*p = (struct watch_wait_for){ .future = future_init(&watch_wait_for_ops),
				      .rx = rx,
				      .slot = slot,
				      .is_wanted = is_wanted,
				      .arg = arg,
				      .len = (uint32_t)len,
				      .err = -ECANCELED };
	return &p->future;
}

/* watch_closed */

static bool close_has_come(void *future)
{
	return ((struct watch_closed *)future)->chan->n_rx == 0;
}

static enum poll poll_closed(struct future *f, struct context *cx)
{
	struct watch_closed *c = future_of(f, struct watch_closed);
	struct watch *w = c->chan;

	if (!context_may_proceed(cx) ||
	    !come_or_wait(w, &w->closers, &c->waiter, close_has_come, c, cx->waker))
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void drop_closed(struct future *f)
{
	struct watch_closed *c = future_of(f, struct watch_closed);

	stop_waiting(c->chan, &c->chan->closers, &c->waiter);
}

static const struct future_ops watch_closed_ops =
	FUTURE_OPS("watch_closed", poll_closed, drop_closed);

struct future *watch_closed(struct watch_closed *c, const struct watch_sender *tx)
{
	bug_unless(tx->chan);
	*c = (struct watch_closed){ .future = future_init(&watch_closed_ops), .chan = tx->chan };
	return &c->future;
}
