/* The timer wheel when one changes one's mind: cancelled, armed anew, in every state. */
#include "time_scene.h"

TEST(timers_cancel, can_be_cancelled_wherever_they_are)
{
	static const uint64_t at_ms[] = { 0, 1, 63, 64, 5000, 1ull << 31, 1ull << 40, UINT64_MAX };
	enum { N = sizeof at_ms / sizeof *at_ms };
	struct timer t[N] = { { 0 } }, fresh = { 0 };
	struct scene s;

	scene_begin(&s);
	for (int i = 0; i < N; i++)
		scene_arm_at(&s, &t[i], clock_ms(at_ms[i]));
	scene_arm_after(&s, &fresh, 5 * MS);
	CHECK_EQ(t_held(&s.w), N + 1);
	for (int i = 0; i < N; i++)
		timers_cancel(&s.timers, &t[i]);
	timers_cancel(&s.timers, &fresh);
	CHECK_EQ(timers_n(&s.timers), 0);
	CHECK(timers_next_ns(&s.timers) == UINT64_MAX);
	timers_cancel(&s.timers, &fresh); /* twice is fine */
	CHECK_EQ(scene_pass_ms(&s, 1ull << 41), 0);
	CHECK_EQ(t_wakes(&s.w), 0);
	scene_end(&s);
}

/* BEH src/runtime/time/tests/mod::drop_timer */
TEST(timers_cancel, can_be_cancelled_after_they_have_fired)
{
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_after(&s, &t, 1 * MS);
	scene_pass_ms(&s, 1);
	CHECK(timer_has_fired(&s.timers, &t));
	timers_cancel(&s.timers, &t);
	CHECK(!timer_has_fired(&s.timers, &t));
	scene_arm_after(&s, &t, 1 * MS);
	CHECK_EQ(scene_pass_ms(&s, 1), 1);
	scene_end(&s);
}

/* BEH time_sleep::drop_after_reschedule_at_new_scheduled_time */
TEST(timers_cancel, armed_anew_for_one_tick_and_cancelled_there_leave_the_others_alone)
{
	struct timer a = { 0 }, b = { 0 }, c = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_at(&s, &a, 5 * MS);
	scene_arm_at(&s, &b, 5 * MS);
	scene_arm_at(&s, &c, 10 * MS);
	timers_rearm_at(&s.timers, &c, 5 * MS);
	timers_cancel(&s.timers, &c);
	timers_rearm_at(&s.timers, &a, 10 * MS);
	CHECK_EQ(scene_pass_ms(&s, 5), 1);
	CHECK(timer_has_fired(&s.timers, &b));
	CHECK_EQ(scene_pass_ms(&s, 5), 1);
	CHECK(timer_has_fired(&s.timers, &a));
	scene_end(&s);
}

TEST(timers_cancel, armed_anew_keep_their_waker)
{
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_at(&s, &t, 5 * MS);
	timers_rearm_at(&s.timers, &t, 10 * MS); /* later */
	CHECK_EQ(scene_pass_ms(&s, 9), 0);
	timers_rearm_after(&s.timers, &t, 20 * MS);
	timers_rearm_after(&s.timers, &t, 1 * MS); /* sooner */
	CHECK_EQ(timers_n(&s.timers), 1);
	CHECK_EQ(scene_pass_ms(&s, 1), 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	timers_rearm_after(&s.timers, &t, 1 * MS); /* it has none any more */
	CHECK(!timer_has_fired(&s.timers, &t));
	CHECK_EQ(scene_pass_ms(&s, 1), 1);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK(timer_has_fired(&s.timers, &t));
	scene_end(&s);
}

TEST_BUG(timers_cancel, that_are_armed_cannot_be_armed_by_somebody_else)
{
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	scene_arm_after(&s, &t, 5);
	scene_arm_after(&s, &t, 6);
}
