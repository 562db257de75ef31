/*
 * yield_now: the two halves of a yield. See yield_now.h.
 *
 * Neither asks for budget: a leaf that always lets go of the thread once cannot starve anybody.
 */
#include "future/yield_now.h"

static enum poll yielded_poll(struct future *f, struct context *cx)
{
	(void)f;
	(void)cx;
	return POLL_READY;
}

static const struct future_ops yielded_ops = FUTURE_OPS("yield_now", yielded_poll, NULL);

static enum poll yield_now_poll(struct future *f, struct context *cx)
{
	f->ops = &yielded_ops;
	waker_wake_by_ref(cx->waker);
	return POLL_PENDING;
}

const struct future_ops yield_now__ops = FUTURE_OPS("yield_now", yield_now_poll, NULL);
