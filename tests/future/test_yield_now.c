/* yield_now: pending once, with its own task woken. */
#include "executor/block_on_park.h"
#include "executor/block_on_spin.h"
#include "future/co.h"
#include "future/join.h"
#include "future/yield_now.h"
#include "t.h"
#include "t_future.h"

/* BEH task_yield_now::yield_now_outside_of_runtime */
TEST(yield_now, is_pending_once_with_its_task_woken_then_ready)
{
	struct t_waker w = t_waker();
	struct yield_now y;

	yield_now(&y);
	CHECK_EQ(t_poll(&y.future, &w), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&y.future, &w), POLL_READY);
	CHECK_EQ(t_wakes(&w), 0);
}

TEST(yield_now, clones_no_waker)
{
	struct t_waker w = t_waker();
	struct yield_now y;

	t_poll(yield_now(&y), &w);
	t_poll(&y.future, &w);
	CHECK_EQ(w.clones, 0);
}

TEST(yield_now, needs_no_budget)
{
	struct t_waker w = t_waker();
	unsigned budget = 0;
	struct yield_now y;

	yield_now(&y);
	CHECK_EQ(t_poll_budget(&y.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(t_poll_budget(&y.future, &w, &budget), POLL_READY);
}

TEST(yield_now, may_be_dropped_before_and_after_its_first_poll)
{
	struct t_waker w = t_waker();
	struct yield_now y;

	future_drop(yield_now(&y));
	t_poll(yield_now(&y), &w);
	future_drop(&y.future);
	CHECK(future_is_over(&y.future));
	CHECK_EQ(t_held(&w), 0);
}

TEST(yield_now, two_of_one_task_both_get_on_with_one_more_poll)
{
	struct t_waker w = t_waker();
	struct yield_now a, b;
	struct join both;

	join(&both, yield_now(&a), yield_now(&b));
	CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&both.future, &w), POLL_READY);
}

struct laps {
	struct co co;
	struct yield_now yield;
	int n, done;
};

static enum poll laps_run(struct co *co, struct context *cx)
{
	struct laps *const f = co_frame(co, struct laps);

	co_begin(co);
	for (; f->done < f->n; f->done++)
		co_await(yield_now(&f->yield));
	co_end;
}

static struct future *laps(struct laps *f, int n)
{
	*f = (struct laps){ .co = co_init(laps_run), .n = n };
	return &f->co.future;
}

/* BEH task_yield_now::yield_now_external_executor_and_block_in_place */
TEST(yield_now, works_under_executors_that_know_nothing_of_it)
{
	struct laps f;

	block_on_spin(laps(&f, 1000));
	CHECK_EQ(f.done, 1000);
	CHECK_EQ(block_on_park(laps(&f, 1000)), 0);
	CHECK_EQ(f.done, 1000);
}

TEST(yield_now, in_a_loop_takes_one_poll_each)
{
	struct t_waker w = t_waker();
	struct laps f;

	laps(&f, 5);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(t_poll(&f.co.future, &w), POLL_PENDING);
		CHECK_EQ(f.done, i);
		CHECK_EQ(t_wakes(&w), 1);
	}
	CHECK_EQ(t_poll(&f.co.future, &w), POLL_READY);
}
