/*
 * delay: ready when a time has come.
 *
 *	co_await(delay(&f->nap, 500));
 *
 * The one idea: the timer is in the future, and the future in its owner's frame, so sleeping
 * allocates nothing, and dropping a delay takes its timer out of the wheel in a few instructions.
 *
 * A delay belongs to the runtime in which it was polled first: that one's clock counts, even if it
 * is polled or reset under another, and it must be over or dropped before that runtime is
 * destroyed.
 *
 * Under an executor without timers a delay is ready at once, and says so: err is -ENOTSUP.
 */
#ifndef WEFT_TIME_DELAY_H
#define WEFT_TIME_DELAY_H

#include "future/future.h"
#include "time/timers.h"

struct delay {
	struct future future;
	struct timers *timers; /* where it is armed; NULL: nowhere yet */
	struct timer timer;    /* before it is armed, `when` holds the nanoseconds */
	bool is_absolute;      /* what those nanoseconds are: a deadline, or from now */
	int err;               /* 0: the time has come; -ENOTSUP */
};

/*
 * From its first poll on (see timers.h for what "from" means). 0 is ready at once. Never early.
 * What is too long for the clock, from some 584 years on, never comes: UINT64_MAX is "never".
 */
struct future *delay(struct delay *d, uint64_t ms);
struct future *delay_ns(struct delay *d, uint64_t ns);

/* Until the runtime's clock says `deadline_ns`. A time that has passed is ready at once. */
struct future *delay_until(struct delay *d, uint64_t deadline_ns);

/*
 * Begins anew with another time: earlier or later, before or after it has fired, between two polls
 * of whoever awaits it. If it was waiting it still wakes the same waker, without being polled
 * first. One that has fired has used up its waker, and waits again when it has been polled again.
 * After it was ready, or dropped, it is live again and can be awaited again.
 */
void delay_reset(struct delay *d, uint64_t ms);
void delay_reset_until(struct delay *d, uint64_t deadline_ns);

/*
 * True once the time has come, even if no poll has said so yet; before its first poll false. (Of
 * one that was dropped it is true as well: that is over, too.)
 */
bool delay_is_elapsed(struct delay *d);

#endif
