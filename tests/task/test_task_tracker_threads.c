/* task_tracker whose tokens go on other threads: nobody waits too short, nobody for ever. */
#define _GNU_SOURCE 1 /* meeting.h */

#include "task/task_tracker.h"

#include <pthread.h>

#include "executor/block_on_park.h"
#include "sync/meeting.h"
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

enum { N_ROUNDS = 5000 };

static struct meeting meeting;
static struct task_tracker tracker;
static struct task_token tokens[2];
static int work; /* not atomic: what a token's owner did is seen by who has waited */

static void *drops_the_token(void *arg)
{
	meeting_spread(1);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		meeting_start(&meeting, round, 1);
		work++;
		task_token_drop(&tokens[0]);
		meeting_wait(&meeting);
	}
	return arg;
}

/* One thread drops the last token; the other closes, waits, and drops the tracker at once. */
TEST(task_tracker_threads, after_a_wait_the_tracker_may_go_though_a_token_has_just_been_dropped)
{
	pthread_t thread;

	t_mem_begin();
	meeting_init(&meeting, 2);
	work = 0;
	CHECK_EQ(pthread_create(&thread, NULL, drops_the_token, NULL), 0);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		struct task_tracker_wait wait;

		CHECK_EQ(task_tracker_init(&tracker), 0);
		tokens[0] = task_tracker_token(&tracker);
		if (round % 2)
			task_tracker_close(&tracker);
		meeting_start(&meeting, round, 0);
		task_tracker_close(&tracker);
		CHECK_EQ(block_on_park(task_tracker_wait(&wait, &tracker)), 0);
		CHECK_EQ(work, round + 1);
		task_tracker_drop(&tracker);
		meeting_wait(&meeting);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(t_mem_live(), 0);
}

static void *closes_and_drops(void *arg)
{
	meeting_spread(1);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		meeting_start(&meeting, round, 1);
		task_token_drop(&tokens[0]);
		task_tracker_close(&tracker);
		meeting_wait(&meeting);
	}
	return arg;
}

/* A wait is dropped just when it would be woken; another one sees the end. */
TEST(task_tracker_threads, a_wait_may_be_dropped_just_as_the_end_comes)
{
	pthread_t thread;

	t_mem_begin();
	meeting_init(&meeting, 2);
	CHECK_EQ(pthread_create(&thread, NULL, closes_and_drops, NULL), 0);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		struct task_tracker_wait wait, other;
		struct t_waker w = t_waker();

		CHECK_EQ(task_tracker_init(&tracker), 0);
		tokens[0] = task_tracker_token(&tracker);
		tokens[1] = task_tracker_token(&tracker);
		CHECK_EQ(t_poll(task_tracker_wait(&wait, &tracker), &w), POLL_PENDING);
		task_tracker_wait(&other, &tracker);
		meeting_start(&meeting, round, 0);
		task_token_drop(&tokens[1]);
		future_drop(&wait.future);
		CHECK_EQ(block_on_park(&other.future), 0);
		meeting_wait(&meeting);
		CHECK_EQ(t_held(&w), 0); /* not earlier: it may be called just then */
		task_tracker_drop(&tracker);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(task_tracker_threads, tasks_on_workers_are_waited_for)
{
	struct tally tally = { 0 };
	struct runtime *rt = NULL;

	t_mem_begin();
	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = 2 }, &rt), 0);
	CHECK_EQ(task_tracker_init(&tracker), 0);
	for (int round = 1; round <= 100; round++) {
		struct task_tracker_wait wait;

		for (int i = 0; i < 50; i++) {
			struct task *t = task_tracker_spawn(&tracker, rt, job, &tally,
							    i % 5 ? -i % 4 : JOB_NEVER, i);

			CHECK(t);
			if (i % 5 == 0)
				task_abort(t);
			task_detach(t);
		}
		task_tracker_close(&tracker);
		CHECK_EQ(block_on_park(task_tracker_wait(&wait, &tracker)), 0);
		CHECK_EQ(task_tracker_len(&tracker), 0);
		CHECK_EQ(tally.n_ended, round * 50);
		task_tracker_reopen(&tracker);
	}
	task_tracker_drop(&tracker);
	runtime_destroy(rt);
	CHECK_EQ(t_mem_live(), 0);
}
