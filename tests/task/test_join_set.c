/* join_set: each task is joined once, in the order of the ends, with and without waiting. */
#include "task/join_set_scene.h"

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
