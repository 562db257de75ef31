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

/* Moves the waker out. The owner stays on record: until it is done, nobody else may wait here. */
static struct waker take(struct source *s, enum source_side side)
{
	struct source_waiter *w = &s->waiter[side];

	if (waker_is_some(&w->waker)) {
		bug_unless(s->reactor && s->reactor->n_waiting > 0);
		s->reactor->n_waiting--;
	}
	return waker_take(&w->waker);
}

struct waker source__take(struct source *s, enum source_side side)
{
	s->ready |= (unsigned char)(1u << side);
	return take(s, side);
}

void source__forget(struct source *s, enum source_side side)
{
	struct waker stale = take(s, side);

	s->waiter[side].owner = NULL;
	waker_drop(&stale);
}

/* Ends everything that is known of the descriptor; the two wakers are handed over. */
static int part(struct source *s, struct waker left[2], bool stays_open)
{
	int fd = s->fd;

	left[SOURCE_READER] = take(s, SOURCE_READER);
	left[SOURCE_WRITER] = take(s, SOURCE_WRITER);
	if (s->reactor)
		reactor__detach(s->reactor, s, stays_open);
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
	bug_unless(!from->waiter[SOURCE_READER].owner && !from->waiter[SOURCE_WRITER].owner);
	*to = *from;
	*from = (struct source){ 0 };
	if (to->reactor) {
		bug_unless(to->reactor->slots[to->slot].source == from);
		to->reactor->slots[to->slot].source = to;
	}
}

/* Registered with the reactor of this context, from now on if not before? */
static int settle(struct source *s, const struct context *cx)
{
	struct reactor *here = cx->rt ? cx->rt->reactor : NULL;

	if (!s->is_open)
		return -EBADF;
	if (!here)
		return -ENOTSUP;
	if (s->reactor)
		return s->reactor == here ? 0 : -EINVAL;
	return reactor__attach(here, s);
}

int source_wait(struct source *s, enum source_side side, const struct future *owner,
		struct context *cx)
{
	struct source_waiter *w = &s->waiter[side];
	int err = settle(s, cx);

	if (err)
		return err;
	if (w->owner && w->owner != owner)
		bug(future_name(owner),
		    side == SOURCE_READER ? "another future is already reading from this descriptor"
					  : "another future is already writing to this descriptor",
		    __FILE__, __LINE__);
	if (s->reactor->slots[s->slot].source != s)
		bug(future_name(owner), "its stream was moved after it had been waited on",
		    __FILE__, __LINE__);
	if (!waker_is_some(&w->waker))
		s->reactor->n_waiting++;
	w->owner = owner;
	waker_refresh(&w->waker, cx->waker);
	return 0;
}
