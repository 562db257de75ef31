/* Local sets: whatever wakes their tasks, they are polled on one thread. */
#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "weft.h"

static struct runtime *rt_of(unsigned n_workers)
{
	struct runtime *rt = NULL;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = n_workers }, &rt), 0);
	return rt;
}

/* Runs the set on this thread until nobody is left in it. */
static int run_all(struct runtime *rt, struct local_set *set)
{
	struct local_set_run run;

	return block_on_park_in(rt, local_set_run(&run, set, NULL));
}

/* --- A task that notes where it was polled, and may have children --- */

struct scene {
	pthread_t home;
	unsigned n_done, n_dropped; /* plain: only one thread touches them */
};

struct local {
	struct co co;
	struct scene *scene;
	unsigned depth;
	bool is_done;
	struct delay nap;
	struct yield_now yield;
	struct task *child;
	struct task_join join;
};

static struct future *local(struct local *f, struct scene *scene, unsigned depth);

static enum poll local_run(struct co *co, struct context *cx)
{
	struct local *const f = co_frame(co, struct local);

	co_begin(co);
	CHECK(pthread_equal(pthread_self(), f->scene->home));
	CHECK_PTR(runtime_current(), cx->rt);
	co_await(delay(&f->nap, 1));
	CHECK(pthread_equal(pthread_self(), f->scene->home));
	if (f->depth > 0) {
		f->child = spawn(cx->rt, local, f->scene, f->depth - 1);
		co_await(yield_now(&f->yield));
		co_await(task_join(&f->join, f->child));
		CHECK_EQ(f->join.err, 0);
	}
	f->is_done = true;
	co_finally {
		task_detach(f->child);
		if (f->is_done)
			f->scene->n_done++;
		else
			f->scene->n_dropped++;
	}
	co_end;
}

static struct future *local(struct local *f, struct scene *scene, unsigned depth)
{
	*f = (struct local){ .co = co_init(local_run), .scene = scene, .depth = depth };
	return &f->co.future;
}

/* BEH task_local_set::all_spawns_are_local */
/* BEH task_local_set::local_threadpool */
/* BEH task_local_set::local_threadpool_timer */
/* BEH task_local_set::nested_spawn_is_local */
/* BEH task_local_set::localset_future_drives_all_local_futs */
/* BEH task_local_set::local_tasks_wake_join_all */
TEST(local_set_threads, all_its_tasks_and_theirs_stay_on_one_thread)
{
	struct runtime *rt = rt_of(2);
	struct scene scene = { .home = pthread_self() };
	struct local_set set;

	CHECK_EQ(local_set_init(&set, rt), 0);
	for (unsigned i = 0; i < 128; i++)
		task_detach(spawn(local_set_runtime(&set), local, &scene, i % 5));
	CHECK_EQ(run_all(rt, &set), 0);
	CHECK_EQ(scene.n_done, 128 / 5 * (1 + 2 + 3 + 4 + 5) + 1 + 2 + 3);
	local_set_drop(&set);
	runtime_destroy(rt);
}

/* BEH task_local_set::localset_future_timers */
TEST(local_set_threads, on_a_runtime_of_one_thread_it_is_a_future_like_any_other)
{
	struct runtime *rt;
	struct scene scene = { .home = pthread_self() };
	struct local_set set;
	struct local_set_run run;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .virtual_time = true }, &rt), 0);
	CHECK_EQ(local_set_init(&set, rt), 0);
	for (unsigned i = 0; i < 100; i++)
		task_detach(spawn(local_set_runtime(&set), local, &scene, 1));
	CHECK_EQ(runtime_block_on(rt, local_set_run(&run, &set, NULL)), 0);
	CHECK_EQ(scene.n_done, 200);
	local_set_drop(&set);
	runtime_destroy(rt);
}

/* BEH task_local_set::drop_cancels_tasks */
TEST(local_set_threads, a_run_that_ends_leaves_the_others_and_a_drop_cancels_them)
{
	struct runtime *rt = rt_of(1);
	struct scene scene = { .home = pthread_self() };
	struct local_set set;
	struct local_set_run run;
	struct delay soon;
	struct task *t;
	struct task_join join;
	struct t_waker w = t_waker();

	CHECK_EQ(local_set_init(&set, rt), 0);
	t = spawn(local_set_runtime(&set), local, &scene, 1000000);
	CHECK_EQ(block_on_park_in(rt, local_set_run(&run, &set, delay(&soon, 5))), 0);
	CHECK(!task_is_done(t));
	CHECK(local_set_n_tasks(&set) >= 1);
	local_set_drop(&set);
	CHECK(task_is_done(t));
	CHECK(scene.n_dropped >= 1);
	CHECK_EQ(t_poll(task_join(&join, t), &w), POLL_READY);
	CHECK_EQ(join.err, -ECANCELED);
	task_detach(t);
	runtime_destroy(rt);
}

/* --- From other threads --- */

struct answer {
	struct co co;
	struct scene *scene;
	struct oneshot_receiver rx;
	struct oneshot_recv recv;
	int value;
};

static enum poll answer_run(struct co *co, struct context *cx)
{
	struct answer *const f = co_frame(co, struct answer);

	co_begin(co);
	co_await(oneshot_recv(&f->recv, &f->rx, &f->value));
	CHECK(pthread_equal(pthread_self(), f->scene->home));
	f->scene->n_done++;
	co_finally {
		oneshot_receiver_drop(&f->rx);
	}
	co_end;
}

static struct future *answer(struct answer *f, struct scene *scene, struct oneshot_receiver rx)
{
	*f = (struct answer){ .co = co_init(answer_run), .scene = scene, .rx = rx };
	return &f->co.future;
}

enum { REMOTE = 500 };

static void *sends(void *arg)
{
	struct oneshot_sender *tx = arg;

	for (int i = 0; i < REMOTE; i++)
		oneshot_send(&tx[i], &i);
	return NULL;
}

/* BEH task_local_set::local_tasks_are_polled_after_tick */
/* BEH task_local_set::spawn_wakes_localset */
TEST(local_set_threads, wakes_from_another_thread_all_arrive)
{
	struct runtime *rt = rt_of(2);
	struct scene scene = { .home = pthread_self() };
	struct oneshot_sender tx[REMOTE];
	struct local_set set;
	pthread_t thread;

	CHECK_EQ(local_set_init(&set, rt), 0);
	for (int i = 0; i < REMOTE; i++) {
		struct oneshot_receiver rx;

		CHECK_EQ(oneshot_open(&tx[i], &rx, int, NULL), 0);
		task_detach(spawn(local_set_runtime(&set), answer, &scene, rx));
	}
	CHECK_EQ(pthread_create(&thread, NULL, sends, tx), 0);
	CHECK_EQ(run_all(rt, &set), 0);
	CHECK_EQ(scene.n_done, REMOTE);
	pthread_join(thread, NULL);
	local_set_drop(&set);
	runtime_destroy(rt);
}

/* BEH task_local_set::drop_cancels_remote_tasks */
TEST(local_set_threads, wakes_that_come_while_it_is_dropped_do_nothing)
{
	struct runtime *rt = rt_of(1);

	for (int round = 0; round < 30; round++) {
		struct scene scene = { .home = pthread_self() };
		struct oneshot_sender tx[REMOTE];
		struct local_set set;
		struct local_set_run run;
		struct ready ready_now;
		pthread_t thread;

		CHECK_EQ(local_set_init(&set, rt), 0);
		for (int i = 0; i < REMOTE; i++) {
			struct oneshot_receiver rx;

			CHECK_EQ(oneshot_open(&tx[i], &rx, int, NULL), 0);
			task_detach(spawn(local_set_runtime(&set), answer, &scene, rx));
		}
		CHECK_EQ(block_on_park_in(rt, local_set_run(&run, &set, ready(&ready_now))), 0);
		CHECK_EQ(pthread_create(&thread, NULL, sends, tx), 0);
		local_set_drop(&set);
		pthread_join(thread, NULL);
	}
	runtime_destroy(rt);
}

struct joins {
	struct co co;
	struct task *task;
	struct task_join join;
};

static enum poll joins_run(struct co *co, struct context *cx)
{
	struct joins *const f = co_frame(co, struct joins);

	co_begin(co);
	co_await(task_join(&f->join, f->task));
	co_end;
}

static struct future *joins(struct joins *f, struct task *t)
{
	*f = (struct joins){ .co = co_init(joins_run), .task = t };
	return &f->co.future;
}

/* BEH task_local_set::join_local_future_elsewhere */
TEST(local_set_threads, a_task_of_a_worker_may_join_one_of_the_set)
{
	struct runtime *rt = rt_of(2);
	struct scene scene = { .home = pthread_self() };
	struct local_set set;
	struct local_set_run run;
	struct task *t, *waits;
	struct task_join join;

	CHECK_EQ(local_set_init(&set, rt), 0);
	t = spawn(local_set_runtime(&set), local, &scene, 3);
	waits = spawn(rt, joins, t);
	CHECK_EQ(block_on_park_in(rt, local_set_run(&run, &set, task_join(&join, waits))), 0);
	CHECK_EQ(task_frame(waits, struct joins)->join.err, 0);
	task_detach(t);
	task_detach(waits);
	CHECK_EQ(scene.n_done, 4);
	local_set_drop(&set);
	runtime_destroy(rt);
}

TEST(local_set_threads, without_a_runtime_it_has_no_clock_but_runs)
{
	struct scene scene = { .home = pthread_self() };
	struct local_set set;
	struct oneshot_sender tx;
	struct oneshot_receiver rx;

	CHECK_EQ(local_set_init(&set, NULL), 0);
	CHECK_EQ(oneshot_open(&tx, &rx, int, NULL), 0);
	task_detach(spawn(local_set_runtime(&set), answer, &scene, rx));
	CHECK_EQ(oneshot_send(&tx, &(int){ 1 }), 0);
	CHECK_EQ(run_all(NULL, &set), 0);
	CHECK_EQ(scene.n_done, 1);
	local_set_drop(&set);
}

/* --- Another thread --- */

static void *polls_once(void *arg)
{
	struct t_waker w = t_waker();

	(void)t_poll(arg, &w);
	return NULL;
}

TEST_BUG(local_set_threads, it_is_polled_on_another_thread)
{
	struct local_set set;
	struct local_set_run run;
	struct pending never;
	struct t_waker w = t_waker();
	pthread_t thread;

	CHECK_EQ(local_set_init(&set, NULL), 0);
	CHECK_EQ(t_poll(local_set_run(&run, &set, pending(&never)), &w), POLL_PENDING);
	CHECK_EQ(pthread_create(&thread, NULL, polls_once, &run.future), 0);
	pthread_join(thread, NULL);
}
