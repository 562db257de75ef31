/* readiness: a source's memory as a future. See readiness.h. */
#include "reactor/readiness.h"

static enum poll readiness_poll(struct future *f, struct context *cx)
{
	struct readiness *r = future_of(f, struct readiness);

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	if (!source_may(r->source, r->side)) {
		r->err = source_wait(r->source, r->side, f, cx);
		if (!r->err)
			return POLL_PENDING;
	}
	r->ready = source_ready(r->source);
	source_leave(r->source, r->side, f);
	context_spend(cx);
	return POLL_READY;
}

static void readiness_drop(struct future *f)
{
	struct readiness *r = future_of(f, struct readiness);

	source_leave(r->source, r->side, f);
}

static const struct future_ops readiness_ops =
	FUTURE_OPS("readiness", readiness_poll, readiness_drop);

struct future *readiness(struct readiness *r, struct source *source, enum source_side side)
{
	*r = (struct readiness){ .future = future_init(&readiness_ops), .source = source,
				 .side = side };
	return &r->future;
}
