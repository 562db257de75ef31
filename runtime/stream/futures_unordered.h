/*
 * futures_unordered: a set of futures, each with a waker of its own, that become ready one by one.
 *
 *	struct page { struct fetch fetch; struct futures_member member; };
 *
 *	for (f->i = 0; f->i < f->n; f->i++)
 *		if (futures_unordered_push(&f->set, &f->pages[f->i].member,
 *					   fetch(&f->pages[f->i].fetch, f->urls[f->i])))
 *			co_return;                              // no memory
 *	for (;;) {
 *		co_await(futures_unordered_next(&f->next, &f->set));
 *		if (!f->next.done)
 *			break;                                  // none is left
 *		show(future_of(f->next.done, struct page));     // fetch is its first member
 *	}
 *	co_finally {
 *		futures_unordered_clear(&f->set);               // who is not done is dropped
 *	}
 *
 * The one idea: join and select poll every child at each wake, which is right for eight of them and
 * wrong for a thousand. Here each child is polled under a waker that says which child it was, so
 * one wake costs one poll. The children run inside of the task that awaits them, not beside it:
 * they may borrow what it owns, none is allocated, and dropping the set cancels them all.
 *
 * Where a child stands. (A wake may come from any thread: wake_queue.h has the race.)
 *
 *	    push              next polls it, PENDING
 *	OUT ----> TO BE POLLED ---------------------> WAITING
 *	 ^          | |   ^                            |  |
 *	 |  remove, | |   +----------- wake -----------+  | remove, clear: dropped
 *	 |  clear   | +---- next polls it, READY: done    |
 *	 +----------+------------------+------------------+
 *
 * A poll of `next` polls the children that were woken, in that order, each at most once, until one
 * is ready; after FUTURES_UNORDERED_POLLS of them, or when the budget is spent, it yields.
 *
 * The set belongs to one task; only wakers come from elsewhere. It allocates as it grows, in chunks
 * that double, so that n children cost about log n allocations.
 */
#ifndef WEFT_STREAM_FUTURES_UNORDERED_H
#define WEFT_STREAM_FUTURES_UNORDERED_H

#include <stdbool.h>

#include "future/future.h"

enum { FUTURES_UNORDERED_POLLS = 128 };

/*
 * A child's place in the set, in the caller's memory; zeroed, or as a set left it. Pinned while it
 * is in one.
 */
struct futures_member {
	struct future *future;
	struct futures_member *next, *prev; /* in the order of the pushes */
	struct wake_slot *slot;             /* NULL: in no set */
};

/* Zeroed: empty. To be cleared in the end. */
struct futures_unordered {
	struct futures_member *first, *last; /* to be read: first, first->next and so on */
	size_t n;                            /* children that are not done */
	struct wake_queue *queue;            /* shared with the children's wakers; or NULL */
	struct futures_member *polled;       /* whose poll is under way */
	const struct future *waiting;        /* the `next` that waits */
};

/*
 * 0: the set owns `child`, which will be polled by the next `next`; one that waits already is
 * woken. -ENOMEM: nothing has happened, the child is still the caller's. A child may push others
 * while it is polled.
 */
int futures_unordered_push(struct futures_unordered *set, struct futures_member *member,
			   struct future *child);

/* Makes room, so that the next n pushes cannot fail. 0 or -ENOMEM. */
int futures_unordered_reserve(struct futures_unordered *set, size_t n);

/*
 * Waits until one child is ready, and takes it out; ready at once, with NULL, when the set is
 * empty. One at a time waits on a set. Dropped, it leaves the set as it is: nothing is lost, and no
 * child is dropped.
 */
struct futures_unordered_next {
	struct future future;
	struct futures_unordered *set; /* borrowed */
	struct futures_member *member; /* output: who is done, and out of the set */
	struct future *done;           /* output: its future, whose own outputs can be read */
};
struct future *futures_unordered_next(struct futures_unordered_next *n,
				      struct futures_unordered *set);

/* Takes a child out and drops it. Does nothing to one that is in no set. Not from its own poll. */
void futures_unordered_remove(struct futures_unordered *set, struct futures_member *member);

/*
 * Drops all children, the oldest first, and gives back all memory but what wakers still point to.
 * The set is empty and can be used again. Not from a child's poll.
 */
void futures_unordered_clear(struct futures_unordered *set);

static inline bool futures_member_is_in(const struct futures_member *member)
{
	return member->slot != NULL;
}

/* For sets built on this one: what `next` does, without waiting; up to `n_polls` polls. */
struct futures_member *futures_unordered__poll(struct futures_unordered *set, struct context *cx,
					       size_t n_polls);

#endif
