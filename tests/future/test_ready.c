/* ready and pending: the two ends of the scale. */
#include "future/co.h"
#include "future/pending.h"
#include "future/ready.h"
#include "t.h"
#include "t_future.h"

TEST(ready, is_done_at_its_first_poll)
{
	struct t_waker w = t_waker();
	struct ready r;

	CHECK_EQ(t_poll(ready(&r), &w), POLL_READY);
	CHECK(future_is_over(&r.future));
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(w.clones, 0);
}

TEST(ready, with_the_budget_spent_is_pending_and_wakes_its_task)
{
	struct t_waker w = t_waker();
	unsigned budget = 0;
	struct ready r;

	ready(&r);
	CHECK_EQ(t_poll_budget(&r.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&r.future, &w, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
}

TEST(ready, may_be_dropped_and_built_again)
{
	struct t_waker w = t_waker();
	struct ready r;

	future_drop(ready(&r));
	CHECK(future_is_over(&r.future));
	CHECK_EQ(t_poll(ready(&r), &w), POLL_READY);
	future_drop(&r.future);
	CHECK_STR(future_name(&r.future), "ready");
}

TEST_BUG(ready, must_not_be_polled_after_it_was_done)
{
	struct t_waker w = t_waker();
	struct ready r;

	t_poll(ready(&r), &w);
	t_poll(&r.future, &w);
}

TEST(pending, is_never_done_and_keeps_no_waker)
{
	struct t_waker w = t_waker();
	struct pending p;

	pending(&p);
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(t_poll(&p.future, &w), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(w.clones, 0);
	future_drop(&p.future);
	CHECK(future_is_over(&p.future));
}

TEST(pending, says_in_words_what_it_waits_for)
{
	struct pending p;

	pending(&p);
	CHECK_STR(p.future.ops->where(&p.future), "waiting for nothing: it is never ready");
	CHECK(!p.future.ops->child);
}
