/* Delays that begin anew, in every state that they can be in. */
#include "time/delay.h"
#include "time_scene.h"

/* BEH time_sleep::reset_future_sleep_before_fire */
TEST(delay_reset, to_later_before_it_fires_is_ready_later)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 100)), POLL_PENDING);
	delay_reset_until(&d, 200 * MS);
	scene_pass_ms(&s, 199);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

/* BEH time_sleep::reset_past_sleep_before_fire */
TEST(delay_reset, to_earlier_wakes_earlier_without_being_polled)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 100)), POLL_PENDING);
	scene_pass_ms(&s, 10);
	delay_reset(&d, 70); /* until 80 */
	scene_pass_ms(&s, 69);
	CHECK_EQ(t_wakes(&s.w), 0);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

/* BEH time_sleep::reset_sleep_to_past */
TEST(delay_reset, to_the_past_is_ready_without_the_clock_moving)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 100)), POLL_PENDING);
	scene_pass_ms(&s, 50);
	delay_reset_until(&d, 40 * MS);
	CHECK_EQ(timers_next_ns(&s.timers), 0);
	CHECK_EQ(timers_turn(&s.timers), 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	CHECK_EQ(scene_now_ms(&s), 50);
	scene_end(&s);
}

/* BEH time_sleep::reset_after_firing */
TEST(delay_reset, after_it_was_ready_waits_again)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 1)), POLL_PENDING);
	scene_pass_ms(&s, 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	t_wakes(&s.w);
	for (int i = 0; i < 2; i++) {
		delay_reset(&d, 10);
		CHECK(!delay_is_elapsed(&d));
		CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
		scene_pass_ms(&s, 10);
		CHECK_EQ(t_wakes(&s.w), 1);
		CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	}
	scene_end(&s);
}

TEST(delay_reset, after_it_fired_but_before_its_poll_waits_again)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 1)), POLL_PENDING);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&s.w), 1);
	delay_reset(&d, 10);
	CHECK(!delay_is_elapsed(&d));
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	scene_pass_ms(&s, 10);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

TEST(delay_reset, before_its_first_poll_or_after_its_drop_is_as_new)
{
	struct delay d = { 0 };
	struct scene s;

	scene_begin(&s);
	delay_reset(&d, 5); /* never built */
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	future_drop(&d.future);
	delay_reset(&d, 6); /* dropped */
	CHECK_EQ(scene_poll(&s, &d.future), POLL_PENDING);
	scene_pass_ms(&s, 6);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	delay(&d, 7);
	delay_reset_until(&d, 6 * MS); /* built, not polled */
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

TEST(delay_reset, to_never_and_back)
{
	struct delay d;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay(&d, 5)), POLL_PENDING);
	delay_reset_until(&d, UINT64_MAX);
	CHECK(!timers_jump(&s.timers));
	delay_reset(&d, 5);
	CHECK(timers_jump(&s.timers));
	CHECK_EQ(scene_now_ms(&s), 5);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(scene_poll(&s, &d.future), POLL_READY);
	scene_end(&s);
}

/* BEH time_sleep::drop_after_reschedule_at_new_scheduled_time */
TEST(delay_reset, dropped_when_it_shares_the_tick_it_was_reset_to_leaves_the_other_alone)
{
	struct delay a, b, c;
	struct scene s;

	scene_begin(&s);
	CHECK_EQ(scene_poll(&s, delay_until(&a, 5 * MS)), POLL_PENDING);
	CHECK_EQ(scene_poll(&s, delay_until(&b, 5 * MS)), POLL_PENDING);
	CHECK_EQ(scene_poll(&s, delay_until(&c, 10 * MS)), POLL_PENDING);
	delay_reset_until(&c, 5 * MS);
	future_drop(&c.future);
	scene_pass_ms(&s, 10);
	CHECK_EQ(scene_poll(&s, &a.future), POLL_READY);
	CHECK_EQ(scene_poll(&s, &b.future), POLL_READY);
	scene_end(&s);
}
