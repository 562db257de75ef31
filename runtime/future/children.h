/*
 * children: what join and select have in common, a list of futures that they own.
 *
 * Two things are shared: counting at compile time what stands between the parentheses of a variadic
 * call, and treating a list of children as one. No flag says which child is done: its own ops
 * pointer does. A NULL child is one that has nothing to do.
 */
#ifndef WEFT_FUTURE_CHILDREN_H
#define WEFT_FUTURE_CHILDREN_H

#include "future/future.h"

enum { CHILDREN_MAX = 8 }; /* in the variadic forms; the array forms take any number */

/* How many arguments, 1 to 16. They appear nowhere in the expansion, so they are not evaluated. */
#define CHILDREN__COUNT(...)                                                                       \
	CHILDREN__17TH(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define CHILDREN__17TH(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16,   \
		       n, ...)                                                                     \
	n

/* The same number, or, unless it is 2 to 8, an error that names `who_`. */
#define CHILDREN__COUNT_2_TO_8(who_, ...)                                                          \
	((unsigned)(CHILDREN__COUNT(__VA_ARGS__) +                                                 \
		    0 * sizeof(struct {                                                            \
			    _Static_assert(CHILDREN__COUNT(__VA_ARGS__) >= 2 &&                    \
						   CHILDREN__COUNT(__VA_ARGS__) <= CHILDREN_MAX,   \
					   who_ " takes 2 to 8 futures: for any other number "     \
						"there is its array form");                        \
			    char unused_;                                                          \
		    })))

/* The place after `i` in a round trip through `n` places. */
static inline size_t children__next(size_t i, size_t n)
{
	return i + 1 < n ? i + 1 : 0;
}

/* Drops those that are live. */
static inline void children__drop(struct future *const *children, size_t n)
{
	for (size_t i = 0; i < n; i++)
		future_drop(children[i]);
}

/* For backtraces: the k-th of those that are live, or NULL. */
static inline struct future *children__live(struct future *const *children, size_t n, unsigned k)
{
	for (size_t i = 0; i < n; i++)
		if (children[i] && future_is_live(children[i]) && k-- == 0)
			return children[i];
	return NULL;
}

#endif
