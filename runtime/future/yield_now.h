/*
 * yield_now: gives every other task that can run its turn, once.
 *
 * The one idea: "pending, and wake me" in a single poll. The task goes to the end of the run
 * queue by the ordinary way of a wake, so the executor needs to know nothing about yielding. No
 * clone of the waker is made: it is woken while it is still borrowed. This is the hottest future
 * there is, so the rest is kept short, too: "has yielded" is not a flag but another set of ops.
 *
 *	yield_now --poll: wake, PENDING--> yielded --poll: READY--> over
 */
#ifndef WEFT_FUTURE_YIELD_NOW_H
#define WEFT_FUTURE_YIELD_NOW_H

#include "future/future.h"

struct yield_now {
	struct future future; /* its ops say whether it has yielded */
};

extern const struct future_ops yield_now__ops;

/* Pending once, with its own task woken; then ready, whoever polls it next. Holds nothing. */
static inline struct future *yield_now(struct yield_now *y)
{
	y->future = future_init(&yield_now__ops);
	return &y->future;
}

#endif
