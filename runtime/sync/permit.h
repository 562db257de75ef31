/*
 * permit: a semaphore's permits as a value, which remembers where they came from.
 *
 * The one idea: to the semaphore a permit is a number, and most code needs no more. When permits
 * are passed around, split among helpers and put together again, the number alone gets lost or
 * returned to the wrong semaphore. So a permit is the number and its semaphore, and the sum over
 * all permits of a semaphore stays what was acquired.
 *
 *	acquire --permit_of--> permit --permit_split--> permit + permit --permit_merge--> permit
 *	                         |
 *	                         +--permit_release--> the semaphore has them again
 *	                         +--permit_forget---> nobody ever will
 *
 * A permit is owned by one holder, is not thread-safe itself, and zeroed it is a permit for
 * nothing.
 */
#ifndef WEFT_SYNC_PERMIT_H
#define WEFT_SYNC_PERMIT_H

#include <errno.h>

#include "sync/semaphore.h"

struct permit {
	struct semaphore *semaphore; /* borrowed; NULL only when n is 0 */
	size_t n;
};

/*
 * What an acquire that completed has brought: its permits if its err is 0, else none. Ask once:
 * each call would make the same permits again.
 */
static inline struct permit permit_of(const struct semaphore_acquire *a)
{
	bug_unless(future_is_over(&a->future));
	return (struct permit){ .semaphore = a->semaphore, .n = a->err ? 0 : a->n };
}

/* Moves all of `from` into `into`. Permits of two semaphores cannot be added: a bug. */
static inline void permit_merge(struct permit *into, struct permit *from)
{
	if (into->semaphore != from->semaphore)
		bug("permit_merge", "the permits are of two semaphores", __FILE__, __LINE__);
	into->n += from->n;
	from->n = 0;
}

/* Moves `n` of `from` into `out`, which is overwritten. 0, or -EINVAL if it has not so many. */
static inline int permit_split(struct permit *from, size_t n, struct permit *out)
{
	if (n > from->n)
		return -EINVAL;
	from->n -= n;
	*out = (struct permit){ .semaphore = from->semaphore, .n = n };
	return 0;
}

/* Gives them back. The permit is for nothing afterwards, so a second call does nothing. */
static inline void permit_release(struct permit *p)
{
	size_t n = p->n;

	p->n = 0;
	if (n > 0 && semaphore_release(p->semaphore, n))
		bug("permit_release", "more permits than there can be", __FILE__, __LINE__);
}

/* Takes them out of circulation for good. */
static inline void permit_forget(struct permit *p)
{
	p->n = 0;
}

#endif
