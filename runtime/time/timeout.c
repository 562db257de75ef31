/* timeout: a race that the child may begin. See timeout.h. */
#include "time/timeout.h"

/*
 * A child that took the last of the budget must not keep the deadline from being seen: it would do
 * the same at the next poll, for ever. So then the limit is asked with a unit of its own. Not if
 * nothing was left before: a loop over timeouts that expire at once has to yield some time, too.
 */
static enum poll poll_timeout(struct future *f, struct context *cx)
{
	struct timeout *t = future_of(f, struct timeout);
	bool had_budget = cx->budget > 0, is_on_credit;
	enum poll limit;

	if (future_poll(t->child, cx) == POLL_READY) {
		future_drop(&t->limit.future);
		return POLL_READY;
	}
	is_on_credit = had_budget && cx->budget == 0;
	cx->budget += is_on_credit;
	limit = future_poll(&t->limit.future, cx);
	if (is_on_credit)
		cx->budget = 0;
	if (limit == POLL_PENDING)
		return POLL_PENDING;
	future_drop(t->child);
	t->err = t->limit.err;
	t->expired = !t->err;
	return POLL_READY;
}

static void drop_timeout(struct future *f)
{
	struct timeout *t = future_of(f, struct timeout);

	future_drop(t->child);
	future_drop(&t->limit.future);
}

static struct future *child_of_timeout(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct timeout)->child : NULL;
}

static const struct future_ops timeout_ops =
	FUTURE_OPS_PARENT("timeout", poll_timeout, drop_timeout, child_of_timeout);

static struct future *init(struct timeout *t, struct future *child)
{
	t->future = future_init(&timeout_ops);
	t->child = child;
	t->expired = false;
	t->err = 0;
	return &t->future;
}

struct future *timeout(struct timeout *t, uint64_t ms, struct future *child)
{
	delay(&t->limit, ms);
	return init(t, child);
}

struct future *timeout_at(struct timeout *t, uint64_t deadline_ns, struct future *child)
{
	delay_until(&t->limit, deadline_ns);
	return init(t, child);
}
