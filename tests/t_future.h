/*
 * t_future: polling by hand, with a waker that counts.
 *
 *	struct t_waker w = t_waker();
 *	CHECK_EQ(t_poll(f, &w), POLL_PENDING);
 *	... make it ready ...
 *	CHECK_EQ(t_wakes(&w), 1);
 *	CHECK_EQ(t_poll(f, &w), POLL_READY);
 *	CHECK_EQ(t_held(&w), 0);            // every clone was given back
 */
#ifndef WEFT_TESTS_T_FUTURE_H
#define WEFT_TESTS_T_FUTURE_H

#include <stdatomic.h>

#include "future/future.h"

struct t_waker {
	atomic_int wakes;  /* by wake and by wake_by_ref */
	atomic_int clones; /* made */
	atomic_int drops;  /* given back, by drop or by wake */
	void (*on_wake)(void *arg), (*on_clone)(void *arg), (*on_drop)(void *arg); /* re-entry; may be NULL */
	void *arg;
};

static inline struct t_waker t_waker(void)
{
	return (struct t_waker){ 0 };
}

/* A borrowed waker over `w`, which must stay where it is for as long as anybody holds a clone. */
struct waker t_waker_ref(struct t_waker *w);

int t_wakes(struct t_waker *w); /* since the last call: reading resets */
int t_held(struct t_waker *w);  /* clones not yet given back */

/*
 * One poll under `w` with no runtime and no budget kept; `t_poll_budget` with `*budget` in and
 * out.
 */
enum poll t_poll(struct future *f, struct t_waker *w);
enum poll t_poll_budget(struct future *f, struct t_waker *w, unsigned *budget);
enum poll t_poll_in(struct future *f, struct t_waker *w, struct runtime *rt);

/*
 * Failing allocations. After t_mem_fail(n) the n-th allocation from now (0: the next) fails, once;
 * t_mem_begin starts counting afresh; t_mem_live is the number of bytes allocated and not yet freed
 * since; t_mem_allocs how many there were. t_mem_begin must come before anything is allocated.
 */
void t_mem_begin(void);
void t_mem_fail(long nth);
long t_mem_live(void);
long t_mem_allocs(void);
bool t_mem_failed(void); /* whether the planned failure has happened */

/*
 * Cancel at every poll. `run(k)` is to build its scene, poll it at most k times, drop what is still
 * live, check that nothing is lost or leaked, and return true if it had completed within k polls.
 * Called with k = 0, 1, 2 ... until it returns true (at most 1000).
 */
void t_cancel_at_every_poll(bool (*run)(unsigned k));

#endif
