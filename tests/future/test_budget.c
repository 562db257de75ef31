/* The cooperative budget, as a leaf and its executor see it. See future/context.h. */
#include "future/co.h"
#include "future/ready.h"
#include "t.h"
#include "t_future.h"

/* BEH coop_budget::test_has_budget_remaining */
TEST(budget, is_128_units_then_every_leaf_is_pending)
{
	struct t_waker w = t_waker();
	unsigned budget = CONTEXT_BUDGET;
	struct ready r;

	CHECK_EQ(CONTEXT_BUDGET, 128);
	for (int i = 0; i < 128; i++)
		CHECK_EQ(t_poll_budget(ready(&r), &w, &budget), POLL_READY);
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(t_poll_budget(ready(&r), &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
}

TEST(budget, that_is_not_kept_is_never_spent)
{
	struct waker noop = waker_noop;
	struct context cx = context_of(&noop);

	for (int i = 0; i < 1000; i++) {
		CHECK(context_may_proceed(&cx));
		context_spend(&cx);
	}
	CHECK_EQ(cx.budget, UINT_MAX);
}

TEST(budget, does_not_go_below_nothing)
{
	struct t_waker w = t_waker();
	struct waker waker = t_waker_ref(&w);
	struct context cx = { .waker = &waker, .budget = 1 };

	context_spend(&cx);
	context_spend(&cx);
	CHECK_EQ(cx.budget, 0);
	CHECK(!context_may_proceed(&cx));
	CHECK_EQ(t_wakes(&w), 1);
}

struct endless {
	struct co co;
	struct ready ready;
	unsigned laps;
};

static enum poll endless_run(struct co *co, struct context *cx)
{
	struct endless *const f = co_frame(co, struct endless);

	co_begin(co);
	for (;;) {
		co_await(ready(&f->ready));
		f->laps++;
	}
	co_end;
}

TEST(budget, stops_a_loop_that_would_never_wait)
{
	struct t_waker w = t_waker();
	struct endless f = { .co = co_init(endless_run) };

	for (unsigned k = 1; k <= 3; k++) {
		unsigned budget = CONTEXT_BUDGET;

		CHECK_EQ(t_poll_budget(&f.co.future, &w, &budget), POLL_PENDING);
		CHECK_EQ(f.laps, k * CONTEXT_BUDGET);
		CHECK_EQ(t_wakes(&w), 1);
	}
	future_drop(&f.co.future);
}
