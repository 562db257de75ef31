/* futures_ordered: a queue beside an unordered set. See futures_ordered.h. */
#include "stream/futures_ordered.h"

#include <errno.h>

int futures_ordered_push(struct futures_ordered *set, struct ordered_member *member,
			 struct future *child)
{
	if (futures_unordered_reserve(&set->running, 1))
		return -ENOMEM;
	member->next = NULL;
	if (set->last)
		set->last->next = member;
	else
		set->first = member;
	set->last = member;
	set->n++;
	return futures_unordered_push(&set->running, &member->member, child); /* there is room */
}

int futures_ordered_push_front(struct futures_ordered *set, struct ordered_member *member,
			       struct future *child)
{
	if (futures_unordered_reserve(&set->running, 1))
		return -ENOMEM;
	member->next = set->first;
	set->first = member;
	if (!set->last)
		set->last = member;
	set->n++;
	return futures_unordered_push(&set->running, &member->member, child);
}

static struct ordered_member *pop(struct futures_ordered *set)
{
	struct ordered_member *m = set->first;

	if (m) {
		set->first = m->next;
		if (!m->next)
			set->last = NULL;
		m->next = NULL;
		set->n--;
	}
	return m;
}

void futures_ordered_clear(struct futures_ordered *set)
{
	futures_unordered_clear(&set->running);
	while (pop(set))
		continue;
}

/* The first in the queue is done; or there is none, which is as good. */
static bool is_due(const struct futures_ordered *set)
{
	return !set->first || !futures_member_is_in(&set->first->member);
}

/*
 * What was done before its turn was paid for when it was polled; an empty set is a leaf that is
 * always ready. Either would let a loop run on for ever.
 */
static enum poll next_poll(struct future *f, struct context *cx)
{
	struct futures_ordered_next *n = future_of(f, struct futures_ordered_next);

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	while (!is_due(n->set)) {
		if (future_poll(&n->any.future, cx) == POLL_PENDING)
			return POLL_PENDING;
		futures_unordered_next(&n->any, &n->set->running);
	}
	future_drop(&n->any.future);
	context_spend(cx);
	n->member = pop(n->set);
	n->done = n->member ? n->member->member.future : NULL;
	return POLL_READY;
}

static void next_drop(struct future *f)
{
	future_drop(&future_of(f, struct futures_ordered_next)->any.future);
}

static struct future *next_child(struct future *f, unsigned i)
{
	struct futures_ordered_next *n = future_of(f, struct futures_ordered_next);

	return i == 0 && future_is_live(&n->any.future) ? &n->any.future : NULL;
}

static const struct future_ops next_ops =
	FUTURE_OPS_PARENT("futures_ordered_next", next_poll, next_drop, next_child);

struct future *futures_ordered_next(struct futures_ordered_next *n, struct futures_ordered *set)
{
	*n = (struct futures_ordered_next){ .future = future_init(&next_ops), .set = set };
	futures_unordered_next(&n->any, &set->running);
	return &n->future;
}
