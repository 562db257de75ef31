/* delay: one timer as a future. See delay.h. */
#include "time/delay.h"

#include <errno.h>

static struct timers *timers_in(const struct context *cx)
{
	return cx->rt ? cx->rt->timers : NULL;
}

/* First poll: what needs no waiting does not touch the wheel, nor, if it is relative, the clock. */
static bool is_over_at_once(const struct delay *d, const struct timers *ts)
{
	if (!d->is_absolute)
		return d->timer.when == 0;
	return d->timer.when <= timers_now_ns(ts);
}

static void arm(struct delay *d, struct timers *ts, const struct waker *w)
{
	d->timers = ts;
	if (d->is_absolute)
		timers_arm_at(ts, &d->timer, d->timer.when, w);
	else
		timers_arm_after(ts, &d->timer, d->timer.when, w);
}

/* True: go on to READY, with err said. */
static bool has_come(struct delay *d, struct context *cx)
{
	struct timers *ts = d->timers ? d->timers : timers_in(cx);

	if (!ts) {
		d->err = -ENOTSUP;
		return true;
	}
	if (d->timers)
		return timers_poll(ts, &d->timer, cx->waker);
	if (is_over_at_once(d, ts))
		return true;
	arm(d, ts, cx->waker);
	return false;
}

static enum poll poll_delay(struct future *f, struct context *cx)
{
	struct delay *d = future_of(f, struct delay);

	if (!context_may_proceed(cx) || !has_come(d, cx))
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void drop_delay(struct future *f)
{
	struct delay *d = future_of(f, struct delay);

	if (d->timers)
		timers_cancel(d->timers, &d->timer);
	d->timers = NULL;
}

static const struct future_ops delay_ops = FUTURE_OPS("delay", poll_delay, drop_delay);

static struct future *init(struct delay *d, uint64_t ns, bool is_absolute)
{
	*d = (struct delay){
		.future = future_init(&delay_ops), .timer.when = ns, .is_absolute = is_absolute
	};
	return &d->future;
}

struct future *delay(struct delay *d, uint64_t ms)
{
	return init(d, clock_ms(ms), false);
}

struct future *delay_ns(struct delay *d, uint64_t ns)
{
	return init(d, ns, false);
}

struct future *delay_until(struct delay *d, uint64_t deadline_ns)
{
	return init(d, deadline_ns, true);
}

/* --- Beginning anew --- */

/* One that is not in the wheel is made anew: what it was before does not matter. */
static void reset(struct delay *d, uint64_t ns, bool is_absolute)
{
	if (!d->timers || !future_is_live(&d->future))
		init(d, ns, is_absolute);
	else if (is_absolute)
		timers_rearm_at(d->timers, &d->timer, ns);
	else
		timers_rearm_after(d->timers, &d->timer, ns);
}

void delay_reset(struct delay *d, uint64_t ms)
{
	reset(d, clock_ms(ms), false);
}

void delay_reset_until(struct delay *d, uint64_t deadline_ns)
{
	reset(d, deadline_ns, true);
}

bool delay_is_elapsed(struct delay *d)
{
	return future_is_over(&d->future) || (d->timers && timer_has_fired(d->timers, &d->timer));
}
