/* table: nothing is lost while it grows, shrinks, or cannot grow. */
#include "app/table.h"

#include "base/mem.h"
#include "t.h"
#include "t_future.h"

enum { N = 3000 };

struct thing {
	struct table_node node; /* first */
	unsigned number;
};

static struct thing things[N];

static bool has(const struct table *t, unsigned number, uint32_t hash)
{
	for (struct table_node *n = table_first(t, hash); n; n = table_next(n))
		if (((struct thing *)n)->number == number)
			return true;
	return false;
}

/* Few hashes, so that many collide. */
static uint32_t hash_of(unsigned number)
{
	return number % 100 * 0x1000001u;
}

static void fill(struct table *t)
{
	for (unsigned i = 0; i < N; i++) {
		things[i] = (struct thing){ .number = i };
		table_put(t, &things[i].node, hash_of(i));
		CHECK(has(t, i, hash_of(i)));
	}
}

static void drain(struct table *t)
{
	for (unsigned i = 0; i < N; i++) {
		CHECK(has(t, i, hash_of(i)));
		table_remove(t, &things[i].node);
		CHECK(!has(t, i, hash_of(i)));
		CHECK(i + 1 >= N || has(t, N - 1, hash_of(N - 1)));
	}
	CHECK_EQ(t->n, 0);
}

TEST(table, what_was_put_is_found_until_it_is_removed)
{
	struct table t = { 0 };

	t_mem_begin();
	fill(&t);
	CHECK_EQ(t.n, N);
	drain(&t);
	fill(&t);
	drain(&t);
	table_close(&t);
	CHECK_EQ(t_mem_live(), 0);
}

static void *no_memory(size_t len)
{
	(void)len;
	return NULL;
}

static void free_nothing(void *p, size_t len)
{
	(void)p;
	(void)len;
}

TEST(table, without_memory_it_works_and_only_does_not_grow)
{
	static const struct mem_ops never = { no_memory, free_nothing };
	struct table t = { 0 };

	mem_ops = &never;
	fill(&t);
	CHECK(!t.buckets);
	drain(&t);
	table_close(&t);
}

TEST(table, each_allocation_may_fail_and_the_next_put_tries_again)
{
	for (long nth = 0; nth < 10; nth++) {
		struct table t = { 0 };

		t_mem_begin();
		t_mem_fail(nth);
		fill(&t);
		CHECK(t.n_buckets >= N / 2);
		drain(&t);
		table_close(&t);
		CHECK_EQ(t_mem_live(), 0);
	}
}

TEST(table, other_hashes_in_the_same_bucket_are_passed_over)
{
	struct table t = { 0 };
	struct thing a = { .number = 1 }, b = { .number = 2 };

	table_put(&t, &a.node, 3);
	table_put(&t, &b.node, 3 + 8 * 1000);
	CHECK_PTR(table_first(&t, 3), &a.node);
	CHECK_PTR(table_next(&a.node), NULL);
	CHECK_PTR(table_first(&t, 3 + 8 * 1000), &b.node);
	CHECK_PTR(table_next(&b.node), NULL);
	CHECK_PTR(table_first(&t, 3 + 8 * 2000), NULL);
}

TEST(table, the_seed_decides_which_names_meet)
{
	unsigned same = 0;

	CHECK_EQ(table_hash(1, slice_of("alice")), table_hash(1, slice_of("alice")));
	for (uint64_t seed = 0; seed < 1000; seed++)
		same += table_hash(seed, slice_of("alice")) % 64 ==
			table_hash(seed, slice_of("bob")) % 64;
	CHECK(same > 0 && same < 100);
}

TEST_BUG(table, removing_what_is_not_in_it_is_a_bug)
{
	struct table t = { 0 };
	struct thing a = { .number = 1 };

	table_remove(&t, &a.node);
}

TEST_BUG(table, closing_it_while_something_is_in_it_is_a_bug)
{
	struct table t = { 0 };
	struct thing a = { .number = 1 };

	table_put(&t, &a.node, 1);
	table_close(&t);
}
