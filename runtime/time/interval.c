/* interval: a plan, and futures that wait for its next item. See interval.h. */
#include "time/interval.h"

#include <errno.h>

/* A tick that comes no later than this is on time: the plan stands. */
enum { TOLERANCE_NS = 5 * TIMERS_TICK_NS };

void interval_init_at(struct interval *iv, uint64_t start_ns, uint64_t period_ms,
		      enum interval_missed missed)
{
	bug_unless(period_ms > 0);
	*iv = (struct interval){
		.period_ns = clock_ms(period_ms), .next_ns = start_ns, .is_set = true, .missed = missed
	};
}

void interval_init(struct interval *iv, uint64_t period_ms, enum interval_missed missed)
{
	interval_init_at(iv, 0, period_ms, missed);
	iv->is_set = false;
}

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

/* The tick that is due: says when it was, and plans the next. */
static enum poll tick(struct interval_tick *t, uint64_t now_ns, struct context *cx)
{
	struct interval *iv = t->interval;

	future_drop(&t->delay.future);
	t->at_ns = iv->next_ns;
	iv->next_ns = after(iv, iv->next_ns, now_ns);
	context_spend(cx);
	return POLL_READY;
}

static enum poll poll_tick(struct future *f, struct context *cx)
{
	struct interval_tick *t = future_of(f, struct interval_tick);
	struct interval *iv = t->interval;
	uint64_t now_ns;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	if (!cx->rt || !cx->rt->timers) {
		t->err = -ENOTSUP;
		return POLL_READY;
	}
	now_ns = timers_now_ns(cx->rt->timers);
	if (!iv->is_set) {
		iv->next_ns = clock_add(now_ns, iv->wait_ns);
		iv->is_set = true;
	}
	if (now_ns >= iv->next_ns)
		return tick(t, now_ns, cx);
	if (!future_is_live(&t->delay.future))
		delay_until(&t->delay, iv->next_ns);
	if (future_poll(&t->delay.future, cx) == POLL_PENDING)
		return POLL_PENDING;
	return tick(t, timers_now_ns(cx->rt->timers), cx);
}

static void drop_tick(struct future *f)
{
	future_drop(&future_of(f, struct interval_tick)->delay.future);
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
