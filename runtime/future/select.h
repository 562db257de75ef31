/*
 * select: waits for the first of several futures, and drops the others.
 *
 *	co_await(select_first(&f->race, tcp_read(&f->rd, ...), delay(&f->limit, 5000)));
 *	if (f->race.winner == 1)
 *		...                              // the delay won; the read has been dropped
 *
 * The one idea: dropping is cancelling. By the time a winner is known nobody else is left: the
 * losers are dropped before the select says READY, so that whatever comes next may use what they
 * had borrowed. To race one future through several rounds of a loop, lend it with fuse_again
 * (fuse.h), which leaves it alive when it loses.
 *
 * NULL is a disabled branch, never polled: `f->full ? NULL : mpsc_recv(...)`. When all are disabled
 * the select is ready at once with winner -1: the "else".
 *
 * The biased forms ask in the order given, and the first that is ready wins, so put what must not
 * be starved (a shutdown) in front of what is always ready. The fair forms begin with another
 * branch each time. They hold no dice: the caller gives a `turn`, and the same turn makes the same
 * choice.
 *
 *	co_await(select_fair(&f->race, f->turn++, a, b));         // a and b take turns
 *
 * A select keeps no budget of its own: with none left its children say PENDING, and so does it.
 */
#ifndef WEFT_FUTURE_SELECT_H
#define WEFT_FUTURE_SELECT_H

#include "future/children.h"

struct select {
	struct future future;
	int winner;                         /* its place, from 0; -1: undecided, or all disabled */
	unsigned n;
	unsigned first;                     /* who is asked first */
	struct future *child[CHILDREN_MAX]; /* owned; NULL: disabled */
};

/*
 * Ready when the first of 2 to 8 futures is: `select_first(&f->race, a, b)`. Owns them, and drops
 * all that are live when one has won or the select is dropped. A future that is finished already is
 * not a disabled branch but a bug. Any other number of futures does not compile.
 */
#define select_first(s_, ...)                                                                      \
	select__init((s_), 0, CHILDREN__COUNT_2_TO_8("select_first", __VA_ARGS__),                 \
		     (struct future *const[]){ __VA_ARGS__ })

/* The same, asking from place `turn_` on, counted round: any number, such as one more each time. */
#define select_fair(s_, turn_, ...)                                                                \
	select__init((s_), (turn_), CHILDREN__COUNT_2_TO_8("select_fair", __VA_ARGS__),            \
		     (struct future *const[]){ __VA_ARGS__ })

struct select_array {
	struct future future;
	int winner;
	struct future *const *children; /* the array is borrowed, the futures are owned */
	size_t n;
	size_t first;
};

/*
 * The same for any number of futures. The array must stay, unchanged, until the select is over.
 * With n = 0 all are disabled.
 */
struct future *select_array(struct select_array *s, struct future *const *children, size_t n);
struct future *select_fair_array(struct select_array *s, unsigned turn,
				 struct future *const *children, size_t n);

struct future *select__init(struct select *s, unsigned turn, unsigned n,
			    struct future *const *children);

#endif
