/* select: all forms, over one loop. See select.h. */
#include "future/select.h"

#include <limits.h>

/*
 * A select whose branches are all disabled is itself a leaf that is always ready, and so the budget
 * is its business; otherwise its children have seen to it.
 */
static enum poll poll_until_ready(struct future *const *children, size_t n, size_t first,
				  int *winner, struct context *cx)
{
	bool enabled = false;

	for (size_t k = 0, i = first; k < n; k++, i = children__next(i, n)) {
		if (!children[i])
			continue;
		enabled = true;
		if (future_poll(children[i], cx) == POLL_READY) {
			*winner = (int)i;
			children__drop(children, n);
			return POLL_READY;
		}
	}
	if (enabled || !context_may_proceed(cx))
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static enum poll select_poll(struct future *f, struct context *cx)
{
	struct select *s = future_of(f, struct select);

	return poll_until_ready(s->child, s->n, s->first, &s->winner, cx);
}

static void select_drop(struct future *f)
{
	struct select *s = future_of(f, struct select);

	children__drop(s->child, s->n);
}

static struct future *select_child(struct future *f, unsigned i)
{
	struct select *s = future_of(f, struct select);

	return children__live(s->child, s->n, i);
}

static const struct future_ops select_ops =
	FUTURE_OPS_PARENT("select", select_poll, select_drop, select_child);

/* Field by field: to zero all eight places would cost more than the rest. */
struct future *select__init(struct select *s, unsigned turn, unsigned n,
			    struct future *const *children)
{
	bug_unless(n > 0 && n <= CHILDREN_MAX);
	s->future = future_init(&select_ops);
	s->winner = -1;
	s->n = n;
	s->first = turn % n;
	for (unsigned i = 0; i < n; i++)
		s->child[i] = children[i];
	return &s->future;
}

static enum poll select_array_poll(struct future *f, struct context *cx)
{
	struct select_array *s = future_of(f, struct select_array);

	return poll_until_ready(s->children, s->n, s->first, &s->winner, cx);
}

static void select_array_drop(struct future *f)
{
	struct select_array *s = future_of(f, struct select_array);

	children__drop(s->children, s->n);
}

static struct future *select_array_child(struct future *f, unsigned i)
{
	struct select_array *s = future_of(f, struct select_array);

	return children__live(s->children, s->n, i);
}

static const struct future_ops select_array_ops =
	FUTURE_OPS_PARENT("select_array", select_array_poll, select_array_drop, select_array_child);

struct future *select_fair_array(struct select_array *s, unsigned turn,
				 struct future *const *children, size_t n)
{
	bug_unless((children || n == 0) && n <= INT_MAX);
	*s = (struct select_array){ .future = future_init(&select_array_ops), .winner = -1,
				    .children = children, .n = n, .first = n ? turn % n : 0 };
	return &s->future;
}

struct future *select_array(struct select_array *s, struct future *const *children, size_t n)
{
	return select_fair_array(s, 0, children, n);
}
