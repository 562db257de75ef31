/* lock: base/lock.h, with as many threads as it takes for one to sleep while another takes it. */
#include "base/lock.h"

#include "explore/scenarios/scene.h"

static struct lock lock;
static int n, n_refused;
static struct count count;
static int *shared;

static void setup(void)
{
	lock = (struct lock){ 0 };
	n = n_refused = 0;
	shared = value(7);
	count = (struct count){ 0 };
	count_add(&count, 2);
}

static void add(void)
{
	lock_acquire(&lock);
	n++;
	lock_release(&lock);
}

static void add_twice(void)
{
	add();
	add();
}

static void try_to_add(void)
{
	if (!lock_try(&lock))
		return;
	n++;
	lock_release(&lock);
}

/* Whoever leaves last destroys what all have read. */
static void read_and_leave(void)
{
	CHECK_EQ(*shared, 7);
	if (count_sub(&count, 1) == 0)
		value_drop(&shared);
}

static void is_free(void)
{
	CHECK_EQ(lock.word, LOCK_FREE);
	value_drop(&shared);
}

static void counted_two(void)
{
	CHECK_EQ(n, 2);
	is_free();
}

static void counted_three(void)
{
	CHECK_EQ(n, 3);
	is_free();
}

static void counted_four(void)
{
	CHECK_EQ(n, 4);
	is_free();
}

static void counted_one_or_more(void)
{
	CHECK(n >= 1 && n <= 3);
	is_free();
}

SCENARIO(lock_of_two, .setup = setup, .thread = { add, add }, .check = counted_two);
SCENARIO(lock_of_two_twice, .setup = setup, .thread = { add_twice, add_twice },
	 .check = counted_four);
SCENARIO(lock_of_three, .setup = setup, .thread = { add, add, add }, .check = counted_three);
SCENARIO(lock_try_against_acquire, .setup = setup, .thread = { add, try_to_add, try_to_add },
	 .check = counted_one_or_more);
SCENARIO(lock_count_of_owners, .setup = setup, .thread = { read_and_leave, read_and_leave });
