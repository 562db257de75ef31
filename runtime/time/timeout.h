/*
 * timeout: a future, but not for ever.
 *
 *	co_await(timeout(&f->limit, 5000, tcp_read(&f->rd, f->peer, f->buf, sizeof f->buf)));
 *	if (f->limit.expired)
 *		...                              // the read has been dropped, and has taken no byte
 *
 * The child is asked first, so one that is ready beats a deadline that has passed; a timeout that
 * is not needed never touches the wheel or the clock.
 */
#ifndef WEFT_TIME_TIMEOUT_H
#define WEFT_TIME_TIMEOUT_H

#include "time/delay.h"

struct timeout {
	struct future future;
	struct future *child; /* owned */
	struct delay limit;
	bool expired; /* the time came first: the child has been dropped */
	int err;      /* 0; -ENOTSUP: it had to wait and there is no clock: the child was dropped */
};

/* Owns the child. The time counts from the first poll. */
struct future *timeout(struct timeout *t, uint64_t ms, struct future *child);

/* The same until the runtime's clock says `deadline_ns`. */
struct future *timeout_at(struct timeout *t, uint64_t deadline_ns, struct future *child);

#endif
