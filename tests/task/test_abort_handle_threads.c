/* abort_handle called from another thread, while the task is polled, ends, or its runtime goes. */
#define _GNU_SOURCE 1 /* meeting.h */

#include "task/abort_handle.h"

#include <errno.h>
#include <pthread.h>

#include "executor/block_on_park.h"
#include "sync/meeting.h"
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

enum { N_ROUNDS = 2000 };

static struct meeting meeting;
static struct abort_handle stop;

static void *aborts(void *arg)
{
	meeting_spread(1);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		meeting_start(&meeting, round, 1);
		abort_handle_abort(&stop);
		abort_handle_drop(&stop);
		meeting_wait(&meeting);
	}
	return arg;
}

/* BEH task_abort::test_abort_without_panic_3662 */
TEST(abort_handle_threads, from_another_thread_it_ends_the_task_once_whatever_that_is_doing)
{
	struct tally tally = { 0 };
	struct runtime *rt[2];
	int n_joined = 0;
	pthread_t thread;

	t_mem_begin();
	rt[0] = t_runtime();
	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = 1 }, &rt[1]), 0);
	meeting_init(&meeting, 2);
	CHECK_EQ(pthread_create(&thread, NULL, aborts, NULL), 0);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		struct runtime *mine = rt[round % 2];
		struct task *t = spawn(mine, job, &tally, round % 3 ? -2 : JOB_NEVER, 0);
		struct task_join join;

		CHECK(t);
		stop = task_abort_handle(t);
		meeting_start(&meeting, round, 0);
		if (round % 5 == 0) {
			task_detach(t);
		} else {
			CHECK_EQ(runtime_block_on(mine, task_join(&join, t)), 0);
			n_joined++;
			CHECK(join.err == -ECANCELED || (join.err == 0 && round % 3));
			task_detach(t);
		}
		meeting_wait(&meeting);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	job_turns(rt[0], 3);
	runtime_destroy(rt[0]);
	runtime_destroy(rt[1]);
	CHECK_EQ(n_joined, N_ROUNDS - N_ROUNDS / 5);
	CHECK_EQ(tally.n_ended, N_ROUNDS);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(abort_handle_threads, it_may_be_called_just_as_the_runtime_goes)
{
	struct tally tally = { 0 };
	pthread_t thread;

	t_mem_begin();
	meeting_init(&meeting, 2);
	CHECK_EQ(pthread_create(&thread, NULL, aborts, NULL), 0);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		struct runtime *rt = t_runtime();
		struct task *t = spawn(rt, job, &tally, JOB_NEVER, 0);

		CHECK(t);
		job_turns(rt, (int)round % 2);
		stop = task_abort_handle(t);
		task_detach(t);
		meeting_start(&meeting, round, 0);
		runtime_destroy(rt);
		meeting_wait(&meeting);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(tally.n_ended, N_ROUNDS);
	CHECK_EQ(t_mem_live(), 0);
}
