/*
 * futures_ordered: a set of futures that run side by side, and come out in the order of the pushes.
 *
 *	for (f->i = 0; f->i < f->n; f->i++)
 *		if (futures_ordered_push(&f->set, &f->pages[f->i].member,
 *					 fetch(&f->pages[f->i].fetch, f->urls[f->i])))
 *			co_return;                              // no memory
 *	for (;;) {
 *		co_await(futures_ordered_next(&f->next, &f->set));
 *		if (!f->next.done)
 *			break;
 *		show(future_of(f->next.done, struct page));     // page 0, page 1, page 2 ...
 *	}
 *	co_finally {
 *		futures_ordered_clear(&f->set);
 *	}
 *
 * The one idea: a futures_unordered does the work, in whatever order; a queue through its members
 * remembers who is next. What is done before its turn stays where it is, in the caller's memory,
 * until then.
 *
 * Everything that is said there about wakers, memory and threads holds here, too.
 */
#ifndef WEFT_STREAM_FUTURES_ORDERED_H
#define WEFT_STREAM_FUTURES_ORDERED_H

#include "stream/futures_unordered.h"

/* A child's place, in the caller's memory. Pinned until it was handed out. */
struct ordered_member {
	struct futures_member member; /* first: the unordered set knows nothing else */
	struct ordered_member *next;
};

/* Zeroed: empty. To be cleared in the end. */
struct futures_ordered {
	struct futures_unordered running;     /* those that are not done */
	struct ordered_member *first, *last;  /* those that were not handed out */
	size_t n;
};

/*
 * As futures_unordered_push: 0, or -ENOMEM, nothing has happened. _front: it comes out before all
 * others.
 */
int futures_ordered_push(struct futures_ordered *set, struct ordered_member *member,
			 struct future *child);
int futures_ordered_push_front(struct futures_ordered *set, struct ordered_member *member,
			       struct future *child);

/*
 * Waits until the first in the queue is ready, and takes it out; ready at once, with NULL, when the
 * set is empty. One at a time waits on a set. Dropped, it leaves the set as it is.
 */
struct futures_ordered_next {
	struct future future;
	struct futures_ordered *set; /* borrowed */
	struct futures_unordered_next any;
	struct ordered_member *member; /* output: who is done, and out of the set */
	struct future *done;           /* output: its future, whose own outputs can be read */
};
struct future *futures_ordered_next(struct futures_ordered_next *n, struct futures_ordered *set);

/* Drops all children, the oldest first; the set is empty and can be used again. */
void futures_ordered_clear(struct futures_ordered *set);

#endif
