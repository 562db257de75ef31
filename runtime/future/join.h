/*
 * join: waits for all of several futures, which run side by side in one task.
 *
 *	co_await(join(&f->both, tcp_read(&f->rd, ...), delay(&f->nap, 100)));
 *	use(f->rd.n);                           // each child's outputs are in that child
 *
 * The one idea: a poll of the join is a poll of every child that is not done, and which are done
 * can be read off the children, whose ops pointers say so. Nothing is stored about them.
 *
 * Who is polled first moves on by one at every poll. Otherwise a first child that eats the whole
 * budget each time would leave nothing, ever, to those behind it.
 *
 * Every wake of the task polls every live child again: right up to about 8 children. For hundreds,
 * spawn tasks.
 */
#ifndef WEFT_FUTURE_JOIN_H
#define WEFT_FUTURE_JOIN_H

#include "future/children.h"

struct join {
	struct future future;
	struct future *child[CHILDREN_MAX]; /* owned; NULL: nothing to wait for */
	unsigned n;
	unsigned first; /* whom the next poll begins with */
};

/*
 * Ready when all of 2 to 8 futures are, given as `join(&f->all, a, b, c)`. Owns them: dropping the
 * join drops those that are still live. One that is NULL or finished already counts as done. Any
 * other number of futures does not compile.
 */
#define join(j_, ...)                                                                              \
	join__init((j_), CHILDREN__COUNT_2_TO_8("join", __VA_ARGS__),                              \
		   (struct future *const[]){ __VA_ARGS__ })

struct join_array {
	struct future future;
	struct future *const *children; /* the array is borrowed, the futures are owned */
	size_t n;
	size_t first;
};

/*
 * The same for any number: 0 is ready at once. The array must stay, unchanged, until the join is
 * over; the futures in it are owned by the join as above.
 */
struct future *join_array(struct join_array *j, struct future *const *children, size_t n);

struct future *join__init(struct join *j, unsigned n, struct future *const *children);

#endif
