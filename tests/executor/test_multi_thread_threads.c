/* The runtime on several threads: what comes from one must arrive, wherever it is run. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weft.h"

static struct runtime *workers(unsigned n)
{
	struct runtime *rt = NULL;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = n }, &rt), 0);
	return rt;
}

/* --- Many tasks --- */

static _Atomic unsigned n_done, n_dropped;

struct steps {
	struct co co;
	unsigned n;
	bool is_done;
	struct yield_now yield;
	struct delay nap;
};

static enum poll steps_run(struct co *co, struct context *cx)
{
	struct steps *const f = co_frame(co, struct steps);

	co_begin(co);
	while (f->n-- > 0)
		co_await(yield_now(&f->yield));
	co_await(delay(&f->nap, 1));
	f->is_done = true;
	co_finally {
		atomic_fetch_add(f->is_done ? &n_done : &n_dropped, 1);
	}
	co_end;
}

static struct future *steps(struct steps *f, unsigned n)
{
	*f = (struct steps){ .co = co_init(steps_run), .n = n };
	return &f->co.future;
}

enum { MANY = 1000 };

struct many {
	struct co co;
	unsigned i;
	struct task *task[MANY];
	struct task_join join;
};

static enum poll many_run(struct co *co, struct context *cx)
{
	struct many *const f = co_frame(co, struct many);

	co_begin(co);
	for (f->i = 0; f->i < MANY; f->i++) {
		f->task[f->i] = spawn(cx->rt, steps, f->i % 20);
		CHECK(f->task[f->i]);
	}
	for (f->i = 0; f->i < MANY; f->i++) {
		co_await(task_join(&f->join, f->task[f->i]));
		CHECK_EQ(f->join.err, 0);
		CHECK(task_frame(f->task[f->i], struct steps)->is_done);
		task_detach(f->task[f->i]);
	}
	co_end;
}

static struct future *many(struct many *f)
{
	*f = (struct many){ .co = co_init(many_run) };
	return &f->co.future;
}

static void join_many(unsigned n_workers)
{
	static struct many f;

	n_done = 0;
	for (int i = 0; i < 5; i++)
		CHECK_EQ(runtime_run(&(struct runtime_builder){ .n_workers = n_workers }, many(&f)), 0);
	CHECK_EQ(n_done, 5 * MANY);
}

TEST(multi_thread_threads, many_tasks_on_one_worker)
{
	join_many(1);
}

/* BEH rt_threaded::many_oneshot_futures */
TEST(multi_thread_threads, many_tasks_on_two_workers)
{
	join_many(2);
}

TEST(multi_thread_threads, many_tasks_on_more_workers_than_processors)
{
	join_many(8);
}

/* Those of which nobody waits for the end are dropped, each once. */
TEST(multi_thread_threads, destroying_the_runtime_drops_every_task_once)
{
	n_done = n_dropped = 0;
	for (unsigned round = 0; round < 20; round++) {
		struct runtime *rt = workers(1 + round % 3);

		for (unsigned i = 0; i < 200; i++)
			task_detach(spawn(rt, steps, i % 2 ? 3 : 1000000));
		runtime_destroy(rt);
	}
	CHECK_EQ(n_done + n_dropped, 20 * 200);
	CHECK(n_dropped >= 20 * 100);
}

TEST(multi_thread_threads, handles_and_wakers_may_outlive_the_runtime)
{
	struct runtime *rt = workers(2);
	struct task *t = spawn(rt, steps, 1000000);
	struct t_waker w = t_waker();
	struct task_join join;

	runtime_destroy(rt);
	CHECK(task_is_done(t));
	CHECK_EQ(t_poll(task_join(&join, t), &w), POLL_READY);
	CHECK_EQ(join.err, -ECANCELED);
	task_abort(t);
	task_detach(t);
}

/* --- Abort --- */

TEST(multi_thread_threads, a_task_that_is_aborted_is_dropped_wherever_it_is)
{
	struct runtime *rt = workers(2);

	n_done = n_dropped = 0;
	for (unsigned i = 0; i < 500; i++) {
		struct task *t = spawn(rt, steps, i % 3 ? 1000000 : 0);
		struct task_join join;

		if (i % 2)
			sched_yield();
		task_abort(t);
		CHECK_EQ(block_on_park(task_join(&join, t)), 0);
		CHECK(join.err == -ECANCELED || i % 3 == 0);
		task_detach(t);
	}
	runtime_destroy(rt);
	CHECK_EQ(n_done + n_dropped, 500);
}

/* --- Wakes that cross threads --- */

struct answer {
	struct co co;
	struct oneshot_receiver rx;
	struct oneshot_recv recv;
	int value;
};

static enum poll answer_run(struct co *co, struct context *cx)
{
	struct answer *const f = co_frame(co, struct answer);

	co_begin(co);
	co_await(oneshot_recv(&f->recv, &f->rx, &f->value));
	CHECK_EQ(f->recv.err, 0);
	co_finally {
		oneshot_receiver_drop(&f->rx);
	}
	co_end;
}

static struct future *answer(struct answer *f, struct oneshot_receiver rx)
{
	*f = (struct answer){ .co = co_init(answer_run), .rx = rx };
	return &f->co.future;
}

TEST(multi_thread_threads, a_wake_from_outside_arrives_while_all_sleep)
{
	struct runtime *rt = workers(2);

	for (int i = 0; i < 300; i++) {
		struct oneshot_sender tx;
		struct oneshot_receiver rx;
		struct task_join join;
		struct task *t;

		CHECK_EQ(oneshot_open(&tx, &rx, int, NULL), 0);
		t = spawn(rt, answer, rx);
		if (i % 2)
			sched_yield();
		CHECK_EQ(oneshot_send(&tx, &i), 0);
		CHECK_EQ(block_on_park(task_join(&join, t)), 0);
		CHECK_EQ(task_frame(t, struct answer)->value, i);
		task_detach(t);
	}
	runtime_destroy(rt);
}

static void *blocks_on(void *rt)
{
	static const unsigned n = 30;

	for (unsigned i = 0; i < n; i++) {
		struct steps f;

		CHECK_EQ(runtime_block_on(rt, steps(&f, i)), 0);
		CHECK(f.is_done);
		task_detach(spawn(rt, steps, 1));
	}
	return NULL;
}

TEST(multi_thread_threads, any_number_of_threads_may_block_on_it_and_spawn)
{
	struct runtime *rt = workers(2);
	pthread_t thread[4];

	n_done = n_dropped = 0;
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, blocks_on, rt), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	runtime_destroy(rt);
	CHECK_EQ(n_done + n_dropped, 4 * 2 * 30);
}

/* --- A long poll --- */

struct gate {
	_Atomic unsigned n_here;
};

/* Polls that wait for each other, in a loop: only on two workers at once do they get there. */
struct meets {
	struct future future;
	struct gate *gate;
};

static enum poll meets_poll(struct future *f, struct context *cx)
{
	struct gate *gate = future_of(f, struct meets)->gate;

	(void)cx;
	atomic_fetch_add(&gate->n_here, 1);
	while (atomic_load(&gate->n_here) < 2)
		sched_yield();
	return POLL_READY;
}

static const struct future_ops meets_ops = FUTURE_OPS("meets", meets_poll, NULL);

static struct future *meets(struct meets *m, struct gate *gate)
{
	*m = (struct meets){ .future = future_init(&meets_ops), .gate = gate };
	return &m->future;
}

struct spawns {
	struct future future;
	struct gate *gate;
	struct task *task[3];
};

/* Both are in the worker's own queue: one in front of it, the other behind. */
static enum poll spawns_poll(struct future *f, struct context *cx)
{
	struct spawns *s = future_of(f, struct spawns);

	s->task[0] = spawn(cx->rt, meets, s->gate);
	s->task[1] = spawn(cx->rt, meets, s->gate);
	s->task[2] = spawn(cx->rt, steps, 0);
	return POLL_READY;
}

static const struct future_ops spawns_ops = FUTURE_OPS("spawns", spawns_poll, NULL);

TEST(multi_thread_threads, a_poll_that_takes_long_does_not_hold_up_those_behind_it)
{
	struct runtime *rt = workers(2);

	for (int i = 0; i < 20; i++) {
		struct gate gate = { 0 };
		struct spawns s = { .future = future_init(&spawns_ops), .gate = &gate };
		struct task_join join;

		CHECK_EQ(runtime_block_on(rt, &s.future), 0);
		for (int k = 0; k < 3; k++) {
			CHECK_EQ(block_on_park(task_join(&join, s.task[k])), 0);
			task_detach(s.task[k]);
		}
		CHECK_EQ(gate.n_here, 2);
	}
	runtime_destroy(rt);
}

/* --- What is refused --- */

struct nested {
	struct future future;
	struct runtime *rt;
	int err;
};

static enum poll nested_poll(struct future *f, struct context *cx)
{
	struct nested *n = future_of(f, struct nested);
	struct steps inner;

	CHECK_PTR(runtime_current(), cx->rt);
	n->err = runtime_block_on(cx->rt, steps(&inner, 0));
	return POLL_READY;
}

static const struct future_ops nested_ops = FUTURE_OPS("nested", nested_poll, NULL);

TEST(multi_thread_threads, blocking_on_a_runtime_inside_a_task_is_refused)
{
	struct runtime *rt = workers(2);
	struct nested n = { .future = future_init(&nested_ops), .rt = rt };

	CHECK_EQ(runtime_block_on(rt, &n.future), 0);
	CHECK_EQ(n.err, -EDEADLK);
	CHECK_PTR(runtime_current(), NULL);
	runtime_destroy(rt);
}

TEST(multi_thread_threads, a_virtual_clock_is_for_one_thread)
{
	struct runtime *rt;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = 2, .virtual_time = true }, &rt),
		 -EINVAL);
}

/* --- Deadlock --- */

TEST(multi_thread_threads, a_deadlock_is_reported_and_given_back_to_whoever_blocks)
{
	for (unsigned n = 1; n <= 3; n++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		struct runtime *rt;
		struct pending never;
		struct steps f;

		CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = n, .diagnostics = out },
				       &rt), 0);
		CHECK_EQ(runtime_block_on(rt, pending(&never)), -EDEADLK);
		CHECK(future_is_over(&never.future));
		CHECK_EQ(runtime_block_on(rt, steps(&f, 3)), 0); /* and it can still be used */
		runtime_destroy(rt);
		fclose(out);
		CHECK(strstr(text, "deadlock: 1 task will never be polled again"));
		CHECK(strstr(text, "pending"));
		free(text);
	}
}

/* --- Shutdown with a limit --- */

struct stuck {
	struct future future;
	_Atomic bool *has_begun, *may_go;
};

static enum poll stuck_poll(struct future *f, struct context *cx)
{
	struct stuck *s = future_of(f, struct stuck);

	(void)cx;
	atomic_store(s->has_begun, true);
	while (!atomic_load(s->may_go))
		sched_yield();
	return POLL_READY;
}

static const struct future_ops stuck_ops = FUTURE_OPS("stuck", stuck_poll, NULL);

static struct future *stuck(struct stuck *s, _Atomic bool *has_begun, _Atomic bool *may_go)
{
	*s = (struct stuck){ .future = future_init(&stuck_ops), .has_begun = has_begun,
			     .may_go = may_go };
	return &s->future;
}

TEST(multi_thread_threads, a_poll_that_does_not_return_is_left_behind_and_cleans_up)
{
	struct runtime *rt = workers(2);
	_Atomic bool has_begun = false, may_go = false;
	struct task *waits = spawn(rt, steps, 1000000000), *t = spawn(rt, stuck, &has_begun, &may_go);
	struct task_join join;

	n_dropped = n_done = 0;
	while (!has_begun)
		sched_yield();
	CHECK_EQ(runtime_shutdown(rt, 1), -ETIMEDOUT);
	CHECK(!task_is_done(t));
	may_go = true;
	CHECK_EQ(block_on_park(task_join(&join, waits)), 0); /* dropped by the last worker */
	CHECK_EQ(join.err, -ECANCELED);
	CHECK_EQ(n_dropped, 1);
	CHECK(task_is_done(t));
	task_detach(t);
	task_detach(waits);
}

TEST(multi_thread_threads, a_shutdown_in_time_is_a_destruction)
{
	struct runtime *rt = workers(2);
	struct task *t = spawn(rt, steps, 1000000000);

	CHECK_EQ(runtime_shutdown(rt, 100000000), 0);
	CHECK(task_is_done(t));
	task_detach(t);
	CHECK_EQ(runtime_shutdown(NULL, 0), 0);
}
