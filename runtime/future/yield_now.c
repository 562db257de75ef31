/* yield_now: see yield_now.h. */
#include "future/yield_now.h"

/* No budget is asked for: a leaf that always lets go of the thread once cannot starve anybody. */
static enum poll yield_now_poll(struct future *f, struct context *cx)
{
	struct yield_now *y = future_of(f, struct yield_now);

	if (y->yielded)
		return POLL_READY;
	y->yielded = true;
	waker_wake_by_ref(cx->waker);
	return POLL_PENDING;
}

const struct future_ops yield_now__ops = FUTURE_OPS("yield_now", yield_now_poll, NULL);
