/*
 * waker: "poll that task again", as a value that can be passed around.
 *
 * The one idea: a future does not know who runs it. It is handed a waker, keeps a clone, and calls
 * it when polling again would get further. What a call does is decided by four functions behind the
 * waker: a task goes to the end of a run queue, a parked thread is unparked, a test counts. This is
 * Rust's RawWakerVTable, one for one.
 *
 * A waker is an owned value of two words: each clone is dropped once, or woken once by waker_wake,
 * which is the same as waking by reference and then dropping. Every function may be called from any
 * thread, and may re-enter whatever called it: hold no lock over any of the four.
 *
 * A zeroed waker is no waker: waking or dropping it does nothing.
 */
#ifndef WEFT_FUTURE_WAKER_H
#define WEFT_FUTURE_WAKER_H

#include <stdbool.h>
#include <stddef.h>

struct waker {
	const struct waker_vtable *vtable; /* NULL: no waker */
	void *data;                        /* what the four functions get */
};

struct waker_vtable {
	struct waker (*clone)(void *data);  /* one more owned waker for the same task */
	void (*wake)(void *data);           /* wake, and give up this waker */
	void (*wake_by_ref)(void *data);    /* wake, and keep this waker */
	void (*drop)(void *data);           /* give up this waker without waking */
};

/*
 * A waker whose four functions do nothing. For polling by hand, and for executors that never
 * sleep.
 */
extern const struct waker waker_noop;

/* True if `w` is a waker and not a zeroed one. */
static inline bool waker_is_some(const struct waker *w)
{
	return w->vtable != NULL;
}

/* One more owned waker for the same task. `w` must be some waker. */
static inline struct waker waker_clone(const struct waker *w)
{
	return w->vtable->clone(w->data);
}

/* Moves the waker out of `slot`, leaving none there. The caller owns what is returned. */
static inline struct waker waker_take(struct waker *slot)
{
	struct waker taken = *slot;

	*slot = (struct waker){ 0 };
	return taken;
}

/* Wakes and gives up the waker in `w`, which is zeroed first: the call may re-enter its owner. */
static inline void waker_wake(struct waker *w)
{
	struct waker taken = waker_take(w);

	if (waker_is_some(&taken))
		taken.vtable->wake(taken.data);
}

/* Wakes; `w` stays owned by the caller. */
static inline void waker_wake_by_ref(const struct waker *w)
{
	if (waker_is_some(w))
		w->vtable->wake_by_ref(w->data);
}

/* Gives up the waker in `w` without waking. Zeroed first, so that a second drop does nothing. */
static inline void waker_drop(struct waker *w)
{
	struct waker taken = waker_take(w);

	if (waker_is_some(&taken))
		taken.vtable->drop(taken.data);
}

/* True if waking one is as good as waking the other. May say false of two wakers that are. */
static inline bool waker_will_wake(const struct waker *a, const struct waker *b)
{
	return a->vtable == b->vtable && a->data == b->data;
}

/*
 * Law 3's "refreshed at every poll": makes `slot` hold a clone of `w`, dropping what it held. Costs
 * two comparisons when it already wakes the same task. For slots that only one thread touches;
 * slots behind a lock use waiter.h, because clone and drop must not run under it.
 */
static inline void waker_refresh(struct waker *slot, const struct waker *w)
{
	if (!waker_will_wake(slot, w)) {
		struct waker fresh = waker_clone(w);
		struct waker stale = *slot;

		*slot = fresh;
		waker_drop(&stale);
	}
}

#endif
