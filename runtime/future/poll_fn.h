/*
 * poll_fn: a leaf future made of one function.
 *
 * For a condition that does not deserve a struct of its own, and for tests. The function is the
 * whole poll, so the laws are its business: on PENDING it has cloned cx->waker where somebody will
 * wake it.
 */
#ifndef WEFT_FUTURE_POLL_FN_H
#define WEFT_FUTURE_POLL_FN_H

#include "future/future.h"

struct poll_fn {
	struct future future;
	enum poll (*fn)(void *arg, struct context *cx);
	void *arg; /* borrowed */
};

/*
 * Asks `fn(arg, cx)` at every poll and says what it says. `arg` is borrowed until the end. The
 * budget is looked after here: with none left `fn` is not called, and a READY costs one unit. There
 * is no drop: a function that must undo something when cancelled is a future of its own.
 */
struct future *poll_fn(struct poll_fn *p, enum poll (*fn)(void *arg, struct context *cx),
		       void *arg);

#endif
