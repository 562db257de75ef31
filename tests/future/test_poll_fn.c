/* poll_fn: a future made of one function. */
#include "future/poll_fn.h"
#include "t.h"
#include "t_future.h"

struct countdown {
	int left, asked;
	struct waker waker;
};

static enum poll count_down(void *arg, struct context *cx)
{
	struct countdown *c = arg;

	c->asked++;
	if (c->left-- > 0) {
		waker_refresh(&c->waker, cx->waker);
		return POLL_PENDING;
	}
	waker_drop(&c->waker);
	return POLL_READY;
}

TEST(poll_fn, says_what_its_function_says)
{
	struct t_waker w = t_waker();
	struct countdown c = { .left = 2 };
	struct poll_fn p;

	poll_fn(&p, count_down, &c);
	CHECK_EQ(t_poll(&p.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&p.future, &w), POLL_PENDING);
	CHECK_EQ(t_held(&w), 1);
	CHECK_EQ(t_poll(&p.future, &w), POLL_READY);
	CHECK_EQ(c.asked, 3);
	CHECK_EQ(t_held(&w), 0);
}

TEST(poll_fn, is_lazy)
{
	struct countdown c = { 0 };
	struct poll_fn p;

	poll_fn(&p, count_down, &c);
	future_drop(&p.future);
	CHECK_EQ(c.asked, 0);
}

TEST(poll_fn, with_the_budget_spent_does_not_ask)
{
	struct t_waker w = t_waker();
	struct countdown c = { 0 };
	unsigned budget = 0;
	struct poll_fn p;

	poll_fn(&p, count_down, &c);
	CHECK_EQ(t_poll_budget(&p.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(c.asked, 0);
	CHECK_EQ(t_wakes(&w), 1);
	budget = 2;
	CHECK_EQ(t_poll_budget(&p.future, &w, &budget), POLL_READY);
	CHECK_EQ(budget, 1);
}

TEST_BUG(poll_fn, does_not_ask_a_function_that_is_done)
{
	struct t_waker w = t_waker();
	struct countdown c = { 0 };
	struct poll_fn p;

	t_poll(poll_fn(&p, count_down, &c), &w);
	t_poll(&p.future, &w);
}
