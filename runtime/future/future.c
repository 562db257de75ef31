/* future: how a future ends, and the guards that hold in every build. See future.h. */
#include "future/future.h"

enum poll future_over_poll(struct future *f, struct context *cx)
{
	(void)cx;
	bug(future_name(f), "polled after it was done: a finished future must not be polled again",
	    __FILE__, __LINE__);
}

const struct future_ops future_over = { .name = "future", .poll = future_over_poll };

const char *future_name(const struct future *f)
{
	if (!f || !f->ops)
		return "(never built)";
	return f->ops->name ? f->ops->name : "(no name)";
}

struct future *future__seen(struct future *f)
{
	struct future *child;

	while (future_is_live(f) && f->ops->is_unseen && (child = f->ops->child(f, 0)))
		f = child;
	return f;
}

#ifdef WEFT_DEBUG
void future__check_pinned(const struct future *f)
{
	if (f->pinned_at && f->pinned_at != f)
		bug(future_name(f),
		    "moved after its first poll: a future is pinned once polled, build it where it stays",
		    __FILE__, __LINE__);
}

void future__pin(struct future *f)
{
	future__check_pinned(f);
	f->pinned_at = f;
}
#endif
