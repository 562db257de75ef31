/* interval: a plan, and ticks that wait for what is next in it. See interval.h. */
#include "time/interval.h"

#include <errno.h>

/* A tick that comes no later than this is on time: the plan stands. */
enum { TOLERANCE_NS = 5 * TIMERS_TICK_NS };

void interval_init_at(struct interval *iv, uint64_t start_ns, uint64_t period_ms,
		      enum interval_missed missed)
{
	bug_unless(period_ms > 0);
	*iv = (struct interval){ .period_ns = clock_ms(period_ms),
				 .next_ns = start_ns,
				 .is_set = true,
				 .missed = missed };
}

void interval_init(struct interval *iv, uint64_t period_ms, enum interval_missed missed)
{
	interval_init_at(iv, 0, period_ms, missed);
	iv->is_set = false;
}

/*
 * What comes after a tick that was due at `due_ns` and is taken at `now_ns`, which is not earlier.
 */
static uint64_t after(const struct interval *iv, uint64_t due_ns, uint64_t now_ns)
{
	uint64_t planned = clock_add(due_ns, iv->period_ns);

	if (now_ns - due_ns <= TOLERANCE_NS)
		return planned;
	switch (iv->missed) {
	case INTERVAL_BURST:
		break;
	case INTERVAL_DELAY:
		return clock_add(now_ns, iv->period_ns);
	case INTERVAL_SKIP:
		return clock_add(now_ns - (now_ns - due_ns) % iv->period_ns, iv->period_ns);
	}
	return planned;
}

/* When the next tick is due. What was left open until somebody looks at a clock is fixed now. */
static uint64_t next(struct interval *iv, uint64_t now_ns)
{
	if (!iv->is_set) {
		iv->next_ns = clock_add(now_ns, iv->wait_ns);
		iv->is_set = true;
	}
	return iv->next_ns;
}

static void drop_tick(struct future *f)
{
	struct interval_tick *t = future_of(f, struct interval_tick);

	if (t->timers)
		timers_cancel(t->timers, &t->timer);
	t->timers = NULL;
}

/*
 * The plan may have changed since the timer was armed: by a reset, or because another tick took
 * what this one was waiting for. The poll comes last: a timer that had fired has no waker any more.
 */
static void wait_until(struct interval_tick *t, struct timers *ts, uint64_t due_ns,
		       const struct waker *w)
{
	if (!t->timers) {
		t->timers = ts;
		timers_arm_at(ts, &t->timer, due_ns, w);
	} else {
		if (t->at_ns != due_ns)
			timers_rearm_at(ts, &t->timer, due_ns);
		timers_poll(ts, &t->timer, w);
	}
	t->at_ns = due_ns;
}

static enum poll poll_tick(struct future *f, struct context *cx)
{
	struct interval_tick *t = future_of(f, struct interval_tick);
	struct timers *ts = t->timers ? t->timers : cx->rt ? cx->rt->timers : NULL;
	uint64_t now_ns, due_ns;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	if (!ts) {
		t->err = -ENOTSUP;
		context_spend(cx);
		return POLL_READY;
	}
	now_ns = timers_now_ns(ts);
	due_ns = next(t->interval, now_ns);
	if (now_ns < due_ns) {
		wait_until(t, ts, due_ns, cx->waker);
		return POLL_PENDING;
	}
	drop_tick(f);
	t->at_ns = due_ns;
	t->interval->next_ns = after(t->interval, due_ns, now_ns);
	context_spend(cx);
	return POLL_READY;
}

static const struct future_ops interval_tick_ops =
	FUTURE_OPS("interval_tick", poll_tick, drop_tick);

struct future *interval_tick(struct interval_tick *t, struct interval *iv)
{
	*t = (struct interval_tick){ .future = future_init(&interval_tick_ops), .interval = iv };
	return &t->future;
}

void interval_reset(struct interval *iv)
{
	iv->is_set = false;
	iv->wait_ns = iv->period_ns;
}

void interval_reset_immediately(struct interval *iv)
{
	iv->is_set = false;
	iv->wait_ns = 0;
}

void interval_reset_after(struct interval *iv, uint64_t ms)
{
	iv->is_set = false;
	iv->wait_ns = clock_ms(ms);
}

void interval_reset_at(struct interval *iv, uint64_t at_ns)
{
	iv->is_set = true;
	iv->next_ns = at_ns;
}
