/* join_set whose members end elsewhere: on workers, by aborts from outside, with their runtime. */
#define _GNU_SOURCE 1 /* meeting.h */

#include "task/join_set.h"

#include <errno.h>
#include <pthread.h>

#include "executor/block_on_park.h"
#include "sync/meeting.h"
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

static struct runtime *runtime_of(unsigned n_workers)
{
	struct runtime *rt = NULL;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = n_workers }, &rt), 0);
	return rt;
}

/* --- Members on workers, the set outside --- */

enum { N_ROUNDS = 100, N_JOBS = 100 };

static void check_all_joined(struct join_set *set, int n_spawned)
{
	bool seen[N_JOBS] = { false };
	struct join_set_next next;

	for (int n = n_spawned; n > 0; n--) {
		int value;

		CHECK_EQ(join_set_len(set), n);
		CHECK_EQ(block_on_park(join_set_next(&next, set)), 0);
		CHECK(next.task);
		CHECK_EQ(next.err, 0);
		value = task_frame(next.task, struct job)->value;
		CHECK(!seen[value]);
		seen[value] = true;
	}
	CHECK_EQ(block_on_park(join_set_next(&next, set)), 0);
	CHECK(!next.task);
}

TEST(join_set_threads, tasks_on_workers_are_joined_once_each_from_outside)
{
	struct join_set set = { 0 };
	struct tally tally = { 0 };
	struct runtime *rt;

	t_mem_begin();
	rt = runtime_of(2);
	for (int round = 0; round < N_ROUNDS; round++) {
		for (int i = 0; i < N_JOBS; i++)
			CHECK(join_set_spawn(&set, rt, job, &tally, -(i % 3), i));
		check_all_joined(&set, N_JOBS);
	}
	join_set_drop(&set);
	runtime_destroy(rt);
	CHECK_EQ(tally.n_ended, N_ROUNDS * N_JOBS);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- The set in a task, too --- */

struct parent {
	struct co co;
	struct join_set set;
	struct join_set_next next;
	struct join_set_shutdown shutdown;
	struct tally *tally;
	struct yield_now yield;
	int i, n_joined, n_canceled;
};

/* Some are joined, some aborted, the rest shut down; and all of it may be cut short by an abort. */
static enum poll parent_run(struct co *co, struct context *cx)
{
	struct parent *const f = co_frame(co, struct parent);

	co_begin(co);
	for (f->i = 0; f->i < 20; f->i++) {
		join_set_spawn(&f->set, cx->rt, job, f->tally, f->i % 4 ? -f->i : JOB_NEVER, f->i);
		if (f->i % 8 == 7)
			co_await(yield_now(&f->yield));
	}
	for (f->i = 0; f->i < 10; f->i++) {
		co_await(join_set_next(&f->next, &f->set));
		f->n_joined++;
	}
	join_set_abort_all(&f->set);
	for (f->i = 0; f->i < 5; f->i++) {
		co_await(join_set_next(&f->next, &f->set));
		f->n_joined++;
		f->n_canceled += f->next.err == -ECANCELED;
	}
	co_await(join_set_shutdown(&f->shutdown, &f->set));
	co_finally {
		join_set_drop(&f->set);
	}
	co_end;
}

static struct future *parent(struct parent *f, struct tally *tally)
{
	*f = (struct parent){ .co = co_init(parent_run), .tally = tally };
	return &f->co.future;
}

TEST(join_set_threads, a_task_may_own_a_set_and_be_aborted_with_it_at_any_time)
{
	struct tally tally = { 0 };
	struct runtime *rt;

	t_mem_begin();
	rt = runtime_of(2);
	for (int round = 0; round < N_ROUNDS; round++) {
		struct task *parents[4];

		for (int i = 0; i < 4; i++) {
			parents[i] = spawn(rt, parent, &tally);
			CHECK(parents[i]);
		}
		for (int i = 0; i < 4; i++) {
			struct task_join join;

			if (i % 2)
				task_abort(parents[i]);
			CHECK_EQ(block_on_park(task_join(&join, parents[i])), 0);
			if (join.err == 0)
				CHECK_EQ(task_frame(parents[i], struct parent)->n_joined, 15);
			task_detach(parents[i]);
		}
	}
	runtime_destroy(rt);
	CHECK_EQ(tally.n_ended - tally.n_done >= 0, true);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- An abort races an end --- */

struct drives {
	struct runtime *rt;
	struct meeting meeting;
	struct tally tally;
	_Atomic bool is_joined; /* who joins has all that he waits for in this round */
};

static void *drives(void *arg)
{
	struct drives *d = arg;

	meeting_spread(1);
	for (unsigned round = 0; round < N_ROUNDS * 10; round++) {
		meeting_start(&d->meeting, round, 1);
		do
			job_turns(d->rt, 3);
		while (!d->is_joined);
		meeting_wait(&d->meeting);
	}
	return NULL;
}

TEST(join_set_threads, a_task_that_is_aborted_just_as_it_ends_is_joined_once_as_either)
{
	static struct drives d;
	struct join_set set = { 0 };
	pthread_t thread;
	int n_completed = 0, n_canceled = 0;

	t_mem_begin();
	d = (struct drives){ .rt = t_runtime() };
	meeting_init(&d.meeting, 2);
	CHECK_EQ(pthread_create(&thread, NULL, drives, &d), 0);
	for (unsigned round = 0; round < N_ROUNDS * 10; round++) {
		struct join_set_next next;
		int n = 0;

		d.is_joined = false;
		for (int i = 0; i < 4; i++)
			CHECK(join_set_spawn(&set, d.rt, job, &d.tally, i % 2 ? -1 : 0, i));
		meeting_start(&d.meeting, round, 0);
		join_set_abort_all(&set);
		while (n < 4) {
			CHECK_EQ(block_on_park(join_set_next(&next, &set)), 0);
			CHECK(next.task);
			n++;
			n_canceled += next.err == -ECANCELED;
			n_completed += next.err == 0;
			if (n == 3 && round % 2)
				break;
		}
		d.is_joined = true;
		meeting_wait(&d.meeting);
		CHECK_EQ(join_set_len(&set), 4 - n);
		join_set_detach_all(&set);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	join_set_drop(&set);
	runtime_destroy(d.rt);
	CHECK_EQ(n_completed + n_canceled, N_ROUNDS * 10 * 4 - N_ROUNDS * 10 / 2);
	CHECK_EQ(d.tally.n_ended, N_ROUNDS * 10 * 4);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- The runtime goes while somebody waits --- */

static void *joins_until_empty(void *arg)
{
	struct join_set *set = arg;
	struct join_set_next next;
	long n = 0;

	do {
		if (block_on_park(join_set_next(&next, set)))
			return NULL;
		n += next.task != NULL;
	} while (next.task);
	return (void *)n;
}

TEST(join_set_threads, whoever_waits_when_the_runtime_goes_learns_that_all_were_canceled)
{
	for (int round = 0; round < 200; round++) {
		struct join_set set = { 0 };
		struct tally tally = { 0 };
		struct runtime *rt = runtime_of(round % 2 ? 2 : 0);
		void *n_joined;
		pthread_t thread;

		for (int i = 0; i < 10; i++)
			CHECK(join_set_spawn(&set, rt, job, &tally, i % 2 ? JOB_NEVER : -2, i));
		CHECK_EQ(pthread_create(&thread, NULL, joins_until_empty, &set), 0);
		if (round % 3 == 0)
			job_turns(rt, 2);
		runtime_destroy(rt);
		CHECK_EQ(pthread_join(thread, &n_joined), 0);
		CHECK_EQ((long)n_joined, 10);
		CHECK_EQ(tally.n_ended, 10);
		join_set_drop(&set);
	}
}
