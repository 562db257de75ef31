/* join_set: each task is joined once, in the order of the ends; aborted, let go, shut down. */
#include "task/join_set.h"

#include <errno.h>

#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

static struct scene {
	struct runtime *rt;
	struct join_set set;
	struct join_set_next next;
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
	struct task *t = join_set_spawn(&s.set, s.rt, job, &s.tally, wait, value);

	s.n_spawned += t != NULL;
	return t;
}

/* Inside the runtime; the value of the next one, or its error, or NONE. */
enum { NONE = -1000 };

static int join_next(void)
{
	CHECK_EQ(runtime_block_on(s.rt, join_set_next(&s.next, &s.set)), 0);
	if (!s.next.task)
		return NONE;
	return s.next.err ? s.next.err : task_frame(s.next.task, struct job)->value;
}

static void scene_end(void)
{
	join_set_drop(&s.set);
	if (s.rt)
		runtime_destroy(s.rt);
	CHECK_EQ(s.tally.n_ended, s.n_spawned);
	CHECK_EQ(t_held(&s.w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH task_join_set::test_with_sleep */
TEST(join_set, each_task_is_joined_once_and_the_set_can_be_used_again)
{
	bool seen[10] = { false };

	scene_begin();
	for (int i = 0; i < 10; i++) {
		CHECK(spawn_job(0, i));
		CHECK_EQ(join_set_len(&s.set), i + 1);
	}
	join_set_detach_all(&s.set);
	CHECK_EQ(join_set_len(&s.set), 0);
	CHECK_EQ(join_next(), NONE);
	for (int i = 0; i < 10; i++) {
		CHECK(spawn_job(100, i));
		CHECK_EQ(join_set_len(&s.set), i + 1);
	}
	for (int i = 0; i < 10; i++) {
		int value = join_next();

		CHECK(value >= 0 && !seen[value]);
		seen[value] = true;
	}
	CHECK_EQ(join_next(), NONE);
	CHECK_EQ(s.tally.n_done, 20);
	CHECK(spawn_job(0, 7));
	CHECK_EQ(join_next(), 7);
	CHECK_EQ(s.tally.n_ended, 21);
	scene_end();
}

/* BEH task_join_set::alternating */
TEST(join_set, as_many_are_left_as_were_spawned_and_not_joined)
{
	scene_begin();
	CHECK(spawn_job(0, 0));
	CHECK(spawn_job(0, 1));
	for (int i = 0; i < 16; i++) {
		CHECK_EQ(join_set_len(&s.set), 2);
		CHECK_EQ(join_next(), i);
		CHECK_EQ(join_set_len(&s.set), 1);
		CHECK(spawn_job(-1, i + 2));
	}
	scene_end();
}

TEST(join_set, tasks_are_joined_in_the_order_in_which_they_end)
{
	scene_begin();
	for (int i = 0; i < 10; i++)
		CHECK(spawn_job(10 * (10 - i), i));
	for (int i = 9; i >= 0; i--)
		CHECK_EQ(join_next(), i);
	CHECK_EQ(join_next(), NONE);
	scene_end();
}

/* BEH task_join_set::abort_tasks */
TEST(join_set, those_that_were_aborted_are_joined_as_canceled)
{
	int n_canceled = 0, n_completed = 0;

	scene_begin();
	for (int i = 0; i < 16; i++) {
		struct task *t = spawn_job(i % 2 ? 0 : JOB_NEVER, i);

		CHECK(t);
		if (i % 2 == 0)
			task_abort(t);
	}
	for (int value; (value = join_next()) != NONE;)
		if (value == -ECANCELED)
			n_canceled++;
		else
			n_completed += value % 2 == 1;
	CHECK_EQ(n_canceled, 8);
	CHECK_EQ(n_completed, 8);
	CHECK_EQ(s.tally.n_ended, 16);
	scene_end();
}

/* BEH task_join_set::runtime_gone */
TEST(join_set, a_task_whose_runtime_has_gone_is_joined_as_canceled)
{
	scene_begin();
	CHECK(spawn_job(JOB_NEVER, 0));
	CHECK(spawn_job(JOB_NEVER, 0));
	runtime_destroy(s.rt);
	s.rt = NULL;
	CHECK_EQ(s.tally.n_ended, 2);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(t_poll(join_set_next(&s.next, &s.set), &s.w), POLL_READY);
		CHECK(s.next.task);
		CHECK_EQ(s.next.err, -ECANCELED);
	}
	CHECK_EQ(t_poll(join_set_next(&s.next, &s.set), &s.w), POLL_READY);
	CHECK(!s.next.task);
	scene_end();
}

TEST(join_set, whoever_waits_when_the_runtime_goes_is_woken)
{
	scene_begin();
	CHECK(spawn_job(JOB_NEVER, 0));
	job_turns(s.rt, 1);
	CHECK_EQ(t_poll(join_set_next(&s.next, &s.set), &s.w), POLL_PENDING);
	runtime_destroy(s.rt);
	s.rt = NULL;
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(t_poll(&s.next.future, &s.w), POLL_READY);
	CHECK_EQ(s.next.err, -ECANCELED);
	scene_end();
}

/* BEH task_join_set::join_all */
/* BEH task_join_set::extend */
TEST(join_set, all_results_can_be_collected)
{
	int sum = 0;

	scene_begin();
	for (int i = 0; i < 5; i++)
		CHECK(spawn_job(i, i));
	for (int value; (value = join_next()) != NONE;)
		sum += value;
	CHECK_EQ(sum, 0 + 1 + 2 + 3 + 4);
	scene_end();
}

/* BEH task_join_set::abort_all */
TEST(join_set, of_all_that_are_aborted_those_that_were_done_stay_completed)
{
	int n_canceled = 0, n_completed = 0;

	scene_begin();
	for (int i = 0; i < 10; i++)
		CHECK(spawn_job(i < 5 ? JOB_NEVER : 0, i));
	job_turns(s.rt, 2);
	CHECK_EQ(join_set_len(&s.set), 10);
	join_set_abort_all(&s.set);
	CHECK_EQ(join_set_len(&s.set), 10); /* until they are joined */
	for (int value; (value = join_next()) != NONE;)
		if (value == -ECANCELED)
			n_canceled++;
		else
			n_completed++;
	CHECK_EQ(n_completed, 5);
	CHECK_EQ(n_canceled, 5);
	CHECK_EQ(s.tally.n_ended, 10);
	scene_end();
}

TEST(join_set, a_wait_is_woken_by_an_end_and_by_a_spawn)
{
	scene_begin();
	CHECK(spawn_job(JOB_NEVER, 0));
	CHECK(spawn_job(-5, 1));
	CHECK_EQ(t_poll(join_set_next(&s.next, &s.set), &s.w), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK(spawn_job(JOB_NEVER, 2));
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(t_poll(&s.next.future, &s.w), POLL_PENDING);
	job_turns(s.rt, 3);
	CHECK_EQ(t_wakes(&s.w), 0); /* by nothing else that the task does */
	job_turns(s.rt, 5);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(t_poll(&s.next.future, &s.w), POLL_READY);
	CHECK_EQ(task_frame(s.next.task, struct job)->value, 1);
	scene_end();
}

TEST(join_set, what_was_handed_out_can_be_read_until_the_next_is_asked_for)
{
	struct task *t;

	scene_begin();
	CHECK(spawn_job(0, 5));
	t = spawn_job(-3, 6);
	CHECK_EQ(join_next(), 5);
	job_turns(s.rt, 5); /* whatever else happens */
	CHECK(task_is_done(s.next.task));
	CHECK_EQ(task_frame(s.next.task, struct job)->value, 5);
	CHECK_EQ(join_next(), 6);
	CHECK_PTR(s.next.task, t);
	CHECK_EQ(join_next(), NONE);
	scene_end();
}

/* --- Budget --- */

/* Joins all it can, and counts how often it could not go on. */
struct joins_all {
	struct future future;
	struct join_set *set;
	struct join_set_next next;
	int n_joined, n_yields;
};

static enum poll poll_joins_all(struct future *f, struct context *cx)
{
	struct joins_all *j = future_of(f, struct joins_all);

	for (;;) {
		if (!future_is_live(&j->next.future))
			join_set_next(&j->next, j->set);
		if (future_poll(&j->next.future, cx) == POLL_PENDING) {
			j->n_yields++;
			return POLL_PENDING;
		}
		if (!j->next.task)
			return POLL_READY;
		j->n_joined++;
	}
}

static const struct future_ops joins_all_ops = FUTURE_OPS("joins_all", poll_joins_all, NULL);

/* BEH task_join_set::join_set_coop */
TEST(join_set, joining_a_thousand_that_are_done_yields_now_and_then)
{
	struct joins_all all = { .future = future_init(&joins_all_ops), .set = &s.set };

	scene_begin();
	for (int i = 0; i < 1000; i++)
		CHECK(spawn_job(0, i));
	job_turns(s.rt, 2);
	CHECK_EQ(s.tally.n_done, 1000);
	CHECK_EQ(runtime_block_on(s.rt, &all.future), 0);
	CHECK_EQ(all.n_joined, 1000);
	CHECK(all.n_yields >= 7);
	scene_end();
}

/* --- Without waiting --- */

static int try_next(void)
{
	int err = 1;
	struct task *t = join_set_try_next(&s.set, &err);

	if (!t)
		return NONE;
	return err ? err : task_frame(t, struct job)->value;
}

/* BEH task_join_set::try_join_next */
TEST(join_set, without_waiting_all_that_are_done_are_joined_and_then_none)
{
	scene_begin();
	CHECK_EQ(try_next(), NONE);
	for (int i = 0; i < 1000; i++)
		CHECK(spawn_job(0, i));
	CHECK_EQ(try_next(), NONE); /* none has run */
	job_turns(s.rt, 2);
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(try_next(), i);
	CHECK_EQ(try_next(), NONE);
	CHECK_EQ(join_set_len(&s.set), 0);
	scene_end();
}

/* BEH task_join_set::try_join_next_with_id */
TEST(join_set, the_ids_joined_are_the_ids_spawned)
{
	uint32_t ids[100];
	struct task *t;
	int err, n = 0;

	scene_begin();
	for (int i = 0; i < 100; i++) {
		t = spawn_job(0, i);
		CHECK(t);
	}
	job_turns(s.rt, 2);
	for (struct futures_member *m = s.set.joins.first; m; m = m->next)
		ids[n++] = task_id(future_of(m->future, struct task_join)->task);
	for (int i = 0; (t = join_set_try_next(&s.set, &err)); i++)
		CHECK_EQ(task_id(t), ids[i]);
	CHECK_EQ(n, 100);
	scene_end();
}

TEST(join_set, a_try_leaves_a_wait_as_it_is)
{
	scene_begin();
	CHECK(spawn_job(-1, 1));
	CHECK(spawn_job(-4, 2));
	CHECK_EQ(t_poll(join_set_next(&s.next, &s.set), &s.w), POLL_PENDING);
	job_turns(s.rt, 3);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(try_next(), 1);
	CHECK_EQ(t_poll(&s.next.future, &s.w), POLL_PENDING);
	job_turns(s.rt, 4);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(t_poll(&s.next.future, &s.w), POLL_READY);
	CHECK_EQ(task_frame(s.next.task, struct job)->value, 2);
	scene_end();
}

/* --- The end --- */

TEST(join_set, dropped_it_aborts_all)
{
	for (int n_turns = 0; n_turns < 3; n_turns++) {
		scene_begin();
		for (int i = 0; i < 10; i++)
			CHECK(spawn_job(i % 3 ? JOB_NEVER : -1, i));
		job_turns(s.rt, n_turns);
		join_set_drop(&s.set);
		CHECK_EQ(join_set_len(&s.set), 0);
		job_turns(s.rt, 2);
		CHECK_EQ(s.tally.n_ended, 10);
		CHECK_EQ(runtime_n_tasks(s.rt), 0);
		scene_end();
	}
}

TEST(join_set, shut_down_it_has_aborted_and_joined_all)
{
	struct join_set_shutdown shutdown;

	scene_begin();
	for (int i = 0; i < 10; i++)
		CHECK(spawn_job(i % 2 ? JOB_NEVER : 0, i));
	job_turns(s.rt, 2);
	CHECK(spawn_job(JOB_NEVER, 10)); /* never polled */
	CHECK_EQ(runtime_block_on(s.rt, join_set_shutdown(&shutdown, &s.set)), 0);
	CHECK_EQ(join_set_len(&s.set), 0);
	CHECK_EQ(s.tally.n_done, 5);
	CHECK_EQ(s.tally.n_ended, 11);
	CHECK_EQ(runtime_n_tasks(s.rt), 0);
	CHECK_EQ(runtime_block_on(s.rt, join_set_shutdown(&shutdown, &s.set)), 0); /* of an empty one */
	scene_end();
}

TEST(join_set, detached_they_go_on)
{
	scene_begin();
	for (int i = 0; i < 10; i++)
		CHECK(spawn_job(-2, i));
	job_turns(s.rt, 1);
	join_set_detach_all(&s.set);
	job_turns(s.rt, 3);
	CHECK_EQ(s.tally.n_done, 10);
	CHECK_EQ(runtime_n_tasks(s.rt), 0);
	scene_end();
}

TEST(join_set, dropping_a_zeroed_one_does_nothing)
{
	struct join_set none = { 0 };

	join_set_abort_all(&none);
	join_set_detach_all(&none);
	join_set_drop(&none);
	CHECK_EQ(join_set_len(&none), 0);
}

/* --- Memory --- */

TEST(join_set, a_spawn_without_memory_builds_nothing)
{
	for (int n = 0;; n++) {
		int n_refused = 0;

		scene_begin();
		t_mem_fail(n);
		for (int i = 0; i < 40; i++)
			n_refused += !spawn_job(0, i);
		CHECK_EQ(n_refused, t_mem_failed());
		t_mem_fail(-1);
		CHECK_EQ(join_set_len(&s.set), 40 - n_refused);
		while (join_next() != NONE)
			continue;
		CHECK_EQ(s.tally.n_ended, 40 - n_refused);
		scene_end();
		if (!n_refused)
			return;
	}
}

/* A frame with an odd length, and one aligned to 16 bytes: the place behind it is found all the same. */
struct odd {
	struct future future;
	char bytes[13];
};

struct wide {
	_Alignas(16) struct future future;
	char bytes[5];
};

static enum poll poll_at_once(struct future *f, struct context *cx)
{
	(void)f, (void)cx;
	return POLL_READY;
}

static const struct future_ops at_once_ops = FUTURE_OPS("at_once", poll_at_once, NULL);

static struct future *odd(struct odd *o)
{
	*o = (struct odd){ .future = future_init(&at_once_ops), .bytes = "odd" };
	return &o->future;
}

static struct future *wide(struct wide *w)
{
	*w = (struct wide){ .future = future_init(&at_once_ops), .bytes = "wide" };
	return &w->future;
}

TEST(join_set, frames_may_have_any_length_and_alignment_that_spawn_allows)
{
	scene_begin();
	CHECK(join_set_spawn(&s.set, s.rt, odd));
	CHECK(join_set_spawn(&s.set, s.rt, wide));
	CHECK_EQ(runtime_block_on(s.rt, join_set_next(&s.next, &s.set)), 0);
	CHECK_STR(task_frame(s.next.task, struct odd)->bytes, "odd");
	CHECK_EQ(runtime_block_on(s.rt, join_set_next(&s.next, &s.set)), 0);
	CHECK_STR(task_frame(s.next.task, struct wide)->bytes, "wide");
	scene_end();
}

/* Spawns are nested in each other's arguments, and memory ends in the middle. */
TEST(join_set, a_spawn_may_be_an_argument_of_another)
{
	for (int n = 0;; n++) {
		bool failed;

		scene_begin();
		CHECK(spawn_job(0, 0)); /* an odd number: once there is a place for one of the two only */
		t_mem_fail(n);
		for (int i = 0; i < 16; i++)
			s.n_spawned += join_set_spawn(&s.set, s.rt, job, &s.tally, 0,
						      spawn_job(0, 1) ? 1 : 0) != NULL;
		CHECK_EQ(join_set_len(&s.set), s.n_spawned);
		failed = t_mem_failed();
		scene_end();
		if (!failed)
			return;
	}
}

/* --- Cancel at every poll --- */

static bool next_dropped_after(unsigned k)
{
	int n_joined = 0;
	bool empty = false;

	scene_begin();
	for (int i = 0; i < 5; i++)
		CHECK(spawn_job(-i, i));
	for (unsigned i = 0; i < k && !empty; i++) {
		if (!future_is_live(&s.next.future))
			join_set_next(&s.next, &s.set);
		if (t_poll(&s.next.future, &s.w) == POLL_READY) {
			empty = !s.next.task;
			n_joined += !empty;
		}
		job_turns(s.rt, 1);
	}
	future_drop(&s.next.future);
	CHECK_EQ(join_set_len(&s.set), 5 - n_joined);
	CHECK_EQ(t_held(&s.w), 0);
	while (join_next() != NONE)
		n_joined++;
	CHECK_EQ(n_joined, 5); /* no end was lost */
	CHECK_EQ(s.tally.n_ended, 5);
	scene_end();
	return empty;
}

TEST(join_set, a_wait_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(next_dropped_after);
}

static bool shutdown_dropped_after(unsigned k)
{
	struct join_set_shutdown shutdown;
	bool ready = false;

	scene_begin();
	for (int i = 0; i < 5; i++)
		CHECK(spawn_job(i % 2 ? JOB_NEVER : -i, i));
	job_turns(s.rt, 1);
	join_set_shutdown(&shutdown, &s.set);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&shutdown.future, &s.w) == POLL_READY;
		job_turns(s.rt, 1);
	}
	future_drop(&shutdown.future);
	CHECK_EQ(t_held(&s.w), 0);
	if (k > 0)
		CHECK_EQ(s.tally.n_ended, 5); /* aborted, whoever was joined */
	scene_end();
	return ready;
}

TEST(join_set, a_shutdown_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(shutdown_dropped_after);
}

/* --- Bugs --- */

TEST_BUG(join_set, joining_a_member_by_hand_as_well_is_a_bug)
{
	struct task_join join;
	struct task *t;

	scene_begin();
	t = spawn_job(JOB_NEVER, 0);
	t_poll(join_set_next(&s.next, &s.set), &s.w);
	t_poll(task_join(&join, t), &s.w);
}
