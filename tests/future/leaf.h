/*
 * leaf: the child that the tests of combinators give away.
 *
 * It is pending as often as it was told, or until it is opened; from its first poll to its end it
 * holds one unit of a resource, counted in `*held`, and a clone of the waker. Whoever polls, drops
 * or forgets it wrongly leaves a wrong count behind.
 */
#ifndef WEFT_TESTS_FUTURE_LEAF_H
#define WEFT_TESTS_FUTURE_LEAF_H

#include <limits.h>

#include "future/future.h"

enum { LEAF_SHUT = INT_MAX };

struct leaf {
	struct future future;
	int left;   /* how often it will still say PENDING; LEAF_SHUT: until leaf_open */
	int *held;  /* leaves between their first poll and their end; borrowed */
	int polls;  /* so far */
	bool holds;
	struct waker waker;
	int value;  /* output: what it was given */
};

static inline void leaf_let_go(struct leaf *l)
{
	if (l->holds)
		--*l->held;
	l->holds = false;
	waker_drop(&l->waker);
}

static inline enum poll leaf_poll(struct future *f, struct context *cx)
{
	struct leaf *l = future_of(f, struct leaf);

	l->polls++;
	if (l->left == 0) {
		leaf_let_go(l);
		return POLL_READY;
	}
	if (!l->holds)
		++*l->held;
	l->holds = true;
	waker_refresh(&l->waker, cx->waker);
	if (l->left != LEAF_SHUT) {
		l->left--;
		waker_wake_by_ref(cx->waker);
	}
	return POLL_PENDING;
}

static inline void leaf_drop(struct future *f)
{
	leaf_let_go(future_of(f, struct leaf));
}

static const struct future_ops leaf_ops = FUTURE_OPS("leaf", leaf_poll, leaf_drop);

static inline struct future *leaf(struct leaf *l, int left, int *held, int value)
{
	*l = (struct leaf){ .future = future_init(&leaf_ops), .left = left, .held = held,
			    .value = value };
	return &l->future;
}

/* From now on it is ready; wakes whoever polled it last. */
static inline void leaf_open(struct leaf *l)
{
	l->left = 0;
	waker_wake(&l->waker);
}

#endif
