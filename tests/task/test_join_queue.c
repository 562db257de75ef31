/* join_queue: each task is joined once, in the order of the spawns; aborted, let go, shut down. */
#include "task/join_queue.h"

#include <errno.h>

#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

static struct scene {
	struct runtime *rt;
	struct join_queue queue;
	struct join_queue_next next;
	struct tally tally;
	struct t_waker w;
	int n_spawned;
} s;

static void scene_begin(void)
{
	t_mem_begin();
	s = (struct scene){ .rt = t_runtime_virtual(), .w = t_waker() };
}

static struct task *spawn_job(int wait, int value)
{
	struct task *t = join_queue_spawn(&s.queue, s.rt, job, &s.tally, wait, value);

	s.n_spawned += t != NULL;
	return t;
}

enum { NONE = -1000, PENDING = -1001 };

static int outcome(const struct task *t, int err)
{
	if (!t)
		return NONE;
	return err ? err : task_frame(t, struct job)->value;
}

/* Inside the runtime; the value of the next one, or its error, or NONE. */
static int join_next(void)
{
	CHECK_EQ(runtime_block_on(s.rt, join_queue_next(&s.next, &s.queue)), 0);
	return outcome(s.next.task, s.next.err);
}

/* The same by hand. */
static int poll_next(void)
{
	if (!future_is_live(&s.next.future))
		join_queue_next(&s.next, &s.queue);
	if (t_poll(&s.next.future, &s.w) == POLL_PENDING)
		return PENDING;
	return outcome(s.next.task, s.next.err);
}

static int try_next(void)
{
	int err = 1;
	struct task *t = join_queue_try_next(&s.queue, &err);

	return outcome(t, err);
}

static void scene_end(void)
{
	future_drop(&s.next.future);
	join_queue_drop(&s.queue);
	runtime_destroy(s.rt);
	CHECK_EQ(s.queue.n, 0);
	CHECK_EQ(s.tally.n_ended, s.n_spawned);
	CHECK_EQ(t_held(&s.w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH util/task_join_queue::test_join_queue_join_all */
TEST(join_queue, results_come_in_the_order_of_the_spawns_even_if_they_end_in_reverse)
{
	scene_begin();
	for (int i = 0; i < 10; i++)
		CHECK(spawn_job(10 * (10 - i), i));
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(join_queue_len(&s.queue), 10 - i);
		CHECK_EQ(join_next(), i);
	}
	CHECK_EQ(join_next(), NONE);
	CHECK(spawn_job(0, 5)); /* it can be used again */
	CHECK_EQ(join_next(), 5);
	scene_end();
}

/* BEH util/task_join_queue::test_join_queue_no_spurious_wakeups */
TEST(join_queue, whoever_waits_is_woken_when_the_oldest_ends_and_only_then)
{
	scene_begin();
	CHECK(spawn_job(-5, 0));
	CHECK(spawn_job(-2, 1));
	CHECK_EQ(poll_next(), PENDING);
	job_turns(s.rt, 4); /* the second has ended */
	CHECK_EQ(s.tally.n_done, 1);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK(spawn_job(0, 2));
	job_turns(s.rt, 1);
	CHECK_EQ(t_wakes(&s.w), 0);
	job_turns(s.rt, 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(poll_next(), i);
	CHECK_EQ(t_wakes(&s.w), 0);
	scene_end();
}

/* BEH util/task_join_queue::test_join_queue_abort_on_drop */
TEST(join_queue, dropped_it_aborts_all)
{
	for (int n_turns = 0; n_turns < 3; n_turns++) {
		scene_begin();
		for (int i = 0; i < 5; i++)
			CHECK(spawn_job(JOB_NEVER, i));
		job_turns(s.rt, n_turns);
		join_queue_drop(&s.queue);
		CHECK_EQ(join_queue_len(&s.queue), 0);
		job_turns(s.rt, 1);
		CHECK_EQ(s.tally.n_ended, 5);
		scene_end();
	}
}

/* BEH util/task_join_queue::test_join_queue_abort_all */
TEST(join_queue, of_all_that_are_aborted_those_that_were_done_stay_completed)
{
	scene_begin();
	for (int i = 0; i < 10; i++)
		CHECK(spawn_job(i < 5 ? JOB_NEVER : 0, i));
	job_turns(s.rt, 1);
	join_queue_abort_all(&s.queue);
	CHECK_EQ(join_queue_len(&s.queue), 10);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(join_next(), i < 5 ? -ECANCELED : i);
	CHECK_EQ(join_next(), NONE);
	scene_end();
}

/* BEH util/task_join_queue::test_join_queue_with_manual_abort */
TEST(join_queue, those_that_were_aborted_keep_their_place)
{
	scene_begin();
	for (int i = 0; i < 16; i++) {
		struct task *t = spawn_job(i % 2 ? -1 : JOB_NEVER, i);

		CHECK(t);
		if (i % 2 == 0)
			task_abort(t);
	}
	for (int i = 0; i < 16; i++)
		CHECK_EQ(join_next(), i % 2 ? i : -ECANCELED);
	scene_end();
}

/* BEH util/task_join_queue::test_join_queue_shutdown */
TEST(join_queue, shut_down_it_has_aborted_and_joined_all)
{
	struct join_queue_shutdown shutdown;

	scene_begin();
	for (int i = 0; i < 5; i++)
		CHECK(spawn_job(i % 2 ? 0 : JOB_NEVER, i));
	job_turns(s.rt, 1);
	CHECK(spawn_job(JOB_NEVER, 5)); /* never polled */
	CHECK_EQ(runtime_block_on(s.rt, join_queue_shutdown(&shutdown, &s.queue)), 0);
	CHECK_EQ(join_queue_len(&s.queue), 0);
	CHECK_EQ(s.tally.n_ended, 6);
	CHECK_EQ(s.tally.n_done, 2);
	CHECK_EQ(runtime_n_tasks(s.rt), 0);
	scene_end();
}

TEST(join_queue, detached_they_go_on)
{
	scene_begin();
	for (int i = 0; i < 5; i++)
		CHECK(spawn_job(-2, i));
	job_turns(s.rt, 1);
	join_queue_detach_all(&s.queue);
	job_turns(s.rt, 3);
	CHECK_EQ(s.tally.n_done, 5);
	scene_end();
}

/* BEH util/task_join_queue::test_join_queue_join_next_with_id */
TEST(join_queue, ids_come_in_the_order_of_the_spawns)
{
	struct task *tasks[10];

	scene_begin();
	for (int i = 0; i < 10; i++)
		tasks[i] = spawn_job(10 - i, i);
	job_turns(s.rt, 1);
	for (int i = 0; i < 10; i++) {
		uint32_t id = task_id(tasks[i]);

		CHECK_EQ(join_next(), i);
		CHECK_PTR(s.next.task, tasks[i]);
		CHECK_EQ(task_id(s.next.task), id);
	}
	scene_end();
}

/* --- Without waiting --- */

/* BEH util/task_join_queue::test_join_queue_try_join_next */
TEST(join_queue, without_waiting_only_the_oldest_can_be_taken_and_trying_again_changes_nothing)
{
	scene_begin();
	CHECK_EQ(try_next(), NONE);
	CHECK(spawn_job(-3, 0));
	CHECK(spawn_job(0, 1));
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(try_next(), NONE);
		job_turns(s.rt, 1);
	}
	CHECK_EQ(s.tally.n_done, 1);
	job_turns(s.rt, 1);
	CHECK_EQ(try_next(), 0);
	CHECK_EQ(try_next(), 1);
	CHECK_EQ(try_next(), NONE);
	scene_end();
}

/* BEH util/task_join_queue::test_join_queue_try_join_next_with_id_does_not_replace_waker */
TEST(join_queue, a_try_leaves_the_waker_of_a_wait_where_it_is)
{
	scene_begin();
	CHECK(spawn_job(-2, 0));
	CHECK_EQ(poll_next(), PENDING);
	CHECK_EQ(try_next(), NONE);
	CHECK_EQ(t_held(&s.w), 1);
	job_turns(s.rt, 3);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_next(), 0);
	scene_end();
}

TEST(join_queue, a_try_may_take_what_a_wait_was_woken_for)
{
	scene_begin();
	CHECK(spawn_job(-1, 0));
	CHECK(spawn_job(-4, 1));
	CHECK_EQ(poll_next(), PENDING);
	job_turns(s.rt, 2);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(try_next(), 0);
	CHECK_EQ(poll_next(), PENDING);
	job_turns(s.rt, 3);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_next(), 1);
	scene_end();
}

/* BEH util/task_join_queue::test_join_queue_try_join_next_disabled_coop */
/* BEH util/task_join_queue::test_join_queue_try_join_next_with_id_disabled_coop */
TEST(join_queue, a_wait_costs_budget_and_a_try_does_not)
{
	unsigned budget = 10;
	int n = 0;

	scene_begin();
	for (int i = 0; i < 1000; i++)
		CHECK(spawn_job(0, i));
	job_turns(s.rt, 1);
	for (;; n++) {
		join_queue_next(&s.next, &s.queue);
		if (t_poll_budget(&s.next.future, &s.w, &budget) == POLL_PENDING)
			break;
	}
	CHECK_EQ(n, 10);
	CHECK_EQ(t_wakes(&s.w), 1);
	for (int i = n; i < 1000; i++)
		CHECK_EQ(try_next(), i);
	CHECK_EQ(try_next(), NONE);
	scene_end();
}

/* --- Memory; cancel at every poll --- */

TEST(join_queue, a_spawn_without_memory_builds_nothing)
{
	for (int n = 0;; n++) {
		int n_refused = 0;

		scene_begin();
		t_mem_fail(n);
		for (int i = 0; i < 40; i++)
			n_refused += !spawn_job(0, i);
		CHECK_EQ(n_refused > 0, t_mem_failed());
		t_mem_fail(-1);
		CHECK_EQ(join_queue_len(&s.queue), 40 - n_refused);
		while (join_next() != NONE)
			continue;
		scene_end();
		if (!n_refused)
			return;
	}
}

TEST(join_queue, what_was_handed_out_can_be_read_until_the_next_is_asked_for)
{
	scene_begin();
	CHECK(spawn_job(0, 5));
	CHECK(spawn_job(-3, 6));
	CHECK_EQ(join_next(), 5);
	job_turns(s.rt, 5);
	CHECK_EQ(task_frame(s.next.task, struct job)->value, 5);
	CHECK_EQ(join_next(), 6);
	scene_end();
}

static bool next_dropped_after(unsigned k)
{
	int n_joined = 0, value = PENDING;

	scene_begin();
	for (int i = 0; i < 5; i++)
		CHECK(spawn_job(i - 5, i));
	for (unsigned i = 0; i < k && value != NONE; i++) {
		value = poll_next();
		if (value >= 0)
			CHECK_EQ(value, n_joined++);
		job_turns(s.rt, 1);
	}
	future_drop(&s.next.future);
	CHECK_EQ(t_held(&s.w), 0);
	for (; n_joined < 5; n_joined++)
		CHECK_EQ(join_next(), n_joined); /* no end was lost */
	scene_end();
	return value == NONE;
}

TEST(join_queue, a_wait_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(next_dropped_after);
}

static bool shutdown_dropped_after(unsigned k)
{
	struct join_queue_shutdown shutdown;
	bool ready = false;

	scene_begin();
	for (int i = 0; i < 5; i++)
		CHECK(spawn_job(i % 2 ? JOB_NEVER : -i, i));
	job_turns(s.rt, 1);
	join_queue_shutdown(&shutdown, &s.queue);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&shutdown.future, &s.w) == POLL_READY;
		job_turns(s.rt, 1);
	}
	future_drop(&shutdown.future);
	CHECK_EQ(t_held(&s.w), 0);
	if (k > 0)
		CHECK_EQ(s.tally.n_ended, 5);
	scene_end();
	return ready;
}

TEST(join_queue, a_shutdown_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(shutdown_dropped_after);
}

TEST(join_queue, dropping_a_zeroed_one_does_nothing)
{
	struct join_queue none = { 0 };

	join_queue_abort_all(&none);
	join_queue_detach_all(&none);
	join_queue_drop(&none);
	CHECK_EQ(join_queue_len(&none), 0);
}

TEST(join_queue, a_task_whose_runtime_has_gone_is_joined_as_canceled)
{
	scene_begin();
	CHECK(spawn_job(JOB_NEVER, 0));
	CHECK_EQ(poll_next(), PENDING);
	runtime_destroy(s.rt);
	s.rt = NULL;
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_next(), -ECANCELED);
	CHECK_EQ(poll_next(), NONE);
	scene_end();
}

TEST_BUG(join_queue, two_that_wait_on_one_queue_are_a_bug)
{
	struct join_queue_next second;

	scene_begin();
	CHECK(spawn_job(JOB_NEVER, 0));
	poll_next();
	t_poll(join_queue_next(&second, &s.queue), &s.w);
}
