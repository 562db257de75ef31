/* scene: see scene.h. */
#define _GNU_SOURCE 1 /* usleep */
#include "lifecycle/scene.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "executor/multi_thread.h"
#include "future/co.h"
#include "future/yield_now.h"

enum { PATIENCE_S = 60 };

_Noreturn void scene_fail(const struct scene *s, const char *file, int line, const char *what)
{
	char text[300];

	plan_say(&s->plan, text, sizeof text);
	t_fail(file, line, "on %u workers: %s: not true: %s", s->n_workers, text, what);
}

unsigned scene_n_ended(struct scene *s)
{
	return atomic_load(&s->n_completed) + atomic_load(&s->n_dropped);
}

/* Waits a little for other threads, and leaves the processors to them if that takes longer. */
static void pause_for(unsigned *n_times)
{
	if (++*n_times < 20)
		sched_yield();
	else
		usleep(20);
}

/* --- Time --- */

struct turn {
	struct co co;
	struct yield_now yield;
};

static enum poll turn_run(struct co *co, struct context *cx)
{
	struct turn *const f = co_frame(co, struct turn);

	co_begin(co);
	co_await(yield_now(&f->yield));
	co_end;
}

static struct future *turn(struct turn *f)
{
	*f = (struct turn){ .co = co_init(turn_run) };
	return &f->co.future;
}

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

void scene_await(struct scene *s, bool (*has_come)(struct scene *))
{
	time_t limit = now_s() + PATIENCE_S;
	unsigned n_times = 0;

	while (!has_come(s)) {
		struct turn f;

		MUST(s, now_s() <= limit);
		if (s->n_workers > 0)
			pause_for(&n_times);
		else
			MUST(s, runtime_block_on(s->rt, turn(&f)) == 0);
	}
}

/* --- Plugs: as many polls that do not return as there are workers --- */

struct plug {
	struct future future;
	struct scene *scene;
	unsigned i;
};

static void obey(struct scene *s)
{
	void (*order)(struct scene *) = atomic_load(&s->order);

	if (order) {
		order(s);
		atomic_store(&s->order, NULL);
	}
}

static enum poll poll_plug(struct future *f, struct context *cx)
{
	struct plug *p = future_of(f, struct plug);
	struct scene *s = p->scene;
	struct multi_thread *mt = (struct multi_thread *)executor_of(cx->rt);
	unsigned n_times = 0;

	atomic_fetch_add(&s->n_plugs, 1);
	while (!atomic_load(&s->may_leave) && !idle_is_over(&mt->idle)) {
		if (p->i == 0)
			obey(s);
		pause_for(&n_times);
	}
	atomic_fetch_sub(&s->n_plugs, 1);
	return POLL_READY;
}

static const struct future_ops plug_ops = FUTURE_OPS("plug", poll_plug, NULL);

static struct future *plug(struct plug *p, struct scene *s, unsigned i)
{
	*p = (struct plug){ .future = future_init(&plug_ops), .scene = s, .i = i };
	return &p->future;
}

static bool is_plugged(struct scene *s)
{
	return atomic_load(&s->n_plugs) == s->n_workers;
}

static bool is_unplugged(struct scene *s)
{
	return atomic_load(&s->n_plugs) == 0;
}

static bool is_obeyed(struct scene *s)
{
	return atomic_load(&s->order) == NULL;
}

void scene_plug(struct scene *s)
{
	atomic_store(&s->may_leave, false);
	for (unsigned i = 0; i < s->n_workers; i++) {
		struct task *t = spawn(s->rt, plug, s, i);

		MUST(s, t);
		task_detach(t);
	}
	scene_await(s, is_plugged);
}

void scene_unplug(struct scene *s)
{
	atomic_store(&s->may_leave, true);
	scene_await(s, is_unplugged);
}

/* --- Doing something in a poll --- */

struct call {
	struct future future;
	struct scene *scene;
	void (*order)(struct scene *);
};

static enum poll poll_call(struct future *f, struct context *cx)
{
	struct call *c = future_of(f, struct call);

	(void)cx;
	c->order(c->scene);
	return POLL_READY;
}

static const struct future_ops call_ops = FUTURE_OPS("call", poll_call, NULL);

void scene_do(struct scene *s, enum plan_by by, void (*order)(struct scene *))
{
	if (by == OUTSIDE) {
		order(s);
	} else if (s->n_workers > 0 && atomic_load(&s->n_plugs) > 0) {
		atomic_store(&s->order, order);
		scene_await(s, is_obeyed);
	} else {
		struct call c = { .future = future_init(&call_ops), .scene = s, .order = order };

		MUST(s, runtime_block_on(s->rt, &c.future) == 0);
	}
}
