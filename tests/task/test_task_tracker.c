/* task_tracker: counts tokens; a wait is ready once it was closed and empty. */
#include "task/task_tracker.h"

#include <errno.h>

#include "t.h"
#include "t_future.h"

static struct scene {
	struct task_tracker tracker;
	struct task_tracker_wait wait;
	struct t_waker w;
} s;

static void scene_begin(void)
{
	t_mem_begin();
	s = (struct scene){ .w = t_waker() };
	CHECK_EQ(task_tracker_init(&s.tracker), 0);
}

static void build_wait(void)
{
	task_tracker_wait(&s.wait, &s.tracker);
}

static enum poll poll_wait(void)
{
	return t_poll(&s.wait.future, &s.w);
}

static void scene_end(void)
{
	future_drop(&s.wait.future);
	task_tracker_drop(&s.tracker);
	CHECK_EQ(t_held(&s.w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- Without tasks --- */

/* BEH util/task_tracker::open_close */
TEST(task_tracker, it_can_be_closed_and_reopened_any_number_of_times)
{
	scene_begin();
	CHECK_EQ(task_tracker_len(&s.tracker), 0);
	for (int i = 0; i < 3; i++) {
		CHECK(!task_tracker_is_closed(&s.tracker));
		CHECK(task_tracker_close(&s.tracker));
		CHECK(task_tracker_is_closed(&s.tracker));
		CHECK(!task_tracker_close(&s.tracker));
		CHECK(task_tracker_is_closed(&s.tracker));
		CHECK(task_tracker_reopen(&s.tracker));
		CHECK(!task_tracker_is_closed(&s.tracker));
		CHECK(!task_tracker_reopen(&s.tracker));
	}
	CHECK_EQ(task_tracker_len(&s.tracker), 0);
	scene_end();
}

/* BEH util/task_tracker::token_len */
TEST(task_tracker, it_counts_the_tokens_that_were_not_dropped)
{
	struct task_token tokens[10];

	scene_begin();
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(task_tracker_len(&s.tracker), i);
		tokens[i] = i ? task_token_clone(&tokens[0]) : task_tracker_token(&s.tracker);
	}
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(task_tracker_len(&s.tracker), 10 - i);
		task_token_drop(&tokens[i]);
		task_token_drop(&tokens[i]); /* none any more */
	}
	CHECK_EQ(task_tracker_len(&s.tracker), 0);
	scene_end();
}

/* BEH util/task_tracker::notify_immediately */
TEST(task_tracker, a_wait_on_one_that_is_closed_and_empty_is_ready_at_once)
{
	scene_begin();
	task_tracker_close(&s.tracker);
	build_wait();
	CHECK_EQ(poll_wait(), POLL_READY);
	scene_end();
}

TEST(task_tracker, closed_is_not_enough_and_empty_is_not_enough)
{
	struct task_token token;

	scene_begin();
	build_wait();
	CHECK_EQ(poll_wait(), POLL_PENDING); /* empty */
	token = task_tracker_token(&s.tracker);
	task_tracker_close(&s.tracker);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(poll_wait(), POLL_PENDING); /* closed */
	task_token_drop(&token);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_wait(), POLL_READY);
	scene_end();
}

/* BEH util/task_tracker::notify_immediately_on_reopen */
TEST(task_tracker, a_wait_built_when_all_was_over_is_ready_though_it_was_reopened)
{
	scene_begin();
	task_tracker_close(&s.tracker);
	build_wait();
	task_tracker_reopen(&s.tracker);
	CHECK_EQ(poll_wait(), POLL_READY);
	build_wait();
	CHECK_EQ(poll_wait(), POLL_PENDING);
	scene_end();
}

/* BEH util/task_tracker::notify_on_close_reopen */
TEST(task_tracker, closed_for_a_moment_is_enough)
{
	scene_begin();
	build_wait();
	task_tracker_close(&s.tracker);
	task_tracker_reopen(&s.tracker);
	CHECK_EQ(poll_wait(), POLL_READY);
	scene_end();
}

/* BEH util/task_tracker::notify_on_last_task */
TEST(task_tracker, the_last_token_wakes_who_waits)
{
	struct task_token token;

	scene_begin();
	task_tracker_close(&s.tracker);
	token = task_tracker_token(&s.tracker);
	build_wait();
	CHECK_EQ(poll_wait(), POLL_PENDING);
	task_token_drop(&token);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_wait(), POLL_READY);
	scene_end();
}

/* BEH util/task_tracker::notify_on_last_task_respawn */
TEST(task_tracker, empty_for_a_moment_is_enough)
{
	struct task_token token;

	scene_begin();
	task_tracker_close(&s.tracker);
	token = task_tracker_token(&s.tracker);
	build_wait();
	CHECK_EQ(poll_wait(), POLL_PENDING);
	task_token_drop(&token);
	token = task_tracker_token(&s.tracker);
	CHECK_EQ(poll_wait(), POLL_READY);
	build_wait();
	CHECK_EQ(poll_wait(), POLL_PENDING);
	task_token_drop(&token);
	CHECK_EQ(poll_wait(), POLL_READY);
	scene_end();
}

/* BEH util/task_tracker::close_during_exit */
TEST(task_tracker, closed_at_any_point_while_five_leave_a_wait_waits_for_both)
{
	enum { N = 5 };

	for (int when = 0; when <= N; when++) {
		struct task_token tokens[N];

		scene_begin();
		for (int i = 0; i < N; i++)
			tokens[i] = task_tracker_token(&s.tracker);
		build_wait();
		for (int i = 0; i < N; i++) {
			CHECK_EQ(poll_wait(), POLL_PENDING);
			if (i == when)
				task_tracker_close(&s.tracker);
			CHECK_EQ(poll_wait(), POLL_PENDING);
			task_token_drop(&tokens[i]);
		}
		if (when == N) {
			CHECK_EQ(poll_wait(), POLL_PENDING);
			task_tracker_close(&s.tracker);
		}
		CHECK_EQ(t_wakes(&s.w), 1);
		CHECK_EQ(poll_wait(), POLL_READY);
		scene_end();
	}
}

TEST(task_tracker, all_who_wait_are_woken_and_those_who_came_later_are_not)
{
	enum { N = 50 };
	static struct task_tracker_wait waits[N], later;
	static struct t_waker w[N];
	struct t_waker w_later = t_waker();
	struct task_token token;

	scene_begin();
	for (int i = 0; i < N; i++) {
		w[i] = t_waker();
		CHECK_EQ(t_poll(task_tracker_wait(&waits[i], &s.tracker), &w[i]), POLL_PENDING);
	}
	for (int i = 0; i < N; i += 7)
		future_drop(&waits[i].future);
	task_tracker_close(&s.tracker);
	token = task_tracker_token(&s.tracker);
	CHECK_EQ(t_poll(task_tracker_wait(&later, &s.tracker), &w_later), POLL_PENDING);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(t_wakes(&w[i]), i % 7 != 0);
		CHECK_EQ(t_held(&w[i]), 0);
		if (i % 7 != 0)
			CHECK_EQ(t_poll(&waits[i].future, &w[i]), POLL_READY);
	}
	CHECK_EQ(t_wakes(&w_later), 0);
	task_token_drop(&token);
	CHECK_EQ(t_wakes(&w_later), 1);
	CHECK_EQ(t_poll(&later.future, &w_later), POLL_READY);
	scene_end();
}

TEST(task_tracker, a_wait_polled_under_another_waker_wakes_only_that_one)
{
	struct t_waker other = t_waker();

	scene_begin();
	build_wait();
	CHECK_EQ(poll_wait(), POLL_PENDING);
	CHECK_EQ(t_poll(&s.wait.future, &other), POLL_PENDING);
	CHECK_EQ(t_held(&s.w), 0);
	task_tracker_close(&s.tracker);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(t_wakes(&other), 1);
	CHECK_EQ(poll_wait(), POLL_READY);
	scene_end();
}

TEST(task_tracker, a_token_outlives_its_tracker)
{
	struct task_tracker other;
	struct task_token token;

	scene_begin();
	other = task_tracker_clone(&s.tracker);
	token = task_tracker_token(&s.tracker);
	task_tracker_drop(&s.tracker);
	CHECK_EQ(task_tracker_len(&other), 1);
	task_tracker_drop(&other);
	task_tracker_drop(&other);
	CHECK(t_mem_live() > 0);
	task_token_drop(&token);
	scene_end();
}

TEST(task_tracker, without_memory_there_is_none)
{
	struct task_tracker none;

	t_mem_begin();
	t_mem_fail(0);
	CHECK_EQ(task_tracker_init(&none), -ENOMEM);
	task_tracker_drop(&none);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- Wakers that call back --- */

static void drops_the_tracker(void *arg)
{
	(void)arg;
	task_tracker_drop(&s.tracker);
}

TEST(task_tracker, whoever_is_woken_may_drop_the_tracker_while_the_others_are_woken)
{
	enum { N = 40 };
	static struct task_tracker_wait waits[N];
	struct task_token token;

	scene_begin();
	token = task_tracker_token(&s.tracker);
	task_tracker_close(&s.tracker);
	for (int i = 0; i < N; i++)
		CHECK_EQ(t_poll(task_tracker_wait(&waits[i], &s.tracker), &s.w), POLL_PENDING);
	s.w.on_wake = drops_the_tracker;
	task_token_drop(&token);
	CHECK_EQ(t_wakes(&s.w), N);
	scene_end();
}

TEST(task_tracker, whoever_is_woken_by_a_close_may_drop_the_tracker_too)
{
	enum { N = 40 };
	static struct task_tracker_wait waits[N];

	scene_begin();
	for (int i = 0; i < N; i++)
		CHECK_EQ(t_poll(task_tracker_wait(&waits[i], &s.tracker), &s.w), POLL_PENDING);
	s.w.on_wake = drops_the_tracker;
	task_tracker_close(&s.tracker);
	CHECK_EQ(t_wakes(&s.w), N);
	scene_end();
}

static void polls_a_wait(void *arg)
{
	struct task_tracker_wait *wait = arg;

	if (future_is_live(&wait->future))
		CHECK_EQ(t_poll(&wait->future, &s.w), POLL_READY);
}

/* They are woken in batches: one of the first asks for one of the last, whose turn has not come. */
TEST(task_tracker, a_wait_that_is_ready_before_its_turn_to_be_woken_is_not_woken)
{
	enum { N = 40 };
	static struct task_tracker_wait waits[N];
	struct t_waker last = t_waker();

	scene_begin();
	for (int i = 0; i < N; i++)
		CHECK_EQ(t_poll(task_tracker_wait(&waits[i], &s.tracker), i < N - 1 ? &s.w : &last),
			 POLL_PENDING);
	s.w.on_wake = polls_a_wait;
	s.w.arg = &waits[N - 1];
	task_tracker_close(&s.tracker);
	CHECK(future_is_over(&waits[N - 1].future));
	CHECK_EQ(t_wakes(&last), 0);
	CHECK_EQ(t_held(&last), 0);
	CHECK_EQ(t_wakes(&s.w), N - 1);
	scene_end();
}

static void closes_the_tracker(void *arg)
{
	(void)arg;
	task_tracker_close(&s.tracker);
}

TEST(task_tracker, an_end_that_comes_while_the_waker_is_cloned_or_dropped_is_not_missed)
{
	for (int dropped = 0; dropped < 2; dropped++) {
		struct t_waker stale = t_waker();

		scene_begin();
		build_wait();
		if (dropped) {
			CHECK_EQ(t_poll(&s.wait.future, &stale), POLL_PENDING);
			stale.on_drop = closes_the_tracker;
			CHECK_EQ(poll_wait(), POLL_PENDING);
			CHECK_EQ(t_wakes(&s.w), 1);
		} else {
			s.w.on_clone = closes_the_tracker;
		}
		CHECK_EQ(poll_wait(), POLL_READY);
		scene_end();
	}
}

/* --- Cancel at every poll; budget --- */

static bool wait_dropped_after(unsigned k)
{
	struct task_token token;
	bool ready = false;

	scene_begin();
	token = task_tracker_token(&s.tracker);
	build_wait();
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = poll_wait() == POLL_READY;
		if (i == 1)
			task_tracker_close(&s.tracker);
		if (i == 3)
			task_token_drop(&token);
	}
	future_drop(&s.wait.future);
	task_token_drop(&token);
	CHECK_EQ(t_held(&s.w), 0);
	scene_end();
	return ready;
}

TEST(task_tracker, a_wait_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(wait_dropped_after);
}

TEST(task_tracker, a_wait_costs_budget)
{
	unsigned budget = 0;

	scene_begin();
	task_tracker_close(&s.tracker);
	build_wait();
	CHECK_EQ(t_poll_budget(&s.wait.future, &s.w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.w), 1);
	budget = 2;
	CHECK_EQ(t_poll_budget(&s.wait.future, &s.w, &budget), POLL_READY);
	CHECK_EQ(budget, 1);
	scene_end();
}
