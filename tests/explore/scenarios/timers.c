/* timers: a timer that fires while another thread drops it, changes its waker or its time. */
#include "time/timers.h"

#include "executor/runtime.h"
#include "explore/scenarios/scene.h"
#include "sync/oneshot.h"
#include "time/delay.h"

static const uint64_t SECOND = 1000000000;

static struct clock clock_of_test;
static struct timers timers;
static struct runtime services;
static struct delay nap;
static struct handover is_armed;
static struct sleeper stranger;
static atomic_bool is_done;
static _Atomic uint64_t now_ns; /* as the clock, for everybody to read */

static void setup(void)
{
	clock_init_virtual(&clock_of_test);
	timers_init(&timers, &clock_of_test);
	services = (struct runtime){ .timers = &timers };
	is_armed = (struct handover){ 0 };
	stranger = (struct sleeper){ 0 };
	atomic_init(&is_done, false);
	atomic_init(&now_ns, 0);
}

static enum poll poll_in(struct runtime *rt, struct future *f, struct sleeper *s)
{
	struct waker waker = explore_waker(s);
	struct context cx = context_of(&waker);

	cx.rt = rt;
	return future_poll(f, &cx);
}

static void await_in(struct runtime *rt, struct future *f)
{
	while (poll_in(rt, f, explore_me()) == POLL_PENDING)
		explore_sleep(explore_me());
}

/* --- Whoever turns the wheel --- */

static void advance_to(uint64_t ns)
{
	clock_advance_ns(&clock_of_test, ns - timers_now_ns(&timers));
	atomic_store_explicit(&now_ns, ns, memory_order_relaxed);
	timers_turn(&timers);
}

static void advance_once(void)
{
	advance_to(2 * SECOND);
}

static void advance_when_armed(void)
{
	take_over(&is_armed);
	advance_to(2 * SECOND);
}

static void advance_until_done(void)
{
	take_over(&is_armed);
	advance_to(3 * SECOND / 2);
	advance_to(5 * SECOND / 2);
	while (!atomic_load_explicit(&is_done, memory_order_relaxed)) {
		timers_turn(&timers);
		explore_yield();
	}
}

/* --- Whoever waits --- */

static void poll_twice_and_drop(void)
{
	if (poll_in(&services, delay(&nap, 1000), explore_me()) == POLL_PENDING &&
	    poll_in(&services, &nap.future, explore_me()) == POLL_PENDING)
		future_drop(&nap.future);
}

static void change_waker_and_await(void)
{
	poll_in(&services, delay_until(&nap, SECOND), &stranger);
	hand_over(&is_armed);
	if (!future_is_over(&nap.future))
		await_in(&services, &nap.future);
	CHECK_EQ(nap.err, 0);
}

static void reset_and_await(void)
{
	poll_in(&services, delay_until(&nap, SECOND), explore_me());
	hand_over(&is_armed);
	delay_reset_until(&nap, 2 * SECOND);
	await_in(&services, &nap.future);
	CHECK(atomic_load_explicit(&now_ns, memory_order_relaxed) >= 2 * SECOND);
	atomic_store_explicit(&is_done, true, memory_order_relaxed);
}

static void nothing_is_armed(void)
{
	CHECK_EQ(timers_n(&timers), 0);
}

/* BEH src/runtime/time/tests/mod::drop_timer */
SCENARIO(timer_drop_against_fire, .setup = setup, .thread = { poll_twice_and_drop, advance_once },
	 .check = nothing_is_armed);
/* BEH src/runtime/time/tests/mod::change_waker */
SCENARIO(timer_new_waker_against_fire, .setup = setup, .check = nothing_is_armed,
	 .thread = { change_waker_and_await, advance_when_armed });
/* BEH src/runtime/time/tests/mod::reset_future */
SCENARIO(timer_reset_against_fire, .setup = setup, .check = nothing_is_armed,
	 .thread = { reset_and_await, advance_until_done });

/* --- A runtime sleeps, and another thread arms what is due before it would get up --- */

static struct runtime *rt;
static struct oneshot_sender stop;
static struct oneshot_receiver stopped;

static void setup_runtime(void)
{
	struct runtime_builder builder = { .seed = 1,
					   .diagnostics = explore_null(),
					   .virtual_time = true,
					   .no_deadlock_check = true };

	CHECK_EQ(runtime_build(&builder, &rt), 0);
	CHECK_EQ(oneshot_open(&stop, &stopped, int, NULL), 0);
}

static void run_until_stopped(void)
{
	struct oneshot_recv recv;
	int n;

	CHECK_EQ(runtime_block_on(rt, oneshot_recv(&recv, &stopped, &n)), 0);
	oneshot_receiver_drop(&stopped);
	runtime_destroy(rt);
}

static void nap_outside_and_stop(void)
{
	await_in(rt, delay(&nap, 5));
	CHECK_EQ(nap.err, 0);
	oneshot_send(&stop, &(int){ 0 });
}

SCENARIO(timer_armed_while_the_runtime_sleeps, .setup = setup_runtime,
	 .thread = { run_until_stopped, nap_outside_and_stop });
