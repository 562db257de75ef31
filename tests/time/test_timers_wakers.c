/*
 * The timer wheel and wakers that do as they like: each of their calls may come back to the wheel.
 */
#include "sync/waiter.h"
#include "time_scene.h"

/* A timer with a waker of its own, which does something to the scene. */
struct actor {
	struct timer timer;
	struct t_waker w;
	struct scene *s;
	struct actor *other;
	int n; /* how often it has acted */
};

static void begin(struct actor *a, struct scene *s, struct actor *other)
{
	*a = (struct actor){ .s = s, .other = other };
	a->w.arg = a;
}

static void arm_at(struct actor *a, uint64_t deadline_ns)
{
	struct waker w = t_waker_ref(&a->w);

	timers_arm_at(&a->s->timers, &a->timer, deadline_ns, &w);
}

/* --- While the wheel fires --- */

static void arm_again_for_the_past(void *arg)
{
	struct actor *a = arg;

	a->n++;
	arm_at(a, 0);
}

TEST(timers_wakers, that_arm_for_a_time_that_has_passed_do_not_keep_the_turn_busy)
{
	struct scene s;
	struct actor a;

	scene_begin(&s);
	begin(&a, &s, NULL);
	a.w.on_wake = arm_again_for_the_past;
	arm_at(&a, 1 * MS);
	for (int turn = 1; turn <= 5; turn++) {
		CHECK_EQ(turn == 1 ? scene_pass_ms(&s, 1) : timers_turn(&s.timers), 1);
		CHECK_EQ(a.n, turn);
		CHECK_EQ(timers_next_ns(&s.timers), 0);
	}
	timers_cancel(&s.timers, &a.timer);
	CHECK_EQ(t_held(&a.w), 0);
	scene_end(&s);
}

static void arm_again_for_later(void *arg)
{
	struct actor *a = arg;

	a->n++;
	arm_at(a, clock_now_ns(&a->s->clock) + 10 * MS);
}

TEST(timers_wakers, that_arm_again_do_not_make_a_jump_go_further)
{
	struct scene s;
	struct actor a;

	scene_begin(&s);
	begin(&a, &s, NULL);
	a.w.on_wake = arm_again_for_later;
	arm_at(&a, 10 * MS);
	for (int i = 1; i <= 100; i++) {
		CHECK(timers_jump(&s.timers));
		CHECK_EQ(a.n, i);
		CHECK_EQ(scene_now_ms(&s), 10 * i);
	}
	timers_cancel(&s.timers, &a.timer);
	CHECK_EQ(t_held(&a.w), 0);
	scene_end(&s);
}

static void arm_and_cancel_the_other(void *arg)
{
	struct actor *a = arg;

	a->n++;
	timers_cancel(&a->s->timers, &a->other->timer);
	arm_at(a->other, clock_now_ns(&a->s->clock) + 1 * MS);
	timers_cancel(&a->s->timers, &a->other->timer);
	arm_at(a->other, clock_now_ns(&a->s->clock) + 2 * MS);
}

TEST(timers_wakers, may_arm_and_cancel_others)
{
	struct actor a, b;
	struct scene s;

	scene_begin(&s);
	begin(&a, &s, &b);
	begin(&b, &s, NULL);
	a.w.on_wake = arm_and_cancel_the_other;
	arm_at(&a, 1 * MS);
	arm_at(&b, 2 * MS);
	CHECK_EQ(scene_pass_ms(&s, 1), 1);
	CHECK_EQ(scene_pass_ms(&s, 1), 0); /* the other was due now, and is not any more */
	CHECK_EQ(scene_pass_ms(&s, 1), 1);
	CHECK_EQ(t_wakes(&b.w), 1);
	CHECK_EQ(t_held(&a.w) + t_held(&b.w), 0);
	scene_end(&s);
}

enum { CROWD = 100 };
static struct actor crowd[CROWD];

static void destroy_the_crowd(void *arg)
{
	struct actor *a = arg;

	a->n++;
	for (int i = 0; i < CROWD; i++) {
		timers_cancel(&a->s->timers, &crowd[i].timer);
		memset(&crowd[i].timer, 0xa5, sizeof crowd[i].timer); /* as if freed */
	}
}

static void crowd_and_destroyer(uint64_t crowd_ms, int n_fire)
{
	struct actor a;
	struct scene s;

	scene_begin(&s);
	begin(&a, &s, NULL);
	a.w.on_wake = destroy_the_crowd;
	arm_at(&a, 10 * MS);
	for (int i = 0; i < CROWD; i++) {
		begin(&crowd[i], &s, NULL);
		arm_at(&crowd[i], clock_ms(crowd_ms));
	}
	CHECK_EQ(scene_pass_ms(&s, 20), 1 + n_fire);
	CHECK_EQ(a.n, 1);
	for (int i = 0; i < CROWD; i++)
		CHECK_EQ(t_held(&crowd[i].w), 0);
	CHECK_EQ(t_held(&a.w), 0);
	scene_end(&s);
}

/* BEH time_sleep::drop_from_wake */
TEST(timers_wakers, may_destroy_a_hundred_timers_that_are_due_as_well)
{
	/* Those of the same batch have fired, though their wakers have not been called yet. */
	crowd_and_destroyer(10, WAKE_LIST_MAX - 1);
	crowd_and_destroyer(9, CROWD);
	crowd_and_destroyer(11, 0); /* of a later tick none has, though it has come */
	crowd_and_destroyer(20, 0);
}

/* BEH time_sleep::drop_from_wake */
TEST(timers_wakers, may_destroy_a_hundred_timers_that_are_not_due)
{
	crowd_and_destroyer(21, 0);
	crowd_and_destroyer(5000, 0);
	crowd_and_destroyer(1ull << 40, 0);
}

static void turn_within(void *arg)
{
	struct actor *a = arg;

	a->n++;
	timers_turn(&a->s->timers);
}

TEST(timers_wakers, may_take_a_turn_within_the_turn)
{
	enum { N = 3 * WAKE_LIST_MAX };
	static struct actor a[N];
	struct scene s;

	scene_begin(&s);
	for (int i = 0; i < N; i++) {
		begin(&a[i], &s, NULL);
		a[i].w.on_wake = turn_within;
		arm_at(&a[i], 1 * MS);
	}
	scene_pass_ms(&s, 1);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(a[i].n, 1);
		CHECK_EQ(t_held(&a[i].w), 0);
	}
	scene_end(&s);
}

static void ask_how_long_to_sleep(void *arg)
{
	struct actor *a = arg;

	a->n += timers_next_ns(&a->s->timers) == 0;
}

TEST(timers_wakers, hear_that_more_is_due)
{
	enum { N = WAKE_LIST_MAX + 1 };
	static struct actor a[N];
	struct scene s;

	scene_begin(&s);
	for (int i = 0; i < N; i++) {
		begin(&a[i], &s, NULL);
		a[i].w.on_wake = ask_how_long_to_sleep;
		arm_at(&a[i], 1 * MS);
	}
	CHECK_EQ(scene_pass_ms(&s, 1), N);
	CHECK_EQ(a[0].n, 1);
	CHECK_EQ(a[N - 1].n, 0); /* it was the last */
	scene_end(&s);
}

/* --- While a waker is changed --- */

TEST(timers_wakers, the_last_one_that_polled_is_woken)
{
	struct t_waker first = t_waker(), second = t_waker();
	struct waker w1 = t_waker_ref(&first), w2 = t_waker_ref(&second);
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	timers_arm_after(&s.timers, &t, 1 * MS, &w1);
	CHECK(!timers_poll(&s.timers, &t, &w1));
	CHECK_EQ(first.clones, 1); /* the same again costs nothing */
	CHECK(!timers_poll(&s.timers, &t, &w2));
	CHECK_EQ(t_held(&first), 0);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&first), 0);
	CHECK_EQ(t_wakes(&second), 1);
	CHECK_EQ(t_held(&second), 0);
	CHECK(timers_poll(&s.timers, &t, &w1));
	CHECK_EQ(first.clones, 1); /* who has fired needs no waker */
	scene_end(&s);
}

TEST(timers_wakers, of_one_that_was_armed_anew_after_firing_come_from_the_next_poll)
{
	struct t_waker counter = t_waker();
	struct waker w = t_waker_ref(&counter);
	struct timer t = { 0 };
	struct scene s;

	scene_begin(&s);
	timers_arm_after(&s.timers, &t, 1 * MS, &w);
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&counter), 1);
	timers_rearm_after(&s.timers, &t, 1 * MS);
	CHECK(!timers_poll(&s.timers, &t, &w));
	scene_pass_ms(&s, 1);
	CHECK_EQ(t_wakes(&counter), 1);
	CHECK_EQ(t_held(&counter), 0);
	scene_end(&s);
}

static void let_it_fire(void *arg)
{
	struct actor *a = arg;

	a->n++;
	a->w.on_clone = NULL;
	scene_pass_ms(a->s, 1);
}

/* BEH src/runtime/time/tests/mod::change_waker */
TEST(timers_wakers, a_timer_that_fires_while_its_waker_is_changed_says_so)
{
	struct t_waker first = t_waker();
	struct waker w1 = t_waker_ref(&first), w2;
	struct scene s;
	struct actor a;

	scene_begin(&s);
	begin(&a, &s, NULL);
	a.w.on_clone = let_it_fire;
	w2 = t_waker_ref(&a.w);
	timers_arm_after(&s.timers, &a.timer, 1 * MS, &w1);
	CHECK(timers_poll(&s.timers, &a.timer, &w2)); /* whose clone lets the time come */
	CHECK_EQ(a.n, 1);
	CHECK_EQ(t_wakes(&first), 1);
	CHECK_EQ(t_held(&first) + t_held(&a.w), 0);
	scene_end(&s);
}

static void arm_the_other(void *arg)
{
	struct actor *a = arg;

	a->n++;
	arm_at(a->other, 5 * MS);
}

TEST(timers_wakers, may_arm_timers_when_they_are_dropped)
{
	struct t_waker second = t_waker();
	struct waker w2 = t_waker_ref(&second);
	struct actor a, b, c;
	struct scene s;

	scene_begin(&s);
	begin(&a, &s, &b);
	begin(&b, &s, &c);
	begin(&c, &s, NULL);
	a.w.on_drop = arm_the_other;
	b.w.on_drop = arm_the_other;
	arm_at(&a, 1 * MS);
	CHECK(!timers_poll(&s.timers, &a.timer, &w2)); /* drops a's waker, which arms b */
	CHECK_EQ(timers_n(&s.timers), 2);
	timers_cancel(&s.timers, &b.timer); /* drops b's, which arms c */
	CHECK_EQ(scene_pass_ms(&s, 5), 2);
	CHECK_EQ(t_wakes(&second), 1);
	CHECK_EQ(t_wakes(&c.w), 1);
	CHECK_EQ(t_held(&a.w) + t_held(&b.w) + t_held(&c.w) + t_held(&second), 0);
	scene_end(&s);
}
