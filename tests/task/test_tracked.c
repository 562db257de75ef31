/* task_tracker: tasks and other futures that are counted until they are over. */
#include "task/task_tracker.h"

#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

static struct scene {
	struct task_tracker tracker;
	struct task_tracker_wait wait;
	struct t_waker w;
	struct tally tally;
	struct runtime *rt;
	int n_spawned;
} s;

static void scene_begin(void)
{
	t_mem_begin();
	s = (struct scene){ .w = t_waker() };
	s.rt = t_runtime_virtual();
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
	runtime_destroy(s.rt);
	CHECK_EQ(s.tally.n_ended, s.n_spawned);
	CHECK_EQ(t_held(&s.w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

static struct task *spawn_job(int wait, int value)
{
	struct task *t = task_tracker_spawn(&s.tracker, s.rt, job, &s.tally, wait, value);

	s.n_spawned += t != NULL;
	return t;
}

static void wait_in_runtime(void)
{
	build_wait();
	CHECK_EQ(runtime_block_on(s.rt, &s.wait.future), 0);
	CHECK_EQ(task_tracker_len(&s.tracker), 0);
}

/* BEH util/task_tracker::spawn_then_close */
TEST(tracked, spawned_before_it_is_closed_they_are_waited_for)
{
	scene_begin();
	for (int i = 0; i < 10; i++)
		task_detach(spawn_job(i, i));
	CHECK_EQ(task_tracker_len(&s.tracker), 10); /* none was polled yet */
	task_tracker_close(&s.tracker);
	wait_in_runtime();
	CHECK_EQ(s.tally.n_done, 10);
	scene_end();
}

/* BEH util/task_tracker::spawn_after_close */
/* BEH util/task_tracker::close_then_spawn */
TEST(tracked, spawned_after_it_was_closed_they_are_waited_for_as_well)
{
	scene_begin();
	task_tracker_close(&s.tracker);
	for (int i = 0; i < 10; i++)
		task_detach(spawn_job(10 - i, i));
	CHECK_EQ(task_tracker_len(&s.tracker), 10);
	wait_in_runtime();
	CHECK_EQ(s.tally.n_done, 10);
	scene_end();
}

/* BEH util/task_tracker::spawn_then_drop */
TEST(tracked, dropping_it_leaves_the_tasks_alone)
{
	scene_begin();
	for (int i = 0; i < 10; i++)
		task_detach(spawn_job(-1, i));
	task_tracker_drop(&s.tracker);
	job_turns(s.rt, 3);
	CHECK_EQ(s.tally.n_done, 10);
	scene_end();
}

TEST(tracked, a_task_that_is_aborted_is_no_longer_counted)
{
	struct task *t;

	for (int n_turns = 0; n_turns < 2; n_turns++) {
		scene_begin();
		t = spawn_job(JOB_NEVER, 0);
		job_turns(s.rt, n_turns);
		task_abort(t);
		task_detach(t);
		task_tracker_close(&s.tracker);
		wait_in_runtime();
		CHECK_EQ(s.tally.n_ended, 1);
		scene_end();
	}
}

TEST(tracked, tasks_of_a_runtime_that_has_gone_are_no_longer_counted)
{
	scene_begin();
	for (int i = 0; i < 10; i++)
		task_detach(spawn_job(JOB_NEVER, i));
	task_tracker_close(&s.tracker);
	build_wait();
	CHECK_EQ(poll_wait(), POLL_PENDING);
	runtime_destroy(s.rt);
	s.rt = NULL;
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_wait(), POLL_READY);
	scene_end();
}

TEST(tracked, outputs_are_behind_the_handle_as_usual)
{
	struct task_join join;
	struct task *t;

	scene_begin();
	t = spawn_job(3, 42);
	CHECK_EQ(runtime_block_on(s.rt, task_join(&join, t)), 0);
	CHECK_EQ(join.err, 0);
	CHECK_EQ(tracked_frame(t, struct job)->value, 42);
	CHECK_EQ(task_tracker_len(&s.tracker), 0); /* the handle does not count */
	task_detach(t);
	scene_end();
}

TEST(tracked, a_spawn_without_memory_counts_nobody)
{
	scene_begin();
	t_mem_fail(0);
	CHECK(!spawn_job(0, 0));
	CHECK_EQ(task_tracker_len(&s.tracker), 0);
	t_mem_fail(-1);
	task_detach(spawn_job(0, 0));
	job_turns(s.rt, 2);
	CHECK_EQ(s.tally.n_done, 1);
	scene_end();
}

/* Frames aligned as loosely and as strictly as spawn allows. */
struct narrow {
	struct future future;
	char letter;
};

struct wide {
	_Alignas(16) struct future future;
	char letter;
};

static enum poll poll_at_once(struct future *f, struct context *cx)
{
	(void)f, (void)cx;
	return POLL_READY;
}

static const struct future_ops at_once_ops = FUTURE_OPS("at_once", poll_at_once, NULL);

static struct future *narrow(struct narrow *n, char letter)
{
	*n = (struct narrow){ .future = future_init(&at_once_ops), .letter = letter };
	return &n->future;
}

static struct future *wide(struct wide *w, char letter)
{
	*w = (struct wide){ .future = future_init(&at_once_ops), .letter = letter };
	return &w->future;
}

TEST(tracked, frames_may_be_aligned_as_spawn_allows)
{
	struct task *a, *b;

	scene_begin();
	a = task_tracker_spawn(&s.tracker, s.rt, narrow, 'a');
	b = task_tracker_spawn(&s.tracker, s.rt, wide, 'b');
	job_turns(s.rt, 2);
	CHECK_EQ(tracked_frame(a, struct narrow)->letter, 'a');
	CHECK_EQ(tracked_frame(b, struct wide)->letter, 'b');
	CHECK_EQ((uintptr_t)tracked_frame(b, struct wide) % 16, 0);
	task_detach(a);
	task_detach(b);
	scene_end();
}

/* --- A future that is counted without a task --- */

TEST(tracked, a_tracked_future_gives_back_its_token_when_it_is_ready_or_dropped)
{
	for (int dropped = 0; dropped < 2; dropped++) {
		struct tracked tr;
		struct job child;

		scene_begin();
		s.n_spawned++;
		tracked(&tr, task_tracker_token(&s.tracker), job(&child, &s.tally, -1, 0));
		CHECK_EQ(task_tracker_len(&s.tracker), 1);
		CHECK_EQ(t_poll(&tr.future, &s.w), POLL_PENDING);
		CHECK_EQ(task_tracker_len(&s.tracker), 1);
		if (dropped)
			future_drop(&tr.future);
		else
			CHECK_EQ(t_poll(&tr.future, &s.w), POLL_READY);
		CHECK_EQ(task_tracker_len(&s.tracker), 0);
		CHECK_EQ(s.tally.n_done, !dropped);
		t_wakes(&s.w);
		scene_end();
	}
}

/* Whoever is told that nobody is left may take away what the others had borrowed. */
struct last_words {
	struct future future;
	size_t len; /* of the tracker, when this was dropped */
};

static enum poll poll_last_words(struct future *f, struct context *cx)
{
	(void)f, (void)cx;
	return POLL_PENDING;
}

static void drop_last_words(struct future *f)
{
	future_of(f, struct last_words)->len = task_tracker_len(&s.tracker);
}

static const struct future_ops last_words_ops =
	FUTURE_OPS("last_words", poll_last_words, drop_last_words);

TEST(tracked, it_is_counted_until_it_has_been_dropped_altogether)
{
	struct last_words child = { .future = future_init(&last_words_ops) };
	struct tracked tr;

	scene_begin();
	tracked(&tr, task_tracker_token(&s.tracker), &child.future);
	CHECK_EQ(t_poll(&tr.future, &s.w), POLL_PENDING);
	future_drop(&tr.future);
	CHECK_EQ(child.len, 1);
	CHECK_EQ(task_tracker_len(&s.tracker), 0);
	scene_end();
}

TEST(tracked, dropped_before_its_first_poll_it_gives_back_its_token_too)
{
	struct tracked tr;
	struct job child;

	scene_begin();
	s.n_spawned++;
	tracked(&tr, task_tracker_token(&s.tracker), job(&child, &s.tally, -1, 0));
	future_drop(&tr.future);
	CHECK_EQ(task_tracker_len(&s.tracker), 0);
	scene_end();
}

TEST_BUG(tracked, a_tracked_future_without_a_token_is_a_bug)
{
	struct tracked tr;
	struct job child;

	tracked(&tr, (struct task_token){ 0 }, job(&child, &s.tally, 0, 0));
}
