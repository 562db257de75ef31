/* Delays: exact, never early, and gone without a trace when dropped. */
#include <errno.h>

#include "future/co.h"
#include "time/delay.h"
#include "time_scene.h"

/* BEH time_sleep::immediate_sleep */
TEST(delay, until_now_is_not_elapsed_before_its_poll_and_ready_then)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	scene_pass_ms(&s, 1);
	delay_until(&d, 1 * MS);
	CHECK(!delay_is_elapsed(&d));
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	CHECK_EQ(d.err, 0);
	CHECK(delay_is_elapsed(&d));
	CHECK_EQ(s.w.clones, 0); /* it never touched the wheel */
	scene_end(&s);
}

/* BEH time_sleep::is_elapsed */
TEST(delay, is_elapsed_as_soon_as_the_time_has_come)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	delay(&d, 10);
	CHECK(!delay_is_elapsed(&d));
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	CHECK(!delay_is_elapsed(&d));
	scene_pass_ns(&s, 10 * MS - 1);
	CHECK(!delay_is_elapsed(&d));
	scene_pass_ns(&s, 1);
	CHECK(delay_is_elapsed(&d));
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	CHECK(delay_is_elapsed(&d));
	scene_end(&s);
}

/* Of `ns` at a clock that shows `from_ns`: pending up to the tick, then woken once, and ready. */
static void check_exact(uint64_t from_ns, uint64_t ns)
{
	uint64_t due_ns = (from_ns + ns + MS - 1) / MS * MS;
	struct delay d;
	struct scene s;

	scene_begin(&s);
	scene_pass_ns(&s, from_ns);
	CHECK_EQ(scene_poll(&s, delay_ns(&d, ns)), POLL_PENDING);
	scene_pass_ns(&s, due_ns - from_ns - 1);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	scene_pass_ns(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	CHECK_EQ(t_wakes(&s.w), 0);
	scene_end(&s);
}

/* BEH time_sleep::delayed_sleep_level_0 */
/* BEH time_sleep::delayed_sleep_wrapping_level_0 */
/* BEH time_sleep::sub_ms_delayed_sleep */
/* BEH time_sleep::greater_than_max */
/* BEH time_sleep::exactly_max */
TEST(delay, is_ready_at_the_first_tick_that_is_not_too_early)
{
	const uint64_t round_ms = 1ull << 36, year_ms = 365ull * 86400 * 1000;

	check_exact(0, clock_ms(1));
	check_exact(0, clock_ms(10));
	check_exact(0, clock_ms(60));
	check_exact(clock_ms(5), clock_ms(60));
	check_exact(0, 1);
	check_exact(1, clock_ms(1));
	check_exact(250 * US, 250 * US);
	check_exact(0, 1 * MS + 1);
	check_exact(0, clock_ms(5 * year_ms));
	check_exact(0, clock_ms(round_ms - 1));
	check_exact(3, clock_ms(round_ms));
}

/* BEH time_sleep::exactly_max */
/* BEH time_sleep::no_out_of_bounds_close_to_max */
TEST(delay, that_is_too_long_for_the_clock_never_comes)
{
	static const uint64_t ms[] = { UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / MS + 1 };
	struct delay d;
	struct scene s;

	scene_begin(&s);
	scene_pass_ms(&s, 100);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(scene_poll(&s, delay(&d, ms[i])), POLL_PENDING);
		CHECK(!timers_jump(&s.timers));
		CHECK_EQ(scene_now_ms(&s), 100);
		CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
		future_drop(&d.future);
	}
	scene_end(&s);
}

/* BEH time_pause::regression_3710_with_submillis_advance */
TEST(delay, of_a_minute_is_not_moved_by_parts_of_a_tick)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	scene_pass_ms(&s, 1);
	CHECK_EQ(scene_poll(&s, delay(&d, 60000)), POLL_PENDING);
	for (int i = 0; i < 100; i++)
		scene_pass_ns(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	future_drop(&d.future);
	scene_end(&s);
}

/* BEH time_pause::advance_once_with_timer */
TEST(delay, of_a_tick_is_over_after_a_tick_and_three_quarters_in_two_steps)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 1)), POLL_PENDING);
	scene_pass_ns(&s, 250 * US);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	scene_pass_ns(&s, 1500 * US);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

/* BEH time_pause::advance_multi_with_timer */
TEST(delay, of_a_tick_is_over_after_the_fourth_quarter)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	delay(&d, 1);
	for (int quarter = 0; quarter < 4; quarter++) {
		CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
		scene_pass_ns(&s, 250 * US);
	}
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

/* BEH time_pause::advance_after_poll */
TEST(delay, that_was_polled_is_pending_until_all_of_its_time_has_passed)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 300)), POLL_PENDING);
	scene_pass_ms(&s, 100);
	CHECK_EQ(scene_now_ms(&s), 100);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	scene_pass_ms(&s, 200);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

/* BEH time_pause::sleep_no_poll */
TEST(delay, until_a_time_need_not_be_polled_before_it_has_come)
{
	struct delay d, relative;
	struct scene s;

	scene_begin(&s);
	delay_until(&d, 300 * MS);
	delay(&relative, 300);
	scene_pass_ms(&s, 100);
	CHECK_EQ(scene_poll(&s, &relative.future), POLL_PENDING); /* begins only now */
	scene_pass_ms(&s, 200);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	CHECK_EQ(scene_poll(&s, &relative.future), POLL_PENDING);
	scene_pass_ms(&s, 100);
	CHECK_EQ(scene_poll(&s, &relative.future), POLL_READY);
	scene_end(&s);
}

/* --- Wakers, drop, budget, executors --- */

TEST(delay, wakes_the_last_one_that_polled_it)
{
	struct t_waker other = t_waker();
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 1)), POLL_PENDING);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	CHECK_EQ(s.w.clones, 1);
	CHECK_EQ(t_poll_in(&d.future, &other, &s.rt), POLL_PENDING);
	CHECK_EQ(t_held(&s.w), 0);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(t_wakes(&other), 1);
	CHECK_EQ(t_held(&other), 0);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

/* A poll, and a tick before the next. It is ready at the fourth poll. */
static bool cancelled_after(unsigned k)
{
	struct scene s;
	struct delay d;
	bool done = false;

	scene_begin(&s);
	delay(&d, 3);
	for (unsigned i = 0; i < k && !done; i++) {
		done = scene_poll(&s, &d.future) == POLL_READY;
		if (!done)
			scene_pass_ms(&s, 1);
	}
	future_drop(&d.future);
	memset(&d, 0xa5, sizeof d);
	scene_pass_ms(&s, 100);
	scene_end(&s);
	return done;
}

TEST(delay, can_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(cancelled_after);
}

TEST(delay, never_allocates)
{
	struct delay d;
	struct scene s;

	t_mem_begin();
	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 1)), POLL_PENDING);
	scene_pass_ms(&s, 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	CHECK_EQ(t_mem_allocs(), 0);
	scene_end(&s);
}

/* BEH time_sleep::creating_sleep_outside_of_context */
TEST(delay, without_timers_is_ready_at_once_and_says_why)
{
	struct runtime no_timers = { 0 };
	struct t_waker w = t_waker();
	struct delay d;

	CHECK_EQ(t_poll(delay(&d, 1000), &w), POLL_READY);
	CHECK_EQ(d.err, -ENOTSUP);
	CHECK_EQ(t_poll_in(delay_until(&d, 1000), &w, &no_timers), POLL_READY);
	CHECK_EQ(d.err, -ENOTSUP);
	CHECK_EQ(w.clones, 0);
}

TEST(delay, keeps_to_the_timers_of_its_first_poll)
{
	struct t_waker other = t_waker();
	struct scene s, elsewhere;
	struct delay d;

	scene_begin(&s);
	scene_begin(&elsewhere);
	CHECK_EQ(scene_poll(&s, delay(&d, 5)), POLL_PENDING);
	CHECK_EQ(t_poll(&d.future, &other), POLL_PENDING); /* under an executor that has none */
	scene_pass_ms(&elsewhere, 100);
	CHECK_EQ(scene_poll(&elsewhere, &d.future), POLL_PENDING);
	scene_pass_ms(&s, 5);
	CHECK_EQ(t_wakes(&elsewhere.w), 1);
	CHECK_EQ(t_poll(&d.future, &other), POLL_READY);
	CHECK_EQ(d.err, 0);
	CHECK_EQ(t_held(&other), 0);
	scene_end(&elsewhere);
	scene_end(&s);
}

/* Delays of nothing, one after the other. */
struct restless {
	struct co co;
	struct delay nap;
	unsigned n, left;
};

static enum poll restless_run(struct co *co, struct context *cx)
{
	struct restless *const f = co_frame(co, struct restless);

	co_begin(co);
	for (; f->left > 0; f->left--) {
		co_await(delay(&f->nap, 0));
		f->n++;
	}
	co_end;
}

/* BEH time_sleep::short_sleeps */
TEST(delay, of_nothing_is_ready_at_once_and_spends_budget)
{
	struct restless f = { .co = co_init(restless_run), .left = 1000 };
	unsigned budget, polls = 0;
	struct scene s;

	scene_begin(&s);
	do {
		budget = 100;
		polls++;
	} while (scene_poll_budget(&s, &f.co.future, &budget) == POLL_PENDING);
	CHECK_EQ(f.n, 1000);
	CHECK_EQ(polls, 10);
	CHECK_EQ(t_wakes(&s.w), 9); /* each PENDING was a yield */
	CHECK_EQ(scene_now_ms(&s), 0);
	scene_end(&s);
}

TEST(delay, that_has_fired_waits_for_budget)
{
	unsigned budget = 1;
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll_budget(&s, delay(&d, 1), &budget), POLL_PENDING);
	CHECK_EQ(budget, 1); /* waiting is free */
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	budget = 0;
	CHECK_EQ(scene_poll_budget(&s, &d.future, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.w), 1);
	budget = 1;
	CHECK_EQ(scene_poll_budget(&s, &d.future, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
	scene_end(&s);
}

TEST_BUG(delay, polled_after_it_was_ready_is_a_bug)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 0)), POLL_READY);
	scene_poll(&s, &d.future);
}
