/*
 * flagged: a future that waits for a flag, and leaves its waker for everybody to take; and what
 * other threads do with that. Each file that includes this has a flag of its own.
 */
#ifndef WEFT_TESTS_EXPLORE_FLAGGED_H
#define WEFT_TESTS_EXPLORE_FLAGGED_H

#include "base/lock.h"
#include "explore/scenarios/scene.h"

static struct {
	struct lock lock;
	struct waker waker;
	bool is_up;
} flag;

/* Frames that were begun and not ended, and what has become of them. */
static atomic_int n_live, n_polls, n_dropped, n_finished;

struct flagged {
	struct future future;
	bool is_polled;
	int output; /* 9 when it is ready */
};

static inline enum poll flagged_poll(struct future *f, struct context *cx)
{
	struct flagged *w = future_of(f, struct flagged);
	struct waker fresh = waker_clone(cx->waker), stale;
	bool is_up;

	CHECK(!w->is_polled);
	w->is_polled = true;
	atomic_fetch_add_explicit(&n_polls, 1, memory_order_relaxed);
	lock_acquire(&flag.lock);
	is_up = flag.is_up;
	stale = flag.waker;
	flag.waker = fresh;
	lock_release(&flag.lock);
	waker_drop(&stale);
	w->is_polled = false;
	if (!is_up)
		return POLL_PENDING;
	w->output = 9;
	atomic_fetch_add_explicit(&n_finished, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&n_live, 1, memory_order_relaxed);
	return POLL_READY;
}

static inline void flagged_drop(struct future *f)
{
	CHECK(!future_of(f, struct flagged)->is_polled);
	atomic_fetch_add_explicit(&n_dropped, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&n_live, 1, memory_order_relaxed);
}

static const struct future_ops flagged_ops = FUTURE_OPS("flagged", flagged_poll, flagged_drop);

static inline struct future *flagged(struct flagged *w)
{
	*w = (struct flagged){ .future = future_init(&flagged_ops) };
	atomic_fetch_add_explicit(&n_live, 1, memory_order_relaxed);
	return &w->future;
}

static inline void flag_reset(void)
{
	flag.lock = (struct lock){ 0 };
	flag.waker = (struct waker){ 0 };
	flag.is_up = false;
	atomic_init(&n_live, 0);
	atomic_init(&n_polls, 0);
	atomic_init(&n_dropped, 0);
	atomic_init(&n_finished, 0);
}

static inline struct waker flag_take_waker(bool raises)
{
	struct waker w;

	lock_acquire(&flag.lock);
	flag.is_up |= raises;
	w = waker_take(&flag.waker);
	lock_release(&flag.lock);
	return w;
}

static inline void raise_and_wake(void)
{
	struct waker w = flag_take_waker(true);

	waker_wake(&w);
}

static inline void raise_wake_and_drop(void)
{
	struct waker w = flag_take_waker(true);

	waker_wake_by_ref(&w);
	waker_drop(&w);
}

static inline void wake_for_nothing(void)
{
	struct waker w = flag_take_waker(false);

	waker_wake(&w);
}

static inline void drop_waker(void)
{
	struct waker w = flag_take_waker(false);

	waker_drop(&w);
}

/* In check: the last waker goes, and no frame is left. */
static inline void flag_give_back(void)
{
	waker_drop(&flag.waker);
	CHECK_EQ(atomic_load_explicit(&n_live, memory_order_relaxed), 0);
}

#endif
