/*
 * time_scene: a virtual clock with timers, and a runtime that has nothing else, for polling by
 * hand.
 *
 *	struct scene s;
 *	scene_begin(&s);
 *	CHECK_EQ(scene_poll(&s, delay(&d, 10)), POLL_PENDING);
 *	scene_pass_ms(&s, 10);
 *	CHECK_EQ(t_wakes(&s.w), 1);
 *	scene_end(&s);
 */
#ifndef WEFT_TESTS_TIME_SCENE_H
#define WEFT_TESTS_TIME_SCENE_H

#include "t.h"
#include "t_future.h"
#include "time/timers.h"

enum { US = 1000, MS = 1000000 };

struct scene {
	struct clock clock;
	struct timers timers;
	struct runtime rt;
	struct t_waker w;
};

static inline void scene_begin(struct scene *s)
{
	clock_init_virtual(&s->clock);
	timers_init(&s->timers, &s->clock);
	s->rt = (struct runtime){ .timers = &s->timers };
	s->w = t_waker();
}

/* What was armed is anchored now, then time passes, and fires what is due. How many that were. */
static inline size_t scene_pass_ns(struct scene *s, uint64_t ns)
{
	size_t n = timers_turn(&s->timers);

	clock_advance_ns(&s->clock, ns);
	return n + timers_turn(&s->timers);
}

static inline size_t scene_pass_ms(struct scene *s, uint64_t ms)
{
	return scene_pass_ns(s, clock_ms(ms));
}

static inline uint64_t scene_now_ms(const struct scene *s)
{
	return clock_now_ns(&s->clock) / MS;
}

static inline enum poll scene_poll(struct scene *s, struct future *f)
{
	return t_poll_in(f, &s->w, &s->rt);
}

/* The same with a budget, in and out. */
static inline enum poll scene_poll_budget(struct scene *s, struct future *f, unsigned *budget)
{
	struct waker waker = t_waker_ref(&s->w);
	struct context cx = { .waker = &waker, .rt = &s->rt, .budget = *budget };
	enum poll polled = future_poll(f, &cx);

	*budget = cx.budget;
	return polled;
}

/* Arms for the scene's waker. */
static inline void scene_arm_at(struct scene *s, struct timer *t, uint64_t deadline_ns)
{
	struct waker w = t_waker_ref(&s->w);

	timers_arm_at(&s->timers, t, deadline_ns, &w);
}

static inline void scene_arm_after(struct scene *s, struct timer *t, uint64_t delay_ns)
{
	struct waker w = t_waker_ref(&s->w);

	timers_arm_after(&s->timers, t, delay_ns, &w);
}

/* Nothing armed, every waker given back. */
static inline void scene_end(struct scene *s)
{
	CHECK_EQ(timers_n(&s->timers), 0);
	CHECK_EQ(t_held(&s->w), 0);
}

#endif
