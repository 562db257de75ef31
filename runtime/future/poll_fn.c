/* poll_fn: see poll_fn.h. */
#include "future/poll_fn.h"

static enum poll poll_fn_poll(struct future *f, struct context *cx)
{
	struct poll_fn *p = future_of(f, struct poll_fn);
	enum poll polled;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	polled = p->fn(p->arg, cx);
	if (polled == POLL_READY)
		context_spend(cx);
	return polled;
}

static const struct future_ops poll_fn_ops = FUTURE_OPS("poll_fn", poll_fn_poll, NULL);

struct future *poll_fn(struct poll_fn *p, enum poll (*fn)(void *arg, struct context *cx), void *arg)
{
	*p = (struct poll_fn){ .future = future_init(&poll_fn_ops), .fn = fn, .arg = arg };
	return &p->future;
}
