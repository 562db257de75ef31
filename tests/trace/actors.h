/*
 * actors: futures for tapes: one that waits for the clock, a door that somebody knocks at.
 */
#ifndef WEFT_TESTS_TRACE_ACTORS_H
#define WEFT_TESTS_TRACE_ACTORS_H

#include "executor/runtime.h"
#include "future/co.h"
#include "t.h"
#include "time/delay.h"

/* --- nap: a coroutine around a delay --- */

struct nap {
	struct co co;
	unsigned ms;
	struct delay delay;
};

static inline enum poll nap_run(struct co *co, struct context *cx)
{
	struct nap *const f = co_frame(co, struct nap);

	co_begin(co);
	co_await(delay(&f->delay, f->ms));
	co_end;
}

static inline struct future *nap(struct nap *f, unsigned ms)
{
	*f = (struct nap){ .co = co_init(nap_run), .ms = ms };
	return &f->co.future;
}

/* --- knock: ready once its door is open; the door keeps the waker even then --- */

struct door {
	bool is_open;
	struct waker waker;
};

struct knock {
	struct future future;
	struct door *door;
};

static inline enum poll knock_poll(struct future *f, struct context *cx)
{
	struct door *door = future_of(f, struct knock)->door;

	waker_refresh(&door->waker, cx->waker);
	return door->is_open ? POLL_READY : POLL_PENDING;
}

static const struct future_ops knock_ops = FUTURE_OPS("knock", knock_poll, NULL);

static inline struct future *knock(struct knock *k, struct door *door)
{
	*k = (struct knock){ .future = future_init(&knock_ops), .door = door };
	return &k->future;
}

static inline void door_close(struct door *door)
{
	waker_drop(&door->waker);
	*door = (struct door){ 0 };
}

/* --- play: a coroutine that runs a function of the test, then waits; and once more --- */

struct play {
	struct co co;
	void (*act)(struct context *cx, unsigned scene);
	unsigned n_scenes, scene;
	struct delay delay;
};

static inline enum poll play_run(struct co *co, struct context *cx)
{
	struct play *const f = co_frame(co, struct play);

	co_begin(co);
	while (f->scene < f->n_scenes) {
		f->act(cx, f->scene++);
		co_await(delay(&f->delay, 1));
	}
	co_end;
}

/* `act` is called once for each scene, a millisecond apart. */
static inline struct future *play(struct play *f, void (*act)(struct context *cx, unsigned scene),
				  unsigned n_scenes)
{
	*f = (struct play){ .co = co_init(play_run), .act = act, .n_scenes = n_scenes };
	return &f->co.future;
}

static inline int run_virtual(struct future *f)
{
	return runtime_run(&(struct runtime_builder){ .virtual_time = true }, f);
}

#endif
