/* join_set: aborted, let go, shut down, cancelled at every poll, out of memory. */
#include "task/join_set_scene.h"

/* BEH task_join_set::abort_tasks */
TEST(join_set_end, those_that_were_aborted_are_joined_as_canceled)
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

/* BEH task_join_set::abort_all */
TEST(join_set_end, of_all_that_are_aborted_those_that_were_done_stay_completed)
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

TEST(join_set_end, dropped_it_aborts_all)
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

TEST(join_set_end, shut_down_it_has_aborted_and_joined_all)
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
	CHECK_EQ(runtime_block_on(s.rt, join_set_shutdown(&shutdown, &s.set)), 0); /* it is empty */
	scene_end();
}

TEST(join_set_end, detached_they_go_on)
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

TEST(join_set_end, dropping_a_zeroed_one_does_nothing)
{
	struct join_set none = { 0 };

	join_set_abort_all(&none);
	join_set_detach_all(&none);
	join_set_drop(&none);
	CHECK_EQ(join_set_len(&none), 0);
}

/* --- Memory --- */

TEST(join_set_end, a_spawn_without_memory_builds_nothing)
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

/* Frames of whatever length and alignment: the place behind each is found all the same. */
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

TEST(join_set_end, frames_may_have_any_length_and_alignment_that_spawn_allows)
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
TEST(join_set_end, a_spawn_may_be_an_argument_of_another)
{
	for (int n = 0;; n++) {
		bool failed;

		scene_begin();
		CHECK(spawn_job(0, 0)); /* an odd number: once there is place for one of two only */
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

TEST(join_set_end, a_wait_may_be_dropped_at_every_poll)
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

TEST(join_set_end, a_shutdown_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(shutdown_dropped_after);
}

/* --- Bugs --- */

TEST_BUG(join_set_end, joining_a_member_by_hand_as_well_is_a_bug)
{
	struct task_join join;
	struct task *t;

	scene_begin();
	t = spawn_job(JOB_NEVER, 0);
	t_poll(join_set_next(&s.next, &s.set), &s.w);
	t_poll(task_join(&join, t), &s.w);
}
