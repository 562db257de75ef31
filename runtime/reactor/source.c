/* source: what readiness means to whoever waits for it; the driver has the rest. See source.h. */
#include "reactor/source.h"

#include <errno.h>

#include "base/sys.h"
#include "reactor/reactor.h"

/* What is "known" of a descriptor about which nothing was heard yet. */
enum { PERHAPS = SOURCE_READABLE | SOURCE_WRITABLE };

void source_open(struct source *s, int fd)
{
	bug_unless(fd >= 0);
	*s = (struct source){ .fd = fd, .is_open = true, .ready = PERHAPS };
}

void source__event(struct source *s, unsigned ready)
{
	uint32_t now = atomic_load_explicit(&s->ready, memory_order_relaxed);

	if (lock_alone()) {
		atomic_store_explicit(&s->ready, (now | ready) + SOURCE__EVENT, memory_order_relaxed);
		return;
	}
	while (!atomic_compare_exchange_weak_explicit(&s->ready, &now, (now | ready) + SOURCE__EVENT,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

/* The owner stays on record: until it is done, nobody else may wait here. */
struct waker source__take(struct source *s, enum source_side side)
{
	struct source_waiter *w = &s->waiter[side];

	if (waker_is_some(&w->waker))
		reactor__count_waiting(s->reactor, -1);
	return waker_take(&w->waker);
}

/* Only who waits has a waker there, and who waits is registered. */
void source__forget(struct source *s, enum source_side side)
{
	struct reactor *r = s->reactor;
	struct waker stale = { 0 };

	if (r) {
		lock_acquire(&r->lock);
		stale = source__take(s, side);
		lock_release(&r->lock);
	}
	s->waiter[side].owner = NULL;
	waker_drop(&stale);
}

/* Ends everything that is known of the descriptor; the two wakers are handed over. */
static int part(struct source *s, struct waker left[2], bool stays_open)
{
	struct reactor *r = s->reactor;
	int fd = s->fd;

	left[SOURCE_READER] = left[SOURCE_WRITER] = (struct waker){ 0 };
	if (r) {
		lock_acquire(&r->lock);
		left[SOURCE_READER] = source__take(s, SOURCE_READER);
		left[SOURCE_WRITER] = source__take(s, SOURCE_WRITER);
		reactor__detach(r, s, stays_open);
		lock_release(&r->lock);
	}
	*s = (struct source){ 0 };
	return fd;
}

void source_close(struct source *s)
{
	struct waker left[2];

	if (!s->is_open)
		return;
	sys_ops->close(part(s, left, false));
	waker_wake(&left[SOURCE_READER]);
	waker_wake(&left[SOURCE_WRITER]);
}

int source_release(struct source *s)
{
	struct waker left[2];
	int fd;

	if (!s->is_open)
		return -EBADF;
	fd = part(s, left, true);
	waker_wake(&left[SOURCE_READER]);
	waker_wake(&left[SOURCE_WRITER]);
	return fd;
}

void source_move(struct source *to, struct source *from)
{
	struct reactor *r = from->reactor;

	bug_unless(!from->waiter[SOURCE_READER].owner && !from->waiter[SOURCE_WRITER].owner);
	if (r)
		lock_acquire(&r->lock);
	*to = *from;
	*from = (struct source){ 0 };
	if (r) {
		bug_unless(r->slots[to->slot].source == from);
		r->slots[to->slot].source = to;
		lock_release(&r->lock);
	}
}

/* Under the lock: registered with this reactor, from now on if not before? */
static int settle(struct source *s, struct reactor *here)
{
	if (s->reactor)
		return s->reactor == here ? 0 : -EINVAL;
	return reactor__attach(here, s);
}

static void check(const struct source *s, enum source_side side, const struct future *owner)
{
	const struct source_waiter *w = &s->waiter[side];

	if (w->owner && w->owner != owner)
		bug(future_name(owner),
		    side == SOURCE_READER ? "another future is already reading from this descriptor"
					  : "another future is already writing to this descriptor",
		    __FILE__, __LINE__);
	if (s->reactor->slots[s->slot].source != s)
		bug(future_name(owner), "its stream was moved after it had been waited on",
		    __FILE__, __LINE__);
}

/*
 * Under the lock: leaves the waker, with the stale one in its place. True: it is ready after all, and
 * nothing was left.
 */
static bool leave_waker(struct source *s, enum source_side side, const struct future *owner,
			struct waker *fresh)
{
	struct source_waiter *w = &s->waiter[side];
	struct waker stale = w->waker;

	check(s, side, owner);
	w->owner = owner;
	if (source_ready(s) & (1u << side))
		return true;
	if (!waker_is_some(&stale))
		reactor__count_waiting(s->reactor, 1);
	w->waker = *fresh;
	*fresh = stale;
	return false;
}

/*
 * Polled again, with nothing new: the waker that is there is the right one, and no clone is made. Who is
 * asked for first is the owner: one that we have put there ourselves came with the registration. Else
 * the other side's task may be about to register, on another worker.
 */
static bool waits_already(struct source *s, enum source_side side, const struct future *owner,
			  struct reactor *here, const struct waker *w)
{
	bool waits;

	if (s->waiter[side].owner != owner || s->reactor != here)
		return false;
	lock_acquire(&here->lock);
	waits = waker_will_wake(&s->waiter[side].waker, w);
	lock_release(&here->lock);
	return waits;
}

int source_wait(struct source *s, enum source_side side, const struct future *owner,
		struct context *cx)
{
	struct reactor *here = cx->rt ? cx->rt->reactor : NULL;
	struct waker fresh;
	bool is_ready = false;
	int err;

	if (!s->is_open)
		return -EBADF;
	if (!here)
		return -ENOTSUP;
	if (waits_already(s, side, owner, here, cx->waker))
		return 0;
	fresh = waker_clone(cx->waker);
	lock_acquire(&here->lock);
	err = settle(s, here);
	if (!err)
		is_ready = leave_waker(s, side, owner, &fresh);
	lock_release(&here->lock);
	if (is_ready)
		waker_wake(&fresh);
	else
		waker_drop(&fresh);
	return err;
}
