/*
 * lock: four bytes that guard a few lines.
 *
 * The one idea: the critical sections of this runtime are a handful of instructions, so a lock
 * has to cost nothing when nobody else is there. Two steps towards that:
 *
 *  - One word, three values: FREE, HELD, and HELD with sleepers. Taking a free lock is one compare-
 *    and-swap; releasing one that nobody sleeps on is one exchange; only a contended lock enters the
 *    kernel, to sleep on a futex. (Ulrich Drepper, "Futexes are tricky", mutex 3.)
 *  - libc knows whether this process has ever had a second thread: __libc_single_threaded. As long as
 *    it has not, the word is written plainly, which spares the 15 ns that two atomic instructions
 *    cost. The word is kept up to date all the same: a thread that is started later finds it true.
 *
 * House rule: no call-out of any kind under a lock; above all none to a waker. A lock that is taken
 * twice by one thread of a single-threaded process aborts: that is the rule being broken.
 */
#ifndef WEFT_BASE_LOCK_H
#define WEFT_BASE_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "future/bug.h"

#if defined __has_include && __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define LOCK__ALONE __libc_single_threaded
#else
#define LOCK__ALONE 0
#endif

enum { LOCK_FREE, LOCK_HELD, LOCK_SLEEPERS };

struct lock {
	_Atomic unsigned word; /* zeroed: free */
};

/*
 * True while this process has never had a second thread. Only the thread itself can change that.
 * Expected, for the sake of those few instructions: beside an atomic one a jump costs nothing.
 */
static inline bool lock_alone(void)
{
	return __builtin_expect(LOCK__ALONE != 0, 1);
}

void lock__sleep(struct lock *l);
void lock__wake(struct lock *l);

/*
 * Takes the lock if nobody has it. For hot paths that leave the waiting to a slow one: a function
 * that never calls another saves no registers.
 */
static inline bool lock_try(struct lock *l)
{
	unsigned seen = LOCK_FREE;

	if (lock_alone()) {
		bug_unless(atomic_load_explicit(&l->word, memory_order_relaxed) == LOCK_FREE);
		atomic_store_explicit(&l->word, LOCK_HELD, memory_order_relaxed);
		return true;
	}
	/* acquire: pairs with the release in lock_release */
	return atomic_compare_exchange_strong_explicit(&l->word, &seen, LOCK_HELD,
						       memory_order_acquire, memory_order_relaxed);
}

static inline void lock_acquire(struct lock *l)
{
	if (!lock_try(l))
		lock__sleep(l);
}

static inline void lock_release(struct lock *l)
{
	if (lock_alone()) {
		atomic_store_explicit(&l->word, LOCK_FREE, memory_order_relaxed);
		return;
	}
	/* release: pairs with the acquires in lock_acquire and lock__sleep */
	if (atomic_exchange_explicit(&l->word, LOCK_FREE, memory_order_release) == LOCK_SLEEPERS)
		lock__wake(l);
}

/*
 * A count that any thread may change: plain while the process has one thread, atomic afterwards.
 * count_sub is acquire-release, so that whoever brings it to zero may free what it counted.
 */
struct count {
	_Atomic unsigned n;
};

static inline unsigned count_get(const struct count *c)
{
	return atomic_load_explicit(&c->n, memory_order_relaxed);
}

/* Returns the value after. */
static inline unsigned count_add(struct count *c, unsigned n)
{
	if (lock_alone()) {
		unsigned after = count_get(c) + n;

		atomic_store_explicit(&c->n, after, memory_order_relaxed);
		return after;
	}
	return atomic_fetch_add_explicit(&c->n, n, memory_order_relaxed) + n;
}

/* Returns the value after. */
static inline unsigned count_sub(struct count *c, unsigned n)
{
	if (lock_alone()) {
		unsigned after = count_get(c) - n;

		atomic_store_explicit(&c->n, after, memory_order_relaxed);
		return after;
	}
	return atomic_fetch_sub_explicit(&c->n, n, memory_order_acq_rel) - n;
}

#endif
