/* retry: first success or last error. */
#include "future/retry.h"

#include <errno.h>

#include "future/leaf.h"
#include "t.h"
#include "t_future.h"

/* A door that opens to the n-th who knocks. */
struct door {
	struct leaf knock;
	int held, pends;     /* each attempt is pending so often */
	unsigned opens_at;   /* the attempt that works, from 0 */
	unsigned null_at;    /* the attempt for which there is no memory */
	unsigned made, asked, latest;
};

static struct door door(unsigned opens_at, int pends)
{
	return (struct door){ .opens_at = opens_at, .pends = pends, .null_at = UINT_MAX };
}

static struct future *knock(void *arg, unsigned attempt)
{
	struct door *d = arg;

	CHECK_EQ(attempt, d->made);
	d->made++;
	d->latest = attempt;
	return attempt == d->null_at ? NULL : leaf(&d->knock, d->pends, &d->held, (int)attempt);
}

static int opened(void *arg)
{
	struct door *d = arg;

	CHECK(future_is_over(&d->knock.future));
	d->asked++;
	return d->latest >= d->opens_at ? 0 : -ECONNREFUSED - (int)d->latest;
}

TEST(retry, stops_at_the_first_success)
{
	struct t_waker w = t_waker();
	struct door d = door(2, 0);
	struct retry r;

	CHECK_EQ(t_poll(retry(&r, knock, opened, &d, 5), &w), POLL_READY);
	CHECK_EQ(r.err, 0);
	CHECK_EQ(r.attempts, 3);
	CHECK_EQ(d.made, 3);
	CHECK_EQ(d.asked, 3);
}

TEST(retry, says_the_last_error_when_all_have_failed)
{
	struct t_waker w = t_waker();
	struct door d = door(99, 0);
	struct retry r;

	CHECK_EQ(t_poll(retry(&r, knock, opened, &d, 3), &w), POLL_READY);
	CHECK_EQ(r.err, -ECONNREFUSED - 2);
	CHECK_EQ(r.attempts, 3);
}

TEST(retry, with_one_attempt_is_just_that_attempt)
{
	struct t_waker w = t_waker();
	struct door d = door(0, 2);
	struct retry r;

	retry(&r, knock, opened, &d, 1);
	CHECK_EQ(t_poll(&r.co.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&r.co.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&r.co.future, &w), POLL_READY);
	CHECK_EQ(r.err, 0);
	CHECK_EQ(r.attempts, 1);
}

TEST(retry, with_no_attempts_calls_nobody)
{
	struct t_waker w = t_waker();
	struct door d = door(0, 0);
	struct retry r;

	CHECK_EQ(t_poll(retry(&r, knock, opened, &d, 0), &w), POLL_READY);
	CHECK_EQ(r.err, -EINVAL);
	CHECK_EQ(r.attempts, 0);
	CHECK_EQ(d.made + d.asked, 0);
}

TEST(retry, no_memory_for_an_attempt_is_an_attempt_that_failed)
{
	struct t_waker w = t_waker();
	struct door d = door(1, 0);
	struct retry r;

	d.null_at = 0;
	CHECK_EQ(t_poll(retry(&r, knock, opened, &d, 3), &w), POLL_READY);
	CHECK_EQ(r.err, 0);
	CHECK_EQ(r.attempts, 2);
	CHECK_EQ(d.asked, 1);

	d = door(99, 0);
	d.null_at = 1;
	CHECK_EQ(t_poll(retry(&r, knock, opened, &d, 2), &w), POLL_READY);
	CHECK_EQ(r.err, -ENOMEM);
	CHECK_EQ(r.attempts, 2);
}

TEST(retry, is_lazy_and_makes_the_next_attempt_only_when_the_last_is_over)
{
	struct t_waker w = t_waker();
	struct door d = door(1, LEAF_SHUT);
	struct retry r;

	retry(&r, knock, opened, &d, 2);
	CHECK_EQ(d.made, 0);
	CHECK_EQ(t_poll(&r.co.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&r.co.future, &w), POLL_PENDING);
	CHECK_EQ(d.made, 1);
	CHECK_EQ(d.knock.polls, 2);
	leaf_open(&d.knock);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r.co.future, &w), POLL_PENDING);
	CHECK_EQ(d.made, 2);
	future_drop(&r.co.future);
	CHECK_EQ(d.held, 0);
	CHECK_EQ(t_held(&w), 0);
}

TEST(retry, passes_on_the_waker_of_the_latest_poll)
{
	struct t_waker w1 = t_waker(), w2 = t_waker();
	struct door d = door(0, LEAF_SHUT);
	struct retry r;

	retry(&r, knock, opened, &d, 2);
	t_poll(&r.co.future, &w1);
	t_poll(&r.co.future, &w2);
	leaf_open(&d.knock);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_held(&w1), 0);
	CHECK_EQ(t_poll(&r.co.future, &w2), POLL_READY);
}

TEST(retry, shows_a_backtrace_the_attempt_that_is_under_way)
{
	struct t_waker w = t_waker();
	struct door d = door(0, LEAF_SHUT);
	struct retry r;

	t_poll(retry(&r, knock, opened, &d, 1), &w);
	CHECK_PTR(r.co.future.ops->child(&r.co.future, 0), &d.knock.future);
	future_drop(&r.co.future);
}

static bool cancelled_after(unsigned k)
{
	struct t_waker w = t_waker();
	struct door d = door(2, 3);
	bool completed = false;
	struct retry r;

	retry(&r, knock, opened, &d, 4);
	for (unsigned i = 0; i < k && !completed; i++)
		completed = t_poll(&r.co.future, &w) == POLL_READY;
	future_drop(&r.co.future);
	CHECK_EQ(d.held, 0);
	CHECK_EQ(t_held(&w), 0);
	CHECK(!completed || r.attempts == 3);
	return completed;
}

TEST(retry, cancelled_at_any_poll_leaves_nothing_behind)
{
	t_cancel_at_every_poll(cancelled_after);
}

TEST_BUG(retry, must_not_be_polled_after_it_was_done)
{
	struct t_waker w = t_waker();
	struct door d = door(0, 0);
	struct retry r;

	t_poll(retry(&r, knock, opened, &d, 1), &w);
	t_poll(&r.co.future, &w);
}
