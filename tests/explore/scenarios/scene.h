/* scene: what most scenarios need. */
#ifndef WEFT_TESTS_EXPLORE_SCENE_H
#define WEFT_TESTS_EXPLORE_SCENE_H

#include <errno.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "explore/explore.h"

/* A value on the heap: lost, it is a leak; destroyed twice, a use after free. */
static inline int *value(int n)
{
	int *p = mem_alloc(sizeof *p);

	CHECK(p);
	*p = n;
	return p;
}

static inline void value_drop(void *item)
{
	mem_free(*(int **)item, sizeof(int));
}

static inline int value_take(int *p)
{
	int n = *p;

	mem_free(p, sizeof *p);
	return n;
}

/*
 * Room for a future on the heap, where it is noticed if anybody still holds a pointer into it once
 * it was dropped (law 5). On the stack it would not be.
 */
#define frame_new(type_) ((struct type_ *)mem_alloc(sizeof(struct type_)))
#define frame_free(frame_) mem_free((frame_), sizeof *(frame_))

/* What one thread hands to another, with all that it did before. Reset in setup. */
struct handover {
	atomic_bool is_done;
};

static inline void hand_over(struct handover *h)
{
	atomic_store_explicit(&h->is_done, true, memory_order_release);
}

static inline void take_over(struct handover *h)
{
	while (!atomic_load_explicit(&h->is_done, memory_order_acquire))
		explore_yield();
}

#endif
