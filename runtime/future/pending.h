/*
 * pending: the future that is never done.
 *
 * The one exception to law 3: it says PENDING and arranges no wake, since there is nothing to wake
 * for. Alone it is a deadlock, and a runtime that can prove so will say so; beside others it is a
 * branch that never wins a select, or a join that only ends by being dropped.
 */
#ifndef WEFT_FUTURE_PENDING_H
#define WEFT_FUTURE_PENDING_H

#include "future/future.h"

struct pending {
	struct future future;
};

/* Never ready. Holds nothing, keeps no waker. */
struct future *pending(struct pending *p);

#endif
