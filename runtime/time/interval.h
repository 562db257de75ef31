/*
 * interval: a tick every so often.
 *
 *	interval_init(&f->every, 1000, INTERVAL_SKIP);
 *	for (;;) {
 *		co_await(interval_tick(&f->tick, &f->every));
 *		...
 *	}
 *
 * The first tick comes at once, the others a period apart. The interval remembers when the next is
 * due; a tick is a future that waits for it. A tick that is dropped while pending is not lost: the
 * next one waits for the same time. Two that are pending at once get one each.
 *
 * What becomes of ticks that were missed, because somebody came for them more than 5 ms late:
 *
 *	time      0    10   20   30   40   50   60       period 10, nobody came from 10 to 45
 *	BURST     x                        xxxx x   x    all of them, back to back, then as planned
 *	DELAY     x                        x    (55)     the next one a period after this one
 *	SKIP      x                        x    x        as planned, without the missed ones
 */
#ifndef WEFT_TIME_INTERVAL_H
#define WEFT_TIME_INTERVAL_H

#include "future/future.h"
#include "time/timers.h"

enum interval_missed { INTERVAL_BURST, INTERVAL_DELAY, INTERVAL_SKIP };

struct interval {
	uint64_t period_ns;
	uint64_t next_ns; /* when the next tick is due, if `is_set` */
	uint64_t wait_ns; /* if not: how long after the next poll; 0: at once */
	bool is_set;
	enum interval_missed missed;
};

/* A period of 0 is a bug. Acquires nothing, needs no end. */
void interval_init(struct interval *iv, uint64_t period_ms, enum interval_missed missed);

/* The same with a first tick that comes at `start_ns` by the runtime's clock. */
void interval_init_at(struct interval *iv, uint64_t start_ns, uint64_t period_ms,
		      enum interval_missed missed);

struct interval_tick {
	struct future future;
	struct interval *interval; /* borrowed */
	struct timers *timers;     /* where it is armed; NULL: nowhere yet */
	struct timer timer;
	uint64_t at_ns; /* when it was due, by the runtime's clock */
	int err;        /* 0; -ENOTSUP: no clock here */
};

/* Ready at the interval's next time. Like a delay it belongs to the runtime that polls it first. */
struct future *interval_tick(struct interval_tick *t, struct interval *iv);

/*
 * Between two ticks: the next one comes a period from now, at once, after `ms`, or at `at_ns`.
 * "Now" is when the next tick is first polled. A tick that is pending learns of it when it is
 * polled next; to have an earlier one in time, drop it and await another.
 */
void interval_reset(struct interval *iv);
void interval_reset_immediately(struct interval *iv);
void interval_reset_after(struct interval *iv, uint64_t ms);
void interval_reset_at(struct interval *iv, uint64_t at_ns);

#endif
