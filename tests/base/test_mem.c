/* test_mem: the one door to the heap, and the failing heap that tests put behind it. */
#include "base/mem.h"

#include <stdint.h>

#include "t.h"
#include "t_future.h"

TEST(mem, what_is_allocated_can_be_written_and_freed)
{
	char *p = mem_alloc(100);

	CHECK(p);
	memset(p, 7, 100);
	CHECK_EQ(p[99], 7);
	mem_free(p, 100);
}

TEST(mem, freeing_nothing_is_allowed)
{
	t_mem_begin();
	mem_free(NULL, 100);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(mem, an_array_too_large_for_any_size_is_refused)
{
	t_mem_begin();
	CHECK_PTR(mem_alloc_array(SIZE_MAX / 2, 3), NULL);
	CHECK_EQ(t_mem_allocs(), 0);
}

TEST(mem, an_array_is_as_long_as_its_items)
{
	void *p;

	t_mem_begin();
	p = mem_alloc_array(5, 8);
	CHECK(p);
	CHECK_EQ(t_mem_live(), 40);
	mem_free(p, 40);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(mem, a_table_put_in_its_place_sees_every_call)
{
	void *a, *b;

	t_mem_begin();
	a = mem_alloc(10);
	b = mem_alloc(20);
	CHECK_EQ(t_mem_allocs(), 2);
	CHECK_EQ(t_mem_live(), 30);
	mem_free(a, 10);
	mem_free(b, 20);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(mem, the_planned_failure_happens_once)
{
	void *a, *b, *c;

	t_mem_begin();
	t_mem_fail(1);
	a = mem_alloc(1);
	CHECK(!t_mem_failed());
	b = mem_alloc(1);
	CHECK(t_mem_failed());
	c = mem_alloc(1);
	CHECK(a && !b && c);
	mem_free(a, 1);
	mem_free(c, 1);
	CHECK_EQ(t_mem_live(), 0);
}
