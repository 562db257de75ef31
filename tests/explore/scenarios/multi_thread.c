/*
 * multi_thread: the runtime on several threads, with one or two workers, and threads outside that
 * wait inside of runtime_block_on, wake, abort, detach, and destroy it.
 */
#include "executor/runtime.h"

#include "explore/scenarios/flagged.h"
#include "future/co.h"
#include "future/pending.h"
#include "future/yield_now.h"
#include "sync/oneshot.h"
#include "task/task.h"

static struct runtime *rt;
static struct task *task, *second;
static struct handover handover;
static int err[3];
static struct oneshot_sender tx;
static struct oneshot_receiver rx;

static void setup_with(unsigned n_workers)
{
	struct runtime_builder builder = {
		.no_timers = true, .seed = 1, .diagnostics = explore_null(), .n_workers = n_workers
	};

	CHECK_EQ(runtime_build(&builder, &rt), 0);
	flag_reset();
	handover = (struct handover){ 0 };
	task = second = NULL;
	err[0] = err[1] = err[2] = 1;
}

static void setup_one(void)
{
	setup_with(1);
}

static void setup_two(void)
{
	setup_with(2);
}

/*
 * The workers come to rest before the threads begin, so it is polled by then, and its waker is out.
 */
static void setup_task(unsigned n_workers)
{
	setup_with(n_workers);
	task = spawn(rt, flagged);
	CHECK(task);
}

static void setup_task_of_one(void)
{
	setup_task(1);
}

static void setup_task_of_two(void)
{
	setup_task(2);
}

/* --- What threads do --- */

static void await_flag(void)
{
	struct flagged f;

	err[0] = runtime_block_on(rt, flagged(&f));
}

static void await_flag_and_destroy(void)
{
	await_flag();
	runtime_destroy(rt);
}

static int join(struct task *t)
{
	struct task_join join;

	CHECK_EQ(runtime_block_on(rt, task_join(&join, t)), 0);
	return join.err;
}

static void join_and_destroy(void)
{
	err[0] = join(task);
	task_detach(task);
	runtime_destroy(rt);
}

/* The handle is still in use elsewhere. */
static void join_keep_and_destroy(void)
{
	err[0] = join(task);
	runtime_destroy(rt);
}

static void destroy(void)
{
	runtime_destroy(rt);
}

static void detach_and_destroy(void)
{
	task_detach(task);
	runtime_destroy(rt);
}

static void abort_it(void)
{
	task_abort(task);
}

static void detach(void)
{
	task_detach(task);
}

/* --- What comes out --- */

static int count(const atomic_int *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static void is_finished(void)
{
	flag_give_back();
	CHECK_EQ(err[0], 0);
	CHECK_EQ(count(&n_finished), 1);
	CHECK_EQ(count(&n_dropped), 0);
}

static void is_finished_by_two_polls(void)
{
	is_finished();
	CHECK(count(&n_polls) <= 2);
}

static void is_ended_once(void)
{
	flag_give_back();
	CHECK_EQ(count(&n_finished) + count(&n_dropped), 1);
	CHECK(err[0] == 1 || err[0] == (count(&n_dropped) ? -ECANCELED : 0));
}

static void is_ended_once_and_detached(void)
{
	task_detach(task);
	is_ended_once();
}

SCENARIO(multi_root_against_wake, .setup = setup_one, .check = is_finished_by_two_polls,
	 .thread = { await_flag_and_destroy, raise_and_wake });
/* BEH src/runtime/tests/loom_multi_thread::complete_block_on_under_load */
SCENARIO(multi_root_against_wake_on_two, .setup = setup_two, .check = is_finished_by_two_polls,
	 .thread = { await_flag_and_destroy, raise_and_wake }, .max_bound = 2);
SCENARIO(multi_join_against_wake, .setup = setup_task_of_one, .check = is_finished,
	 .thread = { join_and_destroy, raise_and_wake });
SCENARIO(multi_join_against_wake_on_two, .setup = setup_task_of_two, .check = is_finished,
	 .thread = { join_and_destroy, raise_wake_and_drop }, .max_bound = 2);
SCENARIO(multi_two_wakes_on_two, .setup = setup_task_of_two, .check = is_finished,
	 .thread = { join_and_destroy, raise_and_wake, wake_for_nothing }, .max_bound = 1);
SCENARIO(multi_abort_against_join, .setup = setup_task_of_one, .check = is_ended_once_and_detached,
	 .thread = { join_keep_and_destroy, abort_it });
SCENARIO(multi_abort_against_wake_on_two, .setup = setup_task_of_two,
	 .check = is_ended_once_and_detached,
	 .thread = { join_keep_and_destroy, raise_and_wake, abort_it }, .max_bound = 1);

/* --- Its end --- */

SCENARIO(multi_wake_against_destroy, .setup = setup_task_of_one,
	 .check = is_ended_once_and_detached, .thread = { destroy, raise_and_wake });
SCENARIO(multi_wake_against_destroy_of_two, .setup = setup_task_of_two,
	 .check = is_ended_once_and_detached, .thread = { destroy, raise_wake_and_drop },
	 .max_bound = 2);
SCENARIO(multi_waker_drop_against_destroy, .setup = setup_task_of_one,
	 .check = is_ended_once_and_detached, .thread = { destroy, drop_waker });
SCENARIO(multi_abort_against_destroy, .setup = setup_task_of_one,
	 .check = is_ended_once_and_detached, .thread = { destroy, abort_it });
SCENARIO(multi_detach_against_destroy, .setup = setup_task_of_one, .check = is_ended_once,
	 .thread = { destroy, detach });
SCENARIO(multi_wake_against_detach_and_destroy, .setup = setup_task_of_one, .check = is_ended_once,
	 .thread = { detach_and_destroy, raise_and_wake });

/* Workers that have only just been started. */
static void build_and_destroy(void)
{
	setup_two();
	runtime_destroy(rt);
}

static void build_spawn_and_destroy(void)
{
	setup_task_of_two();
	task_detach(task);
	runtime_destroy(rt);
}

SCENARIO(multi_start_against_destroy, .thread = { build_and_destroy }, .max_bound = 2);
/* BEH src/runtime/tests/loom_multi_thread::pool_shutdown */
SCENARIO(multi_spawn_against_destroy, .thread = { build_spawn_and_destroy }, .check = is_ended_once,
	 .max_bound = 2);

/* --- Tasks that spawn, join and yield --- */

struct child {
	struct co co;
	struct yield_now yield;
};

static enum poll child_run(struct co *co, struct context *cx)
{
	struct child *const f = co_frame(co, struct child);

	co_begin(co);
	co_await(yield_now(&f->yield));
	atomic_fetch_add_explicit(&n_finished, 1, memory_order_relaxed);
	co_end;
}

static struct future *child(struct child *f)
{
	*f = (struct child){ .co = co_init(child_run) };
	return &f->co.future;
}

struct parent {
	struct co co;
	struct task *children[2];
	struct task_join join;
};

/* The children are in its worker's queue: another one may steal them. */
static enum poll parent_run(struct co *co, struct context *cx)
{
	struct parent *const f = co_frame(co, struct parent);

	co_begin(co);
	f->children[0] = spawn(cx->rt, child);
	f->children[1] = spawn(cx->rt, child);
	co_await(task_join(&f->join, f->children[0]));
	CHECK_EQ(f->join.err, 0);
	co_await(task_join(&f->join, f->children[1]));
	CHECK_EQ(f->join.err, 0);
	atomic_fetch_add_explicit(&n_finished, 1, memory_order_relaxed);
	co_finally {
		task_detach(f->children[0]);
		task_detach(f->children[1]);
	}
	co_end;
}

static struct future *parent(struct parent *f)
{
	*f = (struct parent){ .co = co_init(parent_run) };
	return &f->co.future;
}

static void run_parent_and_destroy(void)
{
	struct parent p;

	err[0] = runtime_block_on(rt, parent(&p));
	runtime_destroy(rt);
}

static void all_three_finished(void)
{
	CHECK_EQ(err[0], 0);
	CHECK_EQ(count(&n_finished), 3);
}

/* BEH src/runtime/tests/loom_multi_thread::pool_multi_spawn */
SCENARIO(multi_children_on_two, .setup = setup_two, .check = all_three_finished,
	 .thread = { run_parent_and_destroy }, .max_bound = 2);
SCENARIO(multi_children_on_one, .setup = setup_one, .check = all_three_finished,
	 .thread = { run_parent_and_destroy });

/* --- Several roots --- */

static void send_and_leave(void)
{
	oneshot_send(&tx, &(int){ 4 });
}

static void receive_inside_and_destroy(void)
{
	struct oneshot_recv recv;
	int n = 0;

	err[0] = runtime_block_on(rt, oneshot_recv(&recv, &rx, &n));
	CHECK_EQ(n, 4);
	oneshot_receiver_drop(&rx);
	take_over(&handover);
	runtime_destroy(rt);
}

static void yield_inside(void)
{
	struct yield_now y;

	err[1] = runtime_block_on(rt, yield_now(&y));
	hand_over(&handover);
}

static void setup_channel(void)
{
	setup_one();
	CHECK_EQ(oneshot_open(&tx, &rx, int, NULL), 0);
}

static void both_returned(void)
{
	CHECK_EQ(err[0], 0);
	CHECK_EQ(err[1], 0);
}

/* BEH src/runtime/tests/loom_current_thread::block_on_num_polls */
SCENARIO(multi_two_roots, .setup = setup_channel, .check = both_returned, .max_bound = 2,
	 .thread = { receive_inside_and_destroy, yield_inside, send_and_leave });

/* --- Nobody is left who could wake the root --- */

static void await_nothing(void)
{
	struct pending p;

	err[0] = runtime_block_on(rt, pending(&p));
	take_over(&handover);
	runtime_destroy(rt);
}

static void await_nothing_on_two(void)
{
	await_nothing();
}

static void is_deadlocked(void)
{
	CHECK_EQ(err[0], -EDEADLK);
	CHECK_EQ(err[1], 0);
}

SCENARIO(multi_dead_root_beside_another, .setup = setup_one, .check = is_deadlocked,
	 .thread = { await_nothing, yield_inside }, .max_bound = 2);
SCENARIO(multi_dead_root_on_two, .setup = setup_two, .check = is_deadlocked,
	 .thread = { await_nothing_on_two, yield_inside }, .max_bound = 1);
