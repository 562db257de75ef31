/*
 * timers: a hierarchical timing wheel.
 *
 * The one idea: most timers never fire, so arming and cancelling must be nothing: link a node into
 * the right list, unlink it again. Seven wheels stand behind each other like the hands of a clock.
 * A slot of the first is one tick (1 ms), and it has 1024 of them; a slot of the second is one
 * round of the first, and it and the others have 64; the seventh would go round in 2000 years, more
 * than a clock can show. How far away a deadline is says on which wheel its timer lies; when the
 * hand of a higher wheel reaches its slot, the timers in it move down. (Varghese and Lauck, "Hashed
 * and hierarchical timing wheels", 1987.)
 *
 * The first wheel is so large because moving down is what costs: a timer that has lain still for a
 * while has left the cache. So what is less than a second away is met once, when it is due.
 *
 * The second idea: a relative timer that is armed in the midst of a turn is not given a deadline at
 * once. Reading the clock would cost more than all the rest, and the reading from the turn's
 * beginning may be stale, which would make it early. It goes to a list of fresh timers and is
 * anchored when the next turn has read the clock: never early, and late by at most the rest of this
 * turn.
 *
 *	      arm_after            turn
 *	IDLE -----------> FRESH ----------> in a slot ---+
 *	 ^ |                                  ^  ^       | turn: moves down
 *	 | +------------- arm_at -------------+  +-------+
 *	 | +------------- arm_at, of what has passed ---> LATE
 *	 | +------------- arm_at, of what the clock cannot reach ---> NEVER
 *	 +--------------- cancel, from all; turn, from a slot or LATE: due, fired, woken
 *
 * The third idea: who sleeps says until when. A sleeper has planned its wake-up, so from then on nobody
 * may leave a fresh timer for it to anchor: whoever arms one then reads the clock himself, and if it is
 * due before the plan, the sleeper is hurried.
 *
 * LATE exists for wakers that arm timers: what they arm for a time that has passed has to wait for
 * the next turn, or a waker that so arms its own timer would keep this one busy for ever.
 *
 * Never early: a deadline is rounded up to a tick, and fires when the clock has come to that tick.
 * Guarded by one lock; wakers are cloned, called and dropped outside of it, so they may arm, cancel
 * and destroy timers as they like. Any thread may do so, too.
 */
#ifndef WEFT_TIME_TIMERS_H
#define WEFT_TIME_TIMERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "future/waker.h"
#include "time/clock.h"

enum {
	TIMERS_TICK_NS = 1000000,
	TIMERS_LEVELS = 7,
	TIMERS_FIRST_BITS = 10, /* the first wheel has 1 << 10 slots */
	TIMERS_BITS = 6,        /* each of the others has 1 << 6 */
	TIMERS_SLOTS = (1 << TIMERS_FIRST_BITS) + (TIMERS_LEVELS - 1) * (1 << TIMERS_BITS),
	TIMERS_LISTS = TIMERS_SLOTS + 3, /* and FRESH, LATE, NEVER */
};

/* One timer, in its owner's frame. Zeroed: idle. All under the lock of its timers. */
struct timer {
	struct timer *next, *prev;
	uint64_t when;      /* FRESH: nanoseconds from the turn's end; else its deadline's tick */
	struct waker waker; /* owned while it is armed */
	uint16_t list; /* one more than the number of the list it is in; 0: in none */
	bool has_fired;
};

struct timer_list {
	struct timer *first, *last;
};

struct timers {
	struct clock *clock;
	struct lock lock;
	_Atomic size_t n; /* armed, and not for NEVER */
	uint64_t elapsed; /* ticks up to this one have been handled */
	uint64_t plan_ns; /* somebody sleeps until the clock says this; 0: nobody does */
	void (*hurry)(struct timers *); /* ends that sleep; NULL: nobody needs to be told */
	uint64_t occupied[TIMERS_SLOTS / 64]; /* a bit for each slot that is not empty */
	struct timer_list lists[TIMERS_LISTS];
};

/*
 * Borrows the clock. There is nothing to undo in the end, provided that every timer has fired or
 * was cancelled by then: nobody else can part them from it.
 */
void timers_init(struct timers *ts, struct clock *clock);

/*
 * Arms an idle timer: `delay_ns` from the end of this turn, or at `deadline_ns` by the clock.
 * Clones `w`, and wakes that when it is due. A time that has passed is due in the next turn; one
 * that lies beyond what the clock can show (UINT64_MAX does) never comes. Timers that are due in
 * the same tick fire in the order in which they got their deadlines.
 */
void timers_arm_after(struct timers *ts, struct timer *t, uint64_t delay_ns, const struct waker *w);
void timers_arm_at(struct timers *ts, struct timer *t, uint64_t deadline_ns, const struct waker *w);

/* False as soon as it is armed anew or cancelled. Any thread. */
bool timer_has_fired(struct timers *ts, struct timer *t);

/* For a poll: true if it has fired; else, if it is armed, it will wake `w` and no other. */
bool timers_poll(struct timers *ts, struct timer *t, const struct waker *w);

/*
 * Arms anew, armed or not, with the waker it has: none, if it has fired since it was last armed or
 * polled. It must have been armed before.
 */
void timers_rearm_after(struct timers *ts, struct timer *t, uint64_t delay_ns);
void timers_rearm_at(struct timers *ts, struct timer *t, uint64_t deadline_ns);

/* O(1). Afterwards nobody has a pointer to it, and it is as if zeroed. Idle ones are allowed. */
void timers_cancel(struct timers *ts, struct timer *t);

/*
 * One turn: reads the clock once, anchors what is fresh, fires what is due. Returns how many fired.
 * Of the runtime's thread, like the two below.
 */
size_t timers_turn(struct timers *ts);

/*
 * For who is going to sleep: like timers_next_ns, and from now until the next turn, or timers_rise,
 * `hurry` is called when something is armed that is due before that. Called with no lock held.
 */
uint64_t timers_plan_ns(struct timers *ts);

/* Who slept is up again, and will make a turn before he sleeps. */
void timers_rise(struct timers *ts);

/*
 * How long one may sleep: 0, something is due or fresh; UINT64_MAX, nothing is armed. Never longer
 * than until the next timer is due; shorter if a hand has to be moved before.
 */
uint64_t timers_next_ns(struct timers *ts);

/* Virtual clocks: moves to exactly the next deadline and fires it. False: nothing is armed. */
bool timers_jump(struct timers *ts);

/* How many are armed, not counting those for NEVER. Any thread. */
static inline size_t timers_n(const struct timers *ts)
{
	return atomic_load_explicit(&ts->n, memory_order_relaxed);
}

/* What the clock says now. Costs a reading. */
static inline uint64_t timers_now_ns(const struct timers *ts)
{
	return clock_now_ns(ts->clock);
}

#endif
