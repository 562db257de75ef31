/* join: both forms, over one loop. See join.h. */
#include "future/join.h"

/*
 * A join that had nobody to poll is itself a leaf that is always ready, and so the budget is its
 * business; otherwise its children have seen to it.
 */
static enum poll poll_all(struct future *const *children, size_t n, size_t first,
			  struct context *cx)
{
	size_t n_polled = 0, n_pending = 0;

	for (size_t k = 0, i = first; k < n; k++, i = children__next(i, n)) {
		struct future *child = children[i];

		if (!child || future_is_over(child))
			continue;
		n_polled++;
		n_pending += future_poll(child, cx) == POLL_PENDING;
	}
	if (n_polled == 0) {
		if (!context_may_proceed(cx))
			return POLL_PENDING;
		context_spend(cx);
	}
	return n_pending ? POLL_PENDING : POLL_READY;
}

static enum poll join_poll(struct future *f, struct context *cx)
{
	struct join *j = future_of(f, struct join);
	unsigned first = j->first;

	j->first = (unsigned)children__next(first, j->n);
	return poll_all(j->child, j->n, first, cx);
}

static void join_drop(struct future *f)
{
	struct join *j = future_of(f, struct join);

	children__drop(j->child, j->n);
}

static struct future *join_child(struct future *f, unsigned i)
{
	struct join *j = future_of(f, struct join);

	return children__live(j->child, j->n, i);
}

static const struct future_ops join_ops =
	FUTURE_OPS_PARENT("join", join_poll, join_drop, join_child);

/* Field by field: to zero all eight places would cost more than the rest. */
struct future *join__init(struct join *j, unsigned n, struct future *const *children)
{
	bug_unless(n <= CHILDREN_MAX);
	j->future = future_init(&join_ops);
	j->n = n;
	j->first = 0;
	for (unsigned i = 0; i < n; i++)
		j->child[i] = children[i];
	return &j->future;
}

static enum poll join_array_poll(struct future *f, struct context *cx)
{
	struct join_array *j = future_of(f, struct join_array);
	size_t first = j->first;

	j->first = children__next(first, j->n);
	return poll_all(j->children, j->n, first, cx);
}

static void join_array_drop(struct future *f)
{
	struct join_array *j = future_of(f, struct join_array);

	children__drop(j->children, j->n);
}

static struct future *join_array_child(struct future *f, unsigned i)
{
	struct join_array *j = future_of(f, struct join_array);

	return children__live(j->children, j->n, i);
}

static const struct future_ops join_array_ops =
	FUTURE_OPS_PARENT("join_array", join_array_poll, join_array_drop, join_array_child);

struct future *join_array(struct join_array *j, struct future *const *children, size_t n)
{
	bug_unless(children || n == 0);
	*j = (struct join_array){ .future = future_init(&join_array_ops), .children = children,
				  .n = n };
	return &j->future;
}
