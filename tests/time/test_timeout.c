/* Timeouts: who wins, what is dropped when, and budgets. */
#include <errno.h>

#include "future/co.h"
#include "future/leaf.h"
#include "future/pending.h"
#include "future/ready.h"
#include "time/timeout.h"
#include "time_scene.h"

/* BEH time_timeout::simultaneous_deadline_future_completion */
/* BEH time_timeout::completed_future_past_deadline */
TEST(timeout, a_child_that_is_ready_beats_a_deadline_that_has_passed)
{
	struct timeout t;
	struct ready r;
	struct scene s;

	scene_begin(&s);
	scene_pass_ms(&s, 1000);
	CHECK_EQ(scene_poll(&s, timeout_at(&t, 1000 * MS, ready(&r))), POLL_READY);
	CHECK(!t.expired);
	CHECK_EQ(scene_poll(&s, timeout_at(&t, 1 * MS, ready(&r))), POLL_READY);
	CHECK(!t.expired);
	CHECK_EQ(scene_poll(&s, timeout(&t, 0, ready(&r))), POLL_READY);
	CHECK(!t.expired);
	CHECK_EQ(t.err, 0);
	CHECK_EQ(s.w.clones, 0); /* neither the wheel nor the waker was touched */
	scene_end(&s);
}

/* Opens the child 90 ms into a limit of 100. */
static void check_in_time(struct scene *s, struct timeout *t, struct leaf *l, const int *held)
{
	CHECK_EQ(scene_poll(s, &t->future), POLL_PENDING);
	scene_pass_ms(s, 90);
	CHECK_EQ(scene_poll(s, &t->future), POLL_PENDING);
	leaf_open(l);
	CHECK_EQ(t_wakes(&s->w), 1);
	CHECK_EQ(scene_poll(s, &t->future), POLL_READY);
	CHECK(!t->expired);
	CHECK_EQ(*held, 0);
	CHECK_EQ(timers_n(&s->timers), 0); /* the limit has left the wheel */
	scene_end(s);
}

/* BEH time_timeout::future_and_deadline_in_future */
TEST(timeout, a_child_that_is_ready_before_the_deadline_wins)
{
	struct timeout t;
	struct leaf l;
	struct scene s;
	int held = 0;

	scene_begin(&s);
	timeout_at(&t, 100 * MS, leaf(&l, LEAF_SHUT, &held, 0));
	check_in_time(&s, &t, &l, &held);
}

/* BEH time_timeout::future_and_timeout_in_future */
TEST(timeout, a_child_that_is_ready_before_the_time_is_over_wins)
{
	struct timeout t;
	struct leaf l;
	struct scene s;
	int held = 0;

	scene_begin(&s);
	timeout(&t, 100, leaf(&l, LEAF_SHUT, &held, 0));
	check_in_time(&s, &t, &l, &held);
}

/* BEH time_timeout::very_large_timeout */
TEST(timeout, may_be_as_long_as_one_likes)
{
	static const uint64_t ms[] = { UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / MS };

	for (int i = 0; i < 3; i++) {
		struct timeout t;
		struct leaf l;
		struct scene s;
		int held = 0;

		scene_begin(&s);
		timeout(&t, ms[i], leaf(&l, LEAF_SHUT, &held, 0));
		check_in_time(&s, &t, &l, &held);
	}
}

/* BEH time_timeout::deadline_future_elapses */
TEST(timeout, a_child_that_is_not_ready_in_time_is_dropped)
{
	struct timeout t;
	struct leaf l;
	struct scene s;
	int held = 0;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, timeout(&t, 300, leaf(&l, LEAF_SHUT, &held, 0))), POLL_PENDING);
	scene_pass_ms(&s, 299);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(scene_poll(&s, &t.future), POLL_PENDING);
	CHECK_EQ(held, 1);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &t.future), POLL_READY);
	CHECK(t.expired);
	CHECK_EQ(t.err, 0);
	CHECK_EQ(held, 0);
	CHECK(future_is_over(&l.future));
	scene_end(&s);
}

TEST(timeout, of_nothing_still_asks_the_child_once)
{
	struct timeout t;
	struct leaf l;
	struct scene s;
	int held = 0;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, timeout(&t, 0, leaf(&l, LEAF_SHUT, &held, 0))), POLL_READY);
	CHECK(t.expired);
	CHECK_EQ(l.polls, 1);
	CHECK_EQ(held, 0);
	scene_end(&s);
}

/* BEH time_panic::timeout_panic_caller */
TEST(timeout, without_timers_only_a_child_that_is_ready_at_once_gets_through)
{
	struct t_waker w = t_waker();
	struct timeout t;
	struct ready r;
	struct leaf l;
	int held = 0;

	CHECK_EQ(t_poll(timeout(&t, 1000, ready(&r)), &w), POLL_READY);
	CHECK_EQ(t.err, 0);
	CHECK_EQ(t_poll(timeout(&t, 1000, leaf(&l, LEAF_SHUT, &held, 0)), &w), POLL_READY);
	CHECK_EQ(t.err, -ENOTSUP);
	CHECK(!t.expired);
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
}

TEST(timeout, can_be_nested_and_the_shorter_one_expires)
{
	struct timeout outer, inner;
	struct scene s;
	struct leaf l;
	int held = 0;

	scene_begin(&s);
	timeout(&outer, 20, timeout(&inner, 10, leaf(&l, LEAF_SHUT, &held, 0)));
	CHECK_EQ(scene_poll(&s, &outer.future), POLL_PENDING);
	scene_pass_ms(&s, 10);
	CHECK_EQ(scene_poll(&s, &outer.future), POLL_READY);
	CHECK(inner.expired && !outer.expired);
	timeout(&outer, 10, timeout(&inner, 20, leaf(&l, LEAF_SHUT, &held, 0)));
	CHECK_EQ(scene_poll(&s, &outer.future), POLL_PENDING);
	scene_pass_ms(&s, 10);
	CHECK_EQ(scene_poll(&s, &outer.future), POLL_READY);
	CHECK(!inner.expired && outer.expired);
	CHECK_EQ(held, 0);
	scene_end(&s);
}

TEST(timeout, shows_its_child_to_backtraces)
{
	struct timeout t;
	struct ready r;

	timeout(&t, 5, ready(&r));
	CHECK_PTR(t.future.ops->child(&t.future, 0), &r.future);
	CHECK_PTR(t.future.ops->child(&t.future, 1), NULL);
	CHECK_STR(future_name(&t.future), "timeout");
}

/* --- Drop --- */

/* The child is ready at its fourth poll, or, with a limit of 2, too late. */
static bool cancelled_after(unsigned k, uint64_t limit_ms)
{
	struct timeout t;
	struct leaf l;
	struct scene s;
	bool done = false;
	int held = 0;

	scene_begin(&s);
	timeout(&t, limit_ms, leaf(&l, 3, &held, 0));
	for (unsigned i = 0; i < k && !done; i++) {
		done = scene_poll(&s, &t.future) == POLL_READY;
		if (!done)
			scene_pass_ms(&s, 1);
	}
	future_drop(&t.future);
	CHECK_EQ(held, 0);
	CHECK(future_is_over(&l.future));
	memset(&t, 0xa5, sizeof t);
	memset(&l, 0xa5, sizeof l);
	scene_pass_ms(&s, 100);
	scene_end(&s);
	return done;
}

static bool ready_in_time(unsigned k)
{
	return cancelled_after(k, 10);
}

static bool expired(unsigned k)
{
	return cancelled_after(k, 2);
}

TEST(timeout, can_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(ready_in_time);
	t_cancel_at_every_poll(expired);
}

/* --- Budget --- */

/* Takes all the budget there is, and is never done. */
struct hungry {
	struct co co;
	struct ready meal;
};

static enum poll hungry_run(struct co *co, struct context *cx)
{
	struct hungry *const f = co_frame(co, struct hungry);

	co_begin(co);
	for (;;)
		co_await(ready(&f->meal));
	co_end;
}

static struct future *hungry(struct hungry *f)
{
	*f = (struct hungry){ .co = co_init(hungry_run) };
	return &f->co.future;
}

/* BEH time_timeout::timeout_is_not_exhausted_by_future */
TEST(timeout, a_child_that_takes_the_whole_budget_cannot_suppress_it)
{
	unsigned budget = 128;
	struct hungry h;
	struct timeout t;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll_budget(&s, timeout(&t, 10, hungry(&h)), &budget), POLL_PENDING);
	CHECK_EQ(budget, 0);
	CHECK_EQ(t_wakes(&s.w), 1); /* it yields */
	CHECK_EQ(timers_n(&s.timers), 1);
	scene_pass_ms(&s, 10);
	budget = 128;
	CHECK_EQ(scene_poll_budget(&s, &t.future, &budget), POLL_READY);
	CHECK(t.expired);
	CHECK_EQ(budget, 0);
	scene_end(&s);
}

/* Timeouts that expire at once, one after the other. */
struct impatient {
	struct co co;
	struct timeout limit;
	struct pending never;
	struct hungry hungry;
	bool is_hungry;
	unsigned n;
};

static struct future *one_that_waits(struct impatient *f)
{
	return f->is_hungry ? hungry(&f->hungry) : pending(&f->never);
}

static enum poll impatient_run(struct co *co, struct context *cx)
{
	struct impatient *const f = co_frame(co, struct impatient);

	co_begin(co);
	for (;;) {
		co_await(timeout(&f->limit, 0, one_that_waits(f)));
		f->n++;
	}
	co_end;
}

TEST(timeout, a_loop_of_those_that_expire_at_once_yields)
{
	struct impatient f = { .co = co_init(impatient_run) };
	unsigned budget = 10;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll_budget(&s, &f.co.future, &budget), POLL_PENDING);
	CHECK_EQ(f.n, 10);
	CHECK(t_wakes(&s.w) > 0);
	f.is_hungry = true; /* from the next on */
	budget = 10;
	CHECK_EQ(scene_poll_budget(&s, &f.co.future, &budget), POLL_PENDING);
	CHECK_EQ(f.n, 12); /* the old one, one on credit, and that is it */
	CHECK(t_wakes(&s.w) > 0);
	future_drop(&f.co.future);
	scene_end(&s);
}

TEST(timeout, a_child_that_is_ready_pays_for_itself_only)
{
	unsigned budget = 10;
	struct timeout t;
	struct ready r;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll_budget(&s, timeout(&t, 5, ready(&r)), &budget), POLL_READY);
	CHECK_EQ(budget, 9);
	scene_end(&s);
}
