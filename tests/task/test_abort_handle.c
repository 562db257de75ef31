/* abort_handle: aborts whoever has the task's handle, and keeps nothing but memory. */
#include "task/abort_handle.h"

#include <errno.h>

#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

static struct scene {
	struct runtime *rt;
	struct tally tally;
	struct task *t;
	struct task_join join;
	struct abort_handle stop;
} s;

static void scene_begin(int wait)
{
	t_mem_begin();
	s = (struct scene){ .rt = t_runtime_virtual() };
	s.t = spawn(s.rt, job, &s.tally, wait, 42);
	CHECK(s.t);
	s.stop = task_abort_handle(s.t);
}

static int join_it(void)
{
	CHECK_EQ(runtime_block_on(s.rt, task_join(&s.join, s.t)), 0);
	return s.join.err;
}

static void scene_end(void)
{
	abort_handle_drop(&s.stop);
	task_detach(s.t);
	runtime_destroy(s.rt);
	CHECK_EQ(s.tally.n_ended, 1);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH util/abort_on_drop::handle_aborts_task_directly */
TEST(abort_handle, it_aborts_the_task_before_its_first_poll_or_after)
{
	for (int n_turns = 0; n_turns < 3; n_turns++) {
		scene_begin(JOB_NEVER);
		job_turns(s.rt, n_turns);
		CHECK(!abort_handle_is_done(&s.stop));
		abort_handle_abort(&s.stop);
		abort_handle_abort(&s.stop);
		CHECK_EQ(join_it(), -ECANCELED);
		CHECK(abort_handle_is_done(&s.stop));
		CHECK_EQ(s.tally.n_begun, n_turns > 0);
		scene_end();
	}
}

TEST(abort_handle, aborting_what_is_done_changes_nothing)
{
	scene_begin(0);
	CHECK_EQ(join_it(), 0);
	abort_handle_abort(&s.stop);
	job_turns(s.rt, 2);
	CHECK_EQ(join_it(), 0);
	CHECK_EQ(task_frame(s.t, struct job)->value, 42);
	scene_end();
}

TEST(abort_handle, it_aborts_a_task_whose_handle_was_given_up)
{
	scene_begin(JOB_NEVER);
	task_detach(s.t);
	s.t = NULL;
	job_turns(s.rt, 1);
	abort_handle_abort(&s.stop);
	job_turns(s.rt, 1);
	CHECK_EQ(s.tally.n_ended, 1);
	CHECK(abort_handle_is_done(&s.stop));
	scene_end();
}

/* BEH task_abort::test_abort_wakes_task_3964 */
TEST(abort_handle, aborted_and_given_up_at_once_the_task_ends_all_the_same)
{
	scene_begin(JOB_NEVER);
	job_turns(s.rt, 1);
	abort_handle_abort(&s.stop);
	abort_handle_drop(&s.stop);
	task_detach(s.t);
	s.t = NULL;
	job_turns(s.rt, 1);
	CHECK_EQ(s.tally.n_ended, 1);
	CHECK_EQ(runtime_n_tasks(s.rt), 0);
	scene_end();
}

/* BEH util/abort_on_drop::handle_does_not_abort_after_detach */
TEST(abort_handle, given_up_it_leaves_the_task_alone)
{
	scene_begin(-3);
	abort_handle_drop(&s.stop);
	abort_handle_drop(&s.stop); /* none any more */
	CHECK_EQ(join_it(), 0);
	CHECK_EQ(s.tally.n_done, 1);
	scene_end();
}

/* --- Memory --- */

/* BEH src/runtime/tests/task::drop_abort_handle1 */
/* BEH src/runtime/tests/task::drop_abort_handle2 */
TEST(abort_handle, it_keeps_the_memory_of_a_task_that_is_done_and_of_its_runtime)
{
	for (int order = 0; order < 3; order++) {
		scene_begin(order == 2 ? JOB_NEVER : 0);
		job_turns(s.rt, 2);
		if (order == 0) {
			task_detach(s.t);
			s.t = NULL;
		}
		runtime_destroy(s.rt);
		s.rt = NULL;
		CHECK_EQ(s.tally.n_ended, 1);
		CHECK(abort_handle_is_done(&s.stop));
		abort_handle_abort(&s.stop);
		CHECK(t_mem_live() > 0);
		scene_end();
	}
}

/* BEH src/runtime/tests/task::drop_abort_handle_clone */
TEST(abort_handle, the_memory_goes_with_the_last_of_several)
{
	struct abort_handle other;

	scene_begin(JOB_NEVER);
	other = abort_handle_clone(&s.stop);
	abort_handle_drop(&s.stop);
	task_detach(s.t);
	s.t = NULL;
	runtime_destroy(s.rt);
	s.rt = NULL;
	CHECK(t_mem_live() > 0);
	CHECK(abort_handle_is_done(&other));
	abort_handle_drop(&other);
	CHECK_EQ(t_mem_live(), 0);
	scene_end();
}

/* BEH task_id::task_ids_match_current_thread */
TEST(abort_handle, it_has_the_id_of_its_task)
{
	scene_begin(-1);
	job_turns(s.rt, 1);
	CHECK(task_id(s.t) > 0);
	CHECK_EQ(abort_handle_id(&s.stop), task_id(s.t));
	CHECK_EQ(join_it(), 0);
	CHECK_EQ(abort_handle_id(&s.stop), task_id(s.t));
	scene_end();
}

/* --- A guard: what co_finally is for --- */

struct guard {
	struct co co;
	struct task *task;        /* owned, or NULL */
	struct abort_handle stop; /* owned, or none */
	struct pending never;
};

static enum poll guard_run(struct co *co, struct context *cx)
{
	struct guard *const f = co_frame(co, struct guard);

	co_begin(co);
	co_await(pending(&f->never));
	co_finally {
		task_abort(f->task);
		task_detach(f->task);
		if (f->stop.task)
			abort_handle_abort(&f->stop);
		abort_handle_drop(&f->stop);
	}
	co_end;
}

static struct future *guard(struct guard *f, struct task *t, struct abort_handle stop)
{
	*f = (struct guard){ .co = co_init(guard_run), .task = t, .stop = stop };
	return &f->co.future;
}

/* BEH util/abort_on_drop::aborts_task_directly */
/* BEH util/abort_on_drop::handle_aborts_task_on_drop */
TEST(abort_handle, whoever_aborts_in_his_finally_takes_the_task_along_when_he_is_dropped)
{
	for (int by_handle = 0; by_handle < 2; by_handle++) {
		struct t_waker w = t_waker();
		struct guard guarded;

		scene_begin(JOB_NEVER);
		if (by_handle) {
			abort_handle_drop(&s.stop);
			guard(&guarded, s.t, s.stop);
			s.t = NULL;
		} else {
			guard(&guarded, NULL, s.stop);
			s.stop = (struct abort_handle){ 0 };
		}
		CHECK_EQ(t_poll(&guarded.co.future, &w), POLL_PENDING);
		job_turns(s.rt, 1);
		CHECK_EQ(s.tally.n_ended, 0);
		future_drop(&guarded.co.future);
		job_turns(s.rt, 1);
		CHECK_EQ(s.tally.n_ended, 1);
		scene_end();
	}
}

/* BEH util/abort_on_drop::does_not_abort_after_detach */
TEST(abort_handle, unless_he_has_given_up_the_handle_before)
{
	struct guard guarded;

	scene_begin(-3);
	guard(&guarded, s.t, (struct abort_handle){ 0 });
	task_detach(guarded.task);
	guarded.task = s.t = NULL;
	future_drop(&guarded.co.future);
	job_turns(s.rt, 5);
	CHECK_EQ(s.tally.n_done, 1);
	scene_end();
}
