/* The timer wheel: when timers fire, in which order, and how far away they may be. */
#include "time_scene.h"

#include <stdlib.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };
static const uint64_t YEAR_MS = 365ull * DAY_MS;
static const uint64_t ROUND_MS = 1ull << (TIMERS_FIRST_BITS + 5 * TIMERS_BITS); /* of the sixth */

/* --- When --- */

/*
 * Arms for `ms` after a clock that shows `from_ms`; it must fire at that tick and at none before.
 */
static void check_exact(uint64_t from_ms, uint64_t ms)
{
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_pass_ms(&s, from_ms);
	scene_arm_after(&s, &t, clock_ms(ms));
	CHECK_EQ(scene_pass_ns(&s, clock_ms(ms) - 1), 0);
	CHECK(!timer_has_fired(&s.timers, &t));
	CHECK_EQ(scene_pass_ns(&s, 1), 1);
	CHECK(timer_has_fired(&s.timers, &t));
	CHECK_EQ(t_wakes(&s.w), 1);
	scene_end(&s);
}

/* BEH time_sleep::delayed_sleep_level_0 */
/* BEH time_sleep::delayed_sleep_wrapping_level_0 */
TEST(timers, fire_at_their_tick_on_every_level_and_across_every_wrap)
{
	check_exact(0, 1);
	check_exact(0, 10);
	check_exact(0, 60);
	check_exact(5, 60);
	for (unsigned shift = 0; shift <= 34; shift += shift ? TIMERS_BITS : TIMERS_FIRST_BITS) {
		uint64_t slot = 1ull << shift;

		for (uint64_t from = slot - 1; from <= slot + 1; from++) {
			check_exact(from, 1);
			check_exact(from, slot);
			check_exact(from, slot + 1);
			check_exact(from, 63 * slot);
			check_exact(from, 64 * slot - 1);
			check_exact(from, 64 * slot);
			check_exact(from, 65 * slot);
			check_exact(from, 1023 * slot);
			check_exact(from, 1024 * slot);
			check_exact(from, 1025 * slot);
		}
	}
}

/* BEH time_sleep::sub_ms_delayed_sleep */
/* BEH time_pause::advance_once_with_timer */
TEST(timers, deadlines_between_two_ticks_are_rounded_up)
{
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_pass_ns(&s, 750 * US);
	scene_arm_after(&s, &t, 1 * MS); /* until 1.75 */
	CHECK_EQ(scene_pass_ns(&s, 1 * MS), 0);
	CHECK_EQ(timers_next_ns(&s.timers), 250 * US);
	CHECK_EQ(scene_pass_ns(&s, 250 * US - 1), 0);
	CHECK_EQ(scene_pass_ns(&s, 1), 1);
	scene_end(&s);
}

/* BEH src/runtime/time/tests/mod::poll_process_levels */
TEST(timers, of_1024_ticks_all_fire_at_their_own)
{
	enum { N = 1024 };
	static struct timer t[N + 1];
	struct scene s;

	scene_begin(&s);
	for (int i = N; i >= 1; i--)
		scene_arm_at(&s, &t[i], clock_ms((uint64_t)i));
	for (int now = 1; now <= N; now++) {
		CHECK_EQ(scene_pass_ms(&s, 1), 1);
		for (int i = 1; i <= N; i++)
			CHECK_EQ(timer_has_fired(&s.timers, &t[i]), i <= now);
	}
	scene_end(&s);
	for (int i = 1; i <= N; i++)
		timers_cancel(&s.timers, &t[i]);
}

/* BEH src/runtime/time/tests/mod::poll_process_levels_targeted */
TEST(timers, survive_turns_that_only_move_them_down)
{
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_at(&s, &t, clock_ms(193));
	CHECK_EQ(scene_pass_ms(&s, 62), 0);
	CHECK_EQ(scene_pass_ms(&s, 130), 0);
	CHECK_EQ(timers_next_ns(&s.timers), 1 * MS);
	CHECK_EQ(scene_pass_ms(&s, 1), 1);
	scene_end(&s);
}

TEST(timers, that_are_fresh_count_from_the_end_of_the_turn)
{
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_after(&s, &t, 10 * MS);
	clock_advance_ns(&s.clock, 5 * MS); /* the rest of the turn takes 5 ms */
	CHECK_EQ(timers_next_ns(&s.timers), 0);
	CHECK_EQ(timers_turn(&s.timers), 0);
	CHECK_EQ(timers_next_ns(&s.timers), 10 * MS);
	CHECK_EQ(scene_pass_ns(&s, 10 * MS - 1), 0);
	CHECK_EQ(scene_pass_ns(&s, 1), 1);
	scene_end(&s);
}

TEST(timers, for_a_time_that_has_passed_are_due_in_the_next_turn)
{
	struct timer past = { 0 }, now = { 0 }, zero = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_pass_ms(&s, 100);
	scene_arm_at(&s, &past, 0);
	scene_arm_at(&s, &now, 100 * MS);
	scene_arm_after(&s, &zero, 0);
	CHECK_EQ(timers_n(&s.timers), 3);
	CHECK_EQ(timers_next_ns(&s.timers), 0);
	CHECK_EQ(timers_turn(&s.timers), 3);
	CHECK_EQ(t_wakes(&s.w), 3);
	CHECK(timers_next_ns(&s.timers) == UINT64_MAX);
	scene_end(&s);
}

TEST(timers, fire_late_rather_than_never_when_nobody_looked_for_a_while)
{
	struct timer t[3] = { { 0 } };
	struct scene s;

	scene_begin(&s);
	scene_arm_at(&s, &t[0], clock_ms(1));
	scene_arm_at(&s, &t[1], clock_ms(5000));
	scene_arm_at(&s, &t[2], clock_ms(3 * YEAR_MS));
	CHECK_EQ(scene_pass_ms(&s, 10 * YEAR_MS), 3);
	scene_end(&s);
}

/* --- Far away --- */

/* BEH time_sleep::greater_than_max */
/* BEH time_sleep::exactly_max */
/* BEH time_sleep::no_out_of_bounds_close_to_max */
TEST(timers, as_far_away_as_the_clock_goes_are_exact_too)
{
	check_exact(0, ROUND_MS - 2);
	check_exact(0, ROUND_MS - 1);
	check_exact(0, ROUND_MS);
	check_exact(1, ROUND_MS + 1);
	check_exact(0, 5 * YEAR_MS);
	check_exact(12345, 3 * ROUND_MS + 17);
	check_exact(ROUND_MS - 1, ROUND_MS);
	check_exact(7, 500 * YEAR_MS);
}

TEST(timers, a_whole_round_away_do_not_hide_nearer_ones)
{
	struct timer far = { 0 }, near = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_pass_ms(&s, 1);
	scene_arm_at(&s, &far, clock_ms(ROUND_MS)); /* in the hand's own slot */
	scene_arm_at(&s, &near, clock_ms(ROUND_MS / 2));
	CHECK(timers_next_ns(&s.timers) <= clock_ms(ROUND_MS / 2));
	CHECK(timers_jump(&s.timers));
	CHECK_EQ(scene_now_ms(&s), ROUND_MS / 2);
	CHECK(timer_has_fired(&s.timers, &near));
	CHECK(!timer_has_fired(&s.timers, &far));
	CHECK(timers_jump(&s.timers));
	CHECK_EQ(scene_now_ms(&s), ROUND_MS);
	scene_end(&s);
}

/* BEH src/runtime/time/tests/mod::instant_to_tick_max */
TEST(timers, beyond_what_the_clock_can_show_never_come)
{
	const uint64_t last_ns = UINT64_MAX / MS * MS;
	struct timer last = { 0 }, beyond = { 0 }, never = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_at(&s, &last, last_ns);
	scene_arm_at(&s, &beyond, last_ns + 1);
	scene_arm_after(&s, &never, UINT64_MAX);
	CHECK_EQ(timers_n(&s.timers), 2); /* `last`, and what is still fresh */
	CHECK(timers_jump(&s.timers));
	CHECK(clock_now_ns(&s.clock) == last_ns);
	CHECK(timer_has_fired(&s.timers, &last));
	CHECK_EQ(timers_n(&s.timers), 0);
	CHECK(timers_next_ns(&s.timers) == UINT64_MAX);
	CHECK(!timers_jump(&s.timers));
	CHECK_EQ(scene_pass_ns(&s, UINT64_MAX), 0);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(t_held(&s.w), 2); /* armed all the same: their wakers are kept, and given back */
	timers_cancel(&s.timers, &beyond);
	timers_cancel(&s.timers, &never);
	scene_end(&s);
}

TEST(timers, for_never_can_be_armed_anew_for_some_time)
{
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_at(&s, &t, UINT64_MAX);
	CHECK_EQ(timers_n(&s.timers), 0);
	timers_rearm_after(&s.timers, &t, 1 * MS);
	CHECK_EQ(timers_n(&s.timers), 1);
	CHECK_EQ(scene_pass_ms(&s, 1), 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	scene_end(&s);
}

/* --- Order --- */

struct log {
	unsigned n;
	int who[16];
};

struct logged {
	struct timer timer;
	struct t_waker w;
	struct log *log;
	int id;
};

static void write_down(void *arg)
{
	struct logged *l = arg;

	l->log->who[l->log->n++] = l->id;
}

static void arm_logged(struct scene *s, struct logged *l, struct log *log, int id, uint64_t at_ns)
{
	struct waker w;

	*l = (struct logged){ .log = log, .id = id };
	l->w.on_wake = write_down;
	l->w.arg = l;
	w = t_waker_ref(&l->w);
	timers_arm_at(&s->timers, &l->timer, at_ns, &w);
}

TEST(timers, that_are_due_at_once_fire_by_deadline)
{
	static const uint64_t ms[] = { 70, 1, 5000, 64, 65, 300000, 2, 63, 4096, 4095 };
	static const int order[] = { 1, 6, 7, 3, 4, 0, 9, 8, 2, 5 };
	struct logged l[10];
	struct log log = { 0 };
	struct scene s;

	scene_begin(&s);
	for (int i = 0; i < 10; i++)
		arm_logged(&s, &l[i], &log, i, clock_ms(ms[i]));
	CHECK_EQ(scene_pass_ms(&s, 1000000), 10);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(log.who[i], order[i]);
	scene_end(&s);
}

TEST(timers, of_one_tick_fire_in_the_order_in_which_they_were_armed)
{
	struct logged l[4];
	struct log log = { 0 };
	struct scene s;

	scene_begin(&s);
	arm_logged(&s, &l[0], &log, 0, clock_ms(70000)); /* two levels up */
	scene_pass_ms(&s, 65000);
	arm_logged(&s, &l[1], &log, 1, clock_ms(70000)); /* one level up; 0 gets there later */
	scene_pass_ms(&s, 4600);
	arm_logged(&s, &l[2], &log, 2, clock_ms(70000)); /* in its slot; 0, 1 get there later */
	scene_pass_ms(&s, 399);
	arm_logged(&s, &l[3], &log, 3, clock_ms(70000) - 1);
	CHECK_EQ(scene_pass_ms(&s, 1), 4);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(log.who[i], i);
	scene_end(&s);
}

/* Two hands reach new slots at once, and in both lies a timer for the same tick. */
TEST(timers, of_one_tick_stay_in_order_when_they_move_down_together)
{
	struct logged l[3];
	struct log log = { 0 };
	struct scene s;

	scene_begin(&s);
	arm_logged(&s, &l[0], &log, 0, clock_ms(65536 + 5)); /* two levels up */
	scene_pass_ms(&s, 30000);
	arm_logged(&s, &l[1], &log, 1, clock_ms(65536 + 5)); /* one level up */
	scene_pass_ms(&s, 35000);
	arm_logged(&s, &l[2], &log, 2, clock_ms(65536 + 5)); /* in its slot */
	CHECK_EQ(scene_pass_ms(&s, 1000), 3);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(log.who[i], i);
	scene_end(&s);
}

/* --- Sleeping --- */

TEST(timers, jump_lands_on_each_deadline_in_turn)
{
	static const uint64_t ms[] = { 3, 64, 100, 4096, 5000, 20000000, 1ull << 35, 1ull << 37 };
	enum { N = sizeof ms / sizeof *ms };
	struct timer t[N] = { { 0 } };
	struct scene s;

	scene_begin(&s);
	CHECK(!timers_jump(&s.timers));
	for (int i = 0; i < N; i++)
		scene_arm_after(&s, &t[i], clock_ms(ms[i]));
	for (int i = 0; i < N; i++) {
		CHECK(timers_jump(&s.timers));
		CHECK_EQ(clock_now_ns(&s.clock), clock_ms(ms[i]));
		CHECK_EQ(t_wakes(&s.w), 1);
	}
	CHECK(!timers_jump(&s.timers));
	scene_end(&s);
}

/* BEH time_sleep::issue_5183 */
TEST(timers, jump_takes_the_tiny_one_before_the_huge_one)
{
	struct timer huge = { 0 }, tiny = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_after(&s, &huge, UINT64_MAX / 10);
	scene_arm_after(&s, &tiny, 1);
	CHECK(timers_jump(&s.timers));
	CHECK_EQ(clock_now_ns(&s.clock), 1 * MS);
	CHECK(timer_has_fired(&s.timers, &tiny));
	CHECK(!timer_has_fired(&s.timers, &huge));
	timers_cancel(&s.timers, &huge);
	scene_end(&s);
}

TEST(timers, a_million_armed_at_once_fire_within_their_second)
{
	enum { N = 1000000 };
	struct timer *t;
	struct scene s;

	scene_begin(&s);
	t_mem_begin();
	t = calloc(N, sizeof *t);
	CHECK(t);
	for (unsigned i = 0; i < N; i++)
		scene_arm_after(&s, &t[i], clock_ms(1 + i * 2654435761u % 1000));
	CHECK_EQ(timers_n(&s.timers), N);
	CHECK_EQ(t_mem_allocs(), 0); /* none of ours: the timers were here before */
	for (unsigned ms = 1; ms <= 1000; ms++) {
		CHECK(timers_jump(&s.timers));
		CHECK_EQ(scene_now_ms(&s), ms);
	}
	CHECK_EQ(t_wakes(&s.w), N);
	scene_end(&s);
	free(t);
}
