/* until_cancelled: a race in which one side needs no poll to be seen. See until_cancelled.h. */
#include "sync/until_cancelled.h"

static bool is_cancelled(const struct until_cancelled *u)
{
	return cancel_token_is_cancelled(&(struct cancel_token){ u->cancelled.node });
}

static enum poll until_cancelled_poll(struct future *f, struct context *cx)
{
	struct until_cancelled *u = future_of(f, struct until_cancelled);

	if (!is_cancelled(u) && future_poll(u->child, cx) == POLL_READY) {
		future_drop(&u->cancelled.future);
		return POLL_READY;
	}
	if (future_poll(&u->cancelled.future, cx) == POLL_PENDING)
		return POLL_PENDING;
	future_drop(u->child);
	u->was_cancelled = true;
	return POLL_READY;
}

static void until_cancelled_drop(struct future *f)
{
	struct until_cancelled *u = future_of(f, struct until_cancelled);

	future_drop(u->child);
	future_drop(&u->cancelled.future);
}

static struct future *until_cancelled_child(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct until_cancelled)->child : NULL;
}

static const struct future_ops until_cancelled_ops =
	FUTURE_OPS_PARENT("until_cancelled", until_cancelled_poll, until_cancelled_drop,
			  until_cancelled_child);

struct future *until_cancelled(struct until_cancelled *u, const struct cancel_token *t,
			       struct future *child)
{
	u->future = future_init(&until_cancelled_ops);
	u->child = child;
	cancelled(&u->cancelled, t);
	u->was_cancelled = false;
	return &u->future;
}
