/* Intervals: the plan, what becomes of missed ticks, resets, and ticks that are dropped. */
#include <errno.h>

#include "future/co.h"
#include "time/interval.h"
#include "time_scene.h"

enum { NONE = -1 };

/* Polls a tick and drops it if it is pending: at_ms, or NONE. */
static long long tick(struct scene *s, struct interval *iv)
{
	struct interval_tick t;

	if (scene_poll(s, interval_tick(&t, iv)) == POLL_READY) {
		CHECK_EQ(t.err, 0);
		return (long long)(t.at_ns / MS);
	}
	future_drop(&t.future);
	return NONE;
}

/* Lets time pass; then `tick` must say `at_ms`. */
static void check_after(struct scene *s, struct interval *iv, uint64_t ms, long long at_ms)
{
	scene_pass_ms(s, ms);
	CHECK_EQ(tick(s, iv), at_ms);
}

/* --- The plan --- */

TEST(interval, begins_at_once_and_goes_on_a_period_apart)
{
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	scene_pass_ms(&s, 7);
	interval_init(&iv, 10, INTERVAL_BURST);
	CHECK_EQ(tick(&s, &iv), 7);
	CHECK_EQ(tick(&s, &iv), NONE);
	for (int i = 1; i <= 10; i++) {
		check_after(&s, &iv, 9, NONE);
		check_after(&s, &iv, 1, 7 + 10 * i);
	}
	scene_end(&s);
}

/* BEH time_interval::burst */
/* BEH time_pause::interval */
TEST(interval, burst_delivers_missed_ticks_back_to_back)
{
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	interval_init_at(&iv, 0, 300, INTERVAL_BURST);
	CHECK_EQ(tick(&s, &iv), 0);
	check_after(&s, &iv, 100, NONE);
	check_after(&s, &iv, 200, 300);
	check_after(&s, &iv, 650, 600);
	check_after(&s, &iv, 0, 900);
	check_after(&s, &iv, 0, NONE);
	check_after(&s, &iv, 200, NONE);
	check_after(&s, &iv, 100, 1200);
	check_after(&s, &iv, 250, 1500);
	check_after(&s, &iv, 300, 1800);
	check_after(&s, &iv, 0, NONE);
	scene_end(&s);
}

/* BEH time_interval::delay */
TEST(interval, delay_moves_the_plan_by_what_was_missed)
{
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	interval_init_at(&iv, 0, 300, INTERVAL_DELAY);
	CHECK_EQ(tick(&s, &iv), 0);
	check_after(&s, &iv, 100, NONE);
	check_after(&s, &iv, 200, 300);
	check_after(&s, &iv, 650, 600); /* at 950 */
	check_after(&s, &iv, 100, NONE);
	check_after(&s, &iv, 200, 1250);
	check_after(&s, &iv, 300, 1550);
	check_after(&s, &iv, 300, 1850);
	scene_end(&s);
}

/* BEH time_interval::skip */
TEST(interval, skip_leaves_missed_ticks_out)
{
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	interval_init_at(&iv, 0, 300, INTERVAL_SKIP);
	CHECK_EQ(tick(&s, &iv), 0);
	check_after(&s, &iv, 100, NONE);
	check_after(&s, &iv, 200, 300);
	check_after(&s, &iv, 650, 600);
	check_after(&s, &iv, 0, NONE);
	check_after(&s, &iv, 250, 1200);
	check_after(&s, &iv, 300, 1500);
	check_after(&s, &iv, 900, 1800); /* at 2400: exactly on the plan */
	check_after(&s, &iv, 0, NONE);
	check_after(&s, &iv, 300, 2700);
	scene_end(&s);
}

TEST(interval, a_little_late_is_on_time)
{
	static const enum interval_missed all[] = { INTERVAL_BURST, INTERVAL_DELAY, INTERVAL_SKIP };

	for (int i = 0; i < 3; i++) {
		struct interval iv;
		struct scene s;

		scene_begin(&s);
		interval_init(&iv, 10, all[i]);
		CHECK_EQ(tick(&s, &iv), 0);
		check_after(&s, &iv, 15, 10); /* 5 ms late */
		check_after(&s, &iv, 5, 20);
		scene_end(&s);
	}
}

TEST(interval, begins_at_the_start_that_it_was_given)
{
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	interval_init_at(&iv, 40 * MS, 10, INTERVAL_BURST);
	CHECK_EQ(tick(&s, &iv), NONE);
	check_after(&s, &iv, 39, NONE);
	check_after(&s, &iv, 1, 40);
	check_after(&s, &iv, 10, 50);
	scene_end(&s);
}

/* BEH time_interval::interval_doesnt_panic_max_duration_when_polling */
TEST(interval, of_the_longest_period_ticks_once)
{
	static const enum interval_missed all[] = { INTERVAL_BURST, INTERVAL_DELAY, INTERVAL_SKIP };

	for (int i = 0; i < 3; i++) {
		struct interval iv;
		struct scene s;

		scene_begin(&s);
		interval_init(&iv, UINT64_MAX, all[i]);
		scene_pass_ms(&s, 5);
		CHECK_EQ(tick(&s, &iv), 5);
		CHECK_EQ(tick(&s, &iv), NONE);
		interval_reset_immediately(&iv);
		check_after(&s, &iv, 10, 15);
		scene_pass_ns(&s, UINT64_MAX / 2);
		CHECK_EQ(tick(&s, &iv), NONE);
		scene_end(&s);
	}
}

/* BEH time_panic::resume_panic_caller */
/* BEH time_panic::timeout_panic_caller */
TEST_BUG(interval, of_no_period_is_a_bug_of_the_caller)
{
	struct interval iv;

	interval_init(&iv, 0, INTERVAL_BURST);
}

/* --- Resets --- */

/* Ticks at 0 and 300; now it is 400. */
static void begin_at_400(struct scene *s, struct interval *iv)
{
	scene_begin(s);
	interval_init(iv, 300, INTERVAL_BURST);
	CHECK_EQ(tick(s, iv), 0);
	check_after(s, iv, 100, NONE);
	check_after(s, iv, 200, 300);
	check_after(s, iv, 100, NONE);
}

/* BEH time_interval::reset */
TEST(interval, reset_ticks_a_period_later)
{
	struct interval iv;
	struct scene s;

	begin_at_400(&s, &iv);
	interval_reset(&iv);
	CHECK_EQ(tick(&s, &iv), NONE);
	check_after(&s, &iv, 250, NONE);
	check_after(&s, &iv, 50, 700);
	check_after(&s, &iv, 300, 1000);
	scene_end(&s);
}

/* BEH time_interval::reset_immediately */
TEST(interval, reset_immediately_ticks_at_once_and_a_period_later)
{
	struct interval iv;
	struct scene s;

	begin_at_400(&s, &iv);
	interval_reset_immediately(&iv);
	CHECK_EQ(tick(&s, &iv), 400);
	check_after(&s, &iv, 100, NONE);
	check_after(&s, &iv, 200, 700);
	interval_reset_after(&iv, 20);
	interval_reset_immediately(&iv); /* the last one counts */
	CHECK_EQ(tick(&s, &iv), 700);
	scene_end(&s);
}

/* BEH time_interval::reset_after */
TEST(interval, reset_after_ticks_after_so_long)
{
	struct interval iv;
	struct scene s;

	begin_at_400(&s, &iv);
	interval_reset_after(&iv, 20);
	CHECK_EQ(tick(&s, &iv), NONE);
	check_after(&s, &iv, 20, 420);
	check_after(&s, &iv, 200, NONE);
	check_after(&s, &iv, 100, 720);
	scene_end(&s);
}

/* BEH time_interval::reset_at */
TEST(interval, reset_at_ticks_then)
{
	struct interval iv;
	struct scene s;

	begin_at_400(&s, &iv);
	interval_reset_at(&iv, 440 * MS);
	check_after(&s, &iv, 40, 440);
	check_after(&s, &iv, 200, NONE);
	check_after(&s, &iv, 100, 740);
	scene_end(&s);
}

/* BEH time_interval::reset_at_bigger_than_interval */
TEST(interval, reset_at_beyond_a_period_does_not_tick_meanwhile)
{
	struct interval iv;
	struct scene s;

	begin_at_400(&s, &iv);
	interval_reset_at(&iv, 1400 * MS);
	check_after(&s, &iv, 300, NONE);
	check_after(&s, &iv, 300, NONE);
	check_after(&s, &iv, 300, NONE);
	check_after(&s, &iv, 100, 1400);
	check_after(&s, &iv, 300, 1700);
	scene_end(&s);
}

TEST(interval, a_pending_tick_learns_of_a_reset_at_its_next_poll)
{
	struct interval_tick t;
	struct interval iv;
	struct scene s;

	begin_at_400(&s, &iv);
	CHECK_EQ(scene_poll(&s, interval_tick(&t, &iv)), POLL_PENDING); /* until 600 */
	interval_reset_at(&iv, 1000 * MS);
	scene_pass_ms(&s, 200);
	CHECK_EQ(t_wakes(&s.w), 1); /* by the old plan */
	CHECK_EQ(scene_poll(&s, &t.future), POLL_PENDING);
	scene_pass_ms(&s, 399);
	CHECK_EQ(t_wakes(&s.w), 0);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &t.future), POLL_READY);
	CHECK_EQ(t.at_ns, 1000 * MS);
	scene_end(&s);
}

/* --- Ticks as futures --- */

TEST(interval, a_pending_tick_wakes_the_last_one_that_polled_it)
{
	struct t_waker other = t_waker();
	struct interval_tick t;
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	interval_init_at(&iv, 1 * MS, 10, INTERVAL_BURST);
	CHECK_EQ(scene_poll(&s, interval_tick(&t, &iv)), POLL_PENDING);
	CHECK_EQ(scene_poll(&s, &t.future), POLL_PENDING);
	CHECK_EQ(s.w.clones, 1);
	CHECK_EQ(t_poll_in(&t.future, &other, &s.rt), POLL_PENDING);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(t_wakes(&other), 1);
	CHECK_EQ(scene_poll(&s, &t.future), POLL_READY);
	CHECK_EQ(t_held(&other), 0);
	scene_end(&s);
}

TEST(interval, two_pending_ticks_get_one_each)
{
	struct interval_tick a, b;
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	interval_init_at(&iv, 10 * MS, 10, INTERVAL_SKIP);
	CHECK_EQ(scene_poll(&s, interval_tick(&a, &iv)), POLL_PENDING);
	CHECK_EQ(scene_poll(&s, interval_tick(&b, &iv)), POLL_PENDING);
	scene_pass_ms(&s, 10);
	CHECK_EQ(t_wakes(&s.w), 2);
	CHECK_EQ(scene_poll(&s, &a.future), POLL_READY);
	CHECK_EQ(scene_poll(&s, &b.future), POLL_PENDING);
	scene_pass_ms(&s, 10);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &b.future), POLL_READY);
	CHECK_EQ(a.at_ns, 10 * MS);
	CHECK_EQ(b.at_ns, 20 * MS);
	scene_end(&s);
}

TEST(interval, a_tick_keeps_to_the_timers_of_its_first_poll)
{
	struct t_waker other = t_waker();
	struct interval_tick t;
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	interval_init_at(&iv, 5 * MS, 10, INTERVAL_BURST);
	CHECK_EQ(scene_poll(&s, interval_tick(&t, &iv)), POLL_PENDING);
	CHECK_EQ(t_poll(&t.future, &other), POLL_PENDING);
	scene_pass_ms(&s, 5);
	CHECK_EQ(t_wakes(&other), 1);
	CHECK_EQ(t_poll(&t.future, &other), POLL_READY);
	CHECK_EQ(t.err, 0);
	scene_end(&s);
}

TEST(interval, a_tick_that_is_polled_in_time_leaves_the_wheel_before_its_timer_fires)
{
	struct interval_tick t;
	struct interval iv;
	struct scene s;

	scene_begin(&s);
	interval_init_at(&iv, 5 * MS, 10, INTERVAL_BURST);
	CHECK_EQ(scene_poll(&s, interval_tick(&t, &iv)), POLL_PENDING);
	clock_advance_ns(&s.clock, 5 * MS); /* the turn has not seen it yet */
	CHECK_EQ(scene_poll(&s, &t.future), POLL_READY);
	scene_end(&s);
}

/* The tick is due at 3, and polled at 0, 1, 2 and 3. */
static bool cancelled_after(unsigned k)
{
	struct interval_tick t;
	struct interval iv;
	struct scene s;
	bool done = false;

	scene_begin(&s);
	interval_init_at(&iv, 3 * MS, 10, INTERVAL_BURST);
	interval_tick(&t, &iv);
	for (unsigned i = 0; i < k && !done; i++) {
		done = scene_poll(&s, &t.future) == POLL_READY;
		if (!done)
			scene_pass_ms(&s, 1);
	}
	future_drop(&t.future);
	memset(&t, 0xa5, sizeof t);
	scene_pass_ms(&s, 4);
	CHECK_EQ(tick(&s, &iv), done ? NONE : 3); /* not lost */
	scene_end(&s);
	return done;
}

TEST(interval, a_tick_that_is_dropped_at_any_poll_is_not_lost)
{
	t_cancel_at_every_poll(cancelled_after);
}

TEST(interval, without_timers_a_tick_says_so)
{
	struct t_waker w = t_waker();
	unsigned budget = 1;
	struct interval_tick t;
	struct interval iv;

	interval_init(&iv, 10, INTERVAL_BURST);
	CHECK_EQ(t_poll_budget(interval_tick(&t, &iv), &w, &budget), POLL_READY);
	CHECK_EQ(t.err, -ENOTSUP);
	CHECK_EQ(budget, 0);
	CHECK_EQ(t_poll_budget(interval_tick(&t, &iv), &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
}

struct drummer {
	struct co co;
	struct interval every;
	struct interval_tick tick;
	unsigned n;
};

static enum poll drummer_run(struct co *co, struct context *cx)
{
	struct drummer *const f = co_frame(co, struct drummer);

	co_begin(co);
	for (;;) {
		co_await(interval_tick(&f->tick, &f->every));
		f->n++;
	}
	co_end;
}

TEST(interval, a_burst_spends_a_unit_of_budget_for_each_tick)
{
	struct drummer f = { .co = co_init(drummer_run) };
	unsigned budget = 7;
	struct scene s;

	scene_begin(&s);
	interval_init(&f.every, 1, INTERVAL_BURST);
	CHECK_EQ(scene_poll_budget(&s, &f.co.future, &budget), POLL_PENDING);
	CHECK_EQ(budget, 6);
	CHECK_EQ(f.n, 1);
	scene_pass_ms(&s, 100);
	CHECK_EQ(t_wakes(&s.w), 1);
	for (int i = 1; i <= 10; i++) {
		budget = 7;
		CHECK_EQ(scene_poll_budget(&s, &f.co.future, &budget), POLL_PENDING);
		CHECK_EQ(f.n, 1 + 7 * i);
		CHECK_EQ(t_wakes(&s.w), 1);
	}
	future_drop(&f.co.future);
	scene_end(&s);
}
