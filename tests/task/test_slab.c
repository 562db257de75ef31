/* The slab: slots are recycled, walks see every one, and no failure of the heap loses anything. */
#include "t.h"
#include "t_future.h"

#include <stdint.h>

#include "base/rand.h"
#include "task/slab.h"

TEST(slab, slots_are_aligned_distinct_and_recycled_by_size)
{
	struct slab s = { 0 };
	void *a, *b, *c;

	t_mem_begin();
	a = slab_alloc(&s, 40);
	b = slab_alloc(&s, 48);
	c = slab_alloc(&s, 49);
	CHECK(a && b && c && a != b);
	CHECK_EQ((uintptr_t)a % 16 + (uintptr_t)b % 16 + (uintptr_t)c % 16, 0);
	memset(a, 1, 40);
	memset(b, 2, 48);
	CHECK_EQ(((char *)a)[39], 1);
	slab_free(&s, a, 40);
	CHECK_PTR(slab_alloc(&s, 33), a); /* rounded up, it is the same size */
	CHECK(slab_alloc(&s, 49) != a);
	slab_fini(&s);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(slab, large_objects_have_a_chunk_of_their_own_freed_with_them)
{
	struct slab s = { 0 };
	void *small, *large;
	long before;

	t_mem_begin();
	small = slab_alloc(&s, 100);
	before = t_mem_live();
	large = slab_alloc(&s, 100000);
	CHECK(t_mem_live() > before + 100000);
	memset(large, 7, 100000);
	slab_free(&s, large, 100000);
	CHECK_EQ(t_mem_live(), before);
	slab_free(&s, small, 100);
	slab_fini(&s);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(slab, no_memory_is_null_and_changes_nothing)
{
	struct slab s = { 0 };

	t_mem_begin();
	t_mem_fail(0);
	CHECK(!slab_alloc(&s, 64));
	t_mem_fail(0);
	CHECK(!slab_alloc(&s, 4096));
	CHECK(slab_alloc(&s, 64));
	t_mem_fail(0);
	CHECK(slab_alloc(&s, 64)); /* there is room in the chunk */
	CHECK(!slab_alloc(&s, 128));
	slab_fini(&s);
	CHECK_EQ(t_mem_live(), 0);
}

/*
 * Each object begins with its own number, at the place that a free slot keeps; 0 once it is free.
 */
struct numbered {
	void *link;
	uint64_t number;
};

enum { OBJECTS = 500 };

static unsigned count_walked(struct slab *s, const bool *alive, bool free_all, void **objects,
			     const size_t *lens)
{
	struct slab_cursor c;
	unsigned n = 0;

	slab_walk(s, &c);
	for (struct numbered *p; (p = slab_next(s, &c));) {
		if (p->number == 0)
			continue;
		CHECK(alive[p->number - 1]);
		n++;
		if (free_all) {
			/* ... and its neighbour, too: the walk must not come to it any more */
			for (uint64_t i = p->number - 1, end = i + 2; i < end && i < OBJECTS; i++) {
				if (!objects[i])
					continue;
				((struct numbered *)objects[i])->number = 0;
				slab_free(s, objects[i], lens[i]);
				objects[i] = NULL;
			}
		}
	}
	return n;
}

TEST(slab, a_walk_sees_what_is_there_whatever_is_freed_on_the_way)
{
	struct slab s = { 0 };
	struct rand r = { 42 };
	void *objects[OBJECTS] = { 0 };
	size_t lens[OBJECTS];
	bool alive[OBJECTS] = { 0 };
	unsigned n = 0;

	t_mem_begin();
	for (int step = 0; step < 20000; step++) {
		uint32_t i = rand_below(&r, OBJECTS);

		if (!objects[i]) {
			lens[i] = 16 + rand_below(&r, rand_below(&r, 4) ? 300 : 2000);
			objects[i] = slab_alloc(&s, lens[i]);
			((struct numbered *)objects[i])->number = i + 1;
		} else {
			((struct numbered *)objects[i])->number = 0;
			slab_free(&s, objects[i], lens[i]);
			objects[i] = NULL;
		}
		alive[i] = objects[i] != NULL;
		n += alive[i] ? 1u : -1u;
		if (step % 1000 == 0)
			CHECK_EQ(count_walked(&s, alive, false, objects, lens), n);
	}
	CHECK(count_walked(&s, alive, true, objects, lens) >= n / 2);
	for (int i = 0; i < OBJECTS; i++)
		CHECK(!objects[i]);
	slab_fini(&s);
	CHECK_EQ(t_mem_live(), 0);
}
