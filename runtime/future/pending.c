/* pending: see pending.h. */
#include "future/pending.h"

static enum poll pending_poll(struct future *f, struct context *cx)
{
	(void)f;
	(void)cx;
	return POLL_PENDING;
}

static const char *pending_where(struct future *f)
{
	(void)f;
	return "waiting for nothing: it is never ready";
}

static const struct future_ops pending_ops = { .name = "pending",
					       .poll = pending_poll,
					       .where = pending_where,
					       .over = FUTURE_OVER("pending") };

struct future *pending(struct pending *p)
{
	*p = (struct pending){ .future = future_init(&pending_ops) };
	return &p->future;
}
