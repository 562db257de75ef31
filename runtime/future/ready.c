/* ready: see ready.h. */
#include "future/ready.h"

static enum poll ready_poll(struct future *f, struct context *cx)
{
	(void)f;
	if (!context_may_proceed(cx))
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static const struct future_ops ready_ops = FUTURE_OPS("ready", ready_poll, NULL);

struct future *ready(struct ready *r)
{
	*r = (struct ready){ .future = future_init(&ready_ops) };
	return &r->future;
}
