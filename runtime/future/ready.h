/*
 * ready: the future that is done before it starts.
 *
 * For a branch of the program that has nothing to wait for where a future is asked for. It is a
 * leaf that is always ready, so it keeps to the budget like any other: a loop that awaits nothing
 * but this still lets other tasks run.
 */
#ifndef WEFT_FUTURE_READY_H
#define WEFT_FUTURE_READY_H

#include "future/future.h"

struct ready {
	struct future future;
};

/* Ready at its first poll, unless the task's budget is spent. Holds nothing. */
struct future *ready(struct ready *r);

#endif
