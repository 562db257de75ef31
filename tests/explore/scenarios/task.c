/*
 * task: one task of a current-thread runtime, with everything that other threads may do to it: wake
 * it, abort it, give up its handle, spawn another, while the runtime polls it, ends it or is
 * destroyed.
 */
#include "executor/runtime.h"

#include "explore/scenarios/flagged.h"
#include "sync/oneshot.h"
#include "task/task.h"

static struct runtime *rt;
static struct task *task, *second;
static struct oneshot_sender tx, stop;
static struct oneshot_receiver rx, stopped;
static struct handover handover;
static int err;

static void setup(void)
{
	struct runtime_builder builder = {
		.no_timers = true, .seed = 1, .diagnostics = explore_null(), .virtual_time = true
	};

	CHECK_EQ(runtime_build(&builder, &rt), 0);
	flag_reset();
	err = 1;
	handover = (struct handover){ 0 };
	tx = stop = (struct oneshot_sender){ 0 };
	rx = stopped = (struct oneshot_receiver){ 0 };
	second = NULL;
	task = spawn(rt, flagged);
	CHECK(task);
}

/* The runtime goes on until somebody says stop. */
static void setup_until_stopped(void)
{
	setup();
	CHECK_EQ(oneshot_open(&stop, &stopped, int, NULL), 0);
}

/* --- The runtime's thread --- */

static void join_it(void)
{
	struct task_join join;

	CHECK_EQ(runtime_block_on(rt, task_join(&join, task)), 0);
	err = join.err;
}

static void join_and_destroy(void)
{
	join_it();
	task_detach(task);
	runtime_destroy(rt);
}

/* The handle is still in use elsewhere. */
static void join_keep_and_destroy(void)
{
	join_it();
	runtime_destroy(rt);
}

static void run_until_stopped(void)
{
	struct oneshot_recv recv;
	int n;

	CHECK_EQ(runtime_block_on(rt, oneshot_recv(&recv, &stopped, &n)), 0);
	oneshot_receiver_drop(&stopped);
	runtime_destroy(rt);
}

static void destroy(void)
{
	runtime_destroy(rt);
}

/* --- Others --- */

static void abort_it(void)
{
	task_abort(task);
}

static void detach(void)
{
	task_detach(task);
}

static void abort_and_detach(void)
{
	task_abort(task);
	task_detach(task);
}

static void raise_wake_and_stop(void)
{
	raise_and_wake();
	oneshot_send(&stop, &(int){ 0 });
}

static void stop_it(void)
{
	oneshot_send(&stop, &(int){ 0 });
}

/* --- What comes out --- */

static void is_finished(void)
{
	flag_give_back();
	CHECK_EQ(err, 0);
	CHECK_EQ(n_finished, 1);
	CHECK_EQ(n_dropped, 0);
}

static void is_finished_or_dropped(void)
{
	flag_give_back();
	CHECK_EQ(n_finished + n_dropped, 1);
	CHECK(err == 1 || err == (n_dropped ? -ECANCELED : 0));
}

static void is_ended_and_detached(void)
{
	task_detach(task);
	is_finished_or_dropped();
}

static void is_polled_little(void)
{
	is_finished();
	CHECK(n_polls <= 2);
}

static void is_polled_a_little_more(void)
{
	is_finished();
	CHECK(n_polls <= 3);
}

/* BEH src/runtime/tests/loom_current_thread::assert_no_unnecessary_polls */
SCENARIO(task_wake_against_poll, .setup = setup, .thread = { join_and_destroy, raise_and_wake },
	 .check = is_polled_little);
SCENARIO(task_wake_by_ref_against_poll, .setup = setup, .check = is_polled_little,
	 .thread = { join_and_destroy, raise_wake_and_drop });
/* BEH src/runtime/tests/loom_multi_thread::pool_multi_notify */
SCENARIO(task_two_wakes_against_poll, .setup = setup, .check = is_polled_a_little_more,
	 .thread = { join_and_destroy, raise_and_wake, wake_for_nothing }, .max_bound = 2);
SCENARIO(task_abort_against_poll, .setup = setup, .check = is_ended_and_detached,
	 .thread = { join_keep_and_destroy, abort_it });
SCENARIO(task_abort_against_wake, .setup = setup, .check = is_ended_and_detached,
	 .thread = { join_keep_and_destroy, abort_it, raise_and_wake }, .max_bound = 2);
SCENARIO(task_detach_against_wake, .setup = setup_until_stopped, .check = is_finished_or_dropped,
	 .thread = { run_until_stopped, detach, raise_wake_and_stop }, .max_bound = 2);
SCENARIO(task_abort_and_detach_against_poll, .setup = setup_until_stopped,
	 .check = is_finished_or_dropped,
	 .thread = { run_until_stopped, abort_and_detach, stop_it }, .max_bound = 2);

/* --- The runtime's end --- */

/* As if it had run for a while: the task is polled, and its waker out. */
static void setup_polled(void)
{
	struct oneshot_recv recv;
	int n;

	setup_until_stopped();
	oneshot_send(&stop, &(int){ 0 });
	CHECK_EQ(runtime_block_on(rt, oneshot_recv(&recv, &stopped, &n)), 0);
	oneshot_receiver_drop(&stopped);
	CHECK_EQ(n_polls, 1);
}

static void is_dropped(void)
{
	task_detach(task);
	flag_give_back();
	CHECK_EQ(n_finished, 0);
	CHECK_EQ(n_dropped, 1);
}

static void is_dropped_and_detached(void)
{
	flag_give_back();
	CHECK_EQ(n_dropped, 1);
}

SCENARIO(task_wake_against_destroy, .setup = setup_polled, .thread = { destroy, raise_and_wake },
	 .check = is_dropped);
SCENARIO(task_wake_by_ref_against_destroy, .setup = setup_polled, .check = is_dropped,
	 .thread = { destroy, raise_wake_and_drop });
SCENARIO(task_waker_drop_against_destroy, .setup = setup_polled, .thread = { destroy, drop_waker },
	 .check = is_dropped);
SCENARIO(task_abort_against_destroy, .setup = setup_polled, .thread = { destroy, abort_it },
	 .check = is_dropped);
SCENARIO(task_detach_against_destroy, .setup = setup_polled, .thread = { destroy, detach },
	 .check = is_dropped_and_detached);
SCENARIO(task_wake_and_detach_against_destroy, .setup = setup_polled,
	 .check = is_dropped_and_detached, .thread = { destroy, raise_and_wake, detach },
	 .max_bound = 2);
SCENARIO(task_stop_against_wake_then_destroy, .setup = setup_until_stopped,
	 .check = is_finished_or_dropped,
	 .thread = { run_until_stopped, raise_wake_and_stop, detach }, .max_bound = 2);

/* --- Spawned from another thread --- */

static void spawn_another(void)
{
	second = spawn(rt, flagged);
	hand_over(&handover);
}

static void run_both(void)
{
	struct task_join join;

	take_over(&handover);
	CHECK(second);
	CHECK_EQ(runtime_block_on(rt, task_join(&join, second)), 0);
	CHECK_EQ(join.err, 0);
	CHECK_EQ(runtime_block_on(rt, task_join(&join, task)), 0);
	task_detach(task);
	task_detach(second);
	runtime_destroy(rt);
}

static void setup_raised(void)
{
	setup();
	flag.is_up = true;
}

static void both_are_finished(void)
{
	flag_give_back();
	CHECK_EQ(n_finished, 2);
}

/* A task may be spawned while the runtime runs, and is met in its inbox. */
static void spawn_and_stop(void)
{
	second = spawn(rt, flagged);
	oneshot_send(&stop, &(int){ 0 });
}

static void setup_raised_until_stopped(void)
{
	setup_until_stopped();
	flag.is_up = true;
}

static void end_both(void)
{
	task_detach(task);
	task_detach(second);
	flag_give_back();
	CHECK_EQ(n_finished + n_dropped, 2);
}

SCENARIO(task_spawn_from_outside, .setup = setup_raised, .thread = { run_both, spawn_another },
	 .check = both_are_finished);
SCENARIO(task_spawn_against_run, .setup = setup_raised_until_stopped, .check = end_both,
	 .thread = { run_until_stopped, spawn_and_stop });

/* --- Joins --- */

/* The runtime runs on one thread, and the handle is joined by another executor. */
static void join_from_outside(void)
{
	struct task_join join;

	explore_await(task_join(&join, task));
	CHECK_EQ(join.err, 0);
	CHECK_EQ(task_frame(task, struct flagged)->output, 9);
	task_detach(task);
	oneshot_send(&stop, &(int){ 0 });
}

/* No join, no lock: done is done, and then the outputs are there. */
static void look_until_done(void)
{
	while (!task_is_done(task))
		explore_yield();
	CHECK_EQ(task_frame(task, struct flagged)->output, 9);
	task_detach(task);
	oneshot_send(&stop, &(int){ 0 });
}

static void poll_join_and_drop(void)
{
	struct task_join *join = frame_new(task_join);

	if (explore_poll(task_join(join, task), explore_me()) == POLL_PENDING)
		future_drop(&join->future);
	frame_free(join);
	task_detach(task);
	oneshot_send(&stop, &(int){ 0 });
}

static void ended_or_not(void)
{
	flag_give_back();
	CHECK_EQ(n_finished + n_dropped, 1);
}

/* BEH src/runtime/tests/loom_multi_thread::join_output */
SCENARIO(task_join_from_another_thread, .setup = setup_raised_until_stopped, .check = ended_or_not,
	 .thread = { run_until_stopped, join_from_outside });
static void abort_when_done(void)
{
	while (!task_is_done(task))
		explore_yield();
	task_abort(task);
	task_detach(task);
	oneshot_send(&stop, &(int){ 0 });
}

SCENARIO(task_abort_after_the_end, .setup = setup_raised_until_stopped, .check = ended_or_not,
	 .thread = { run_until_stopped, abort_when_done });
SCENARIO(task_output_seen_by_join, .setup = setup_raised_until_stopped, .check = ended_or_not,
	 .thread = { run_until_stopped, look_until_done });
/* BEH src/runtime/tests/loom_current_thread::drop_jh_during_schedule */
/* BEH src/runtime/tests/loom_multi_thread::poll_drop_handle_then_drop */
SCENARIO(task_join_dropped_against_end, .setup = setup_raised_until_stopped, .check = ended_or_not,
	 .thread = { run_until_stopped, poll_join_and_drop });
