/* gate: both limits exactly, and no memory left behind. */
#include "app/gate.h"

#include <errno.h>

#include "base/rand.h"
#include "t.h"
#include "t_future.h"

static const unsigned char *host(unsigned n)
{
	static unsigned char h[GATE_HOST_LEN];

	memset(h, 0, sizeof h);
	h[15] = (unsigned char)n;
	h[14] = (unsigned char)(n >> 8);
	return h;
}

TEST(gate, no_more_than_max_are_inside)
{
	struct gate g;

	gate_init(&g, 3, 0, 1);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(gate_enter(&g, host(1)), 0);
	CHECK_EQ(gate_enter(&g, host(1)), -EUSERS);
	CHECK_EQ(gate_enter(&g, host(2)), -EUSERS);
	gate_leave(&g, host(1));
	CHECK_EQ(gate_enter(&g, host(2)), 0);
	CHECK_EQ(gate_enter(&g, host(2)), -EUSERS);
	gate_leave(&g, host(1));
	gate_leave(&g, host(1));
	gate_leave(&g, host(2));
	gate_close(&g);
}

TEST(gate, no_more_than_so_many_come_from_one_address)
{
	struct gate g;

	t_mem_begin();
	gate_init(&g, 100, 2, 1);
	CHECK_EQ(gate_enter(&g, host(1)), 0);
	CHECK_EQ(gate_enter(&g, host(1)), 0);
	CHECK_EQ(gate_enter(&g, host(1)), -EDQUOT);
	CHECK_EQ(gate_enter(&g, host(2)), 0);
	gate_leave(&g, host(1));
	CHECK_EQ(gate_enter(&g, host(1)), 0);
	CHECK_EQ(gate_enter(&g, host(1)), -EDQUOT);
	gate_leave(&g, host(1));
	gate_leave(&g, host(1));
	gate_leave(&g, host(2));
	gate_close(&g);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(gate, without_a_limit_by_address_nothing_is_allocated)
{
	struct gate g;

	t_mem_begin();
	gate_init(&g, 1000, 0, 1);
	for (unsigned i = 0; i < 1000; i++)
		CHECK_EQ(gate_enter(&g, host(i)), 0);
	for (unsigned i = 0; i < 1000; i++)
		gate_leave(&g, host(i));
	gate_close(&g);
	CHECK_EQ(t_mem_allocs(), 0);
}

TEST(gate, no_memory_refuses_and_counts_nothing)
{
	struct gate g;

	t_mem_begin();
	gate_init(&g, 10, 2, 1);
	t_mem_fail(0);
	CHECK_EQ(gate_enter(&g, host(1)), -ENOMEM);
	CHECK_EQ(g.n, 0);
	CHECK_EQ(gate_enter(&g, host(1)), 0);
	gate_leave(&g, host(1));
	gate_close(&g);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(gate, it_agrees_with_a_count_for_each_address)
{
	enum { HOSTS = 500, MAX = 1000, PER_HOST = 4 };
	unsigned inside[HOSTS] = { 0 }, n = 0;
	struct rand r = { 2 };
	struct gate g;

	t_mem_begin();
	gate_init(&g, MAX, PER_HOST, 42);
	for (unsigned step = 0; step < 100000; step++) {
		unsigned at = rand_below(&r, HOSTS);

		if (rand_below(&r, 3)) {
			int expected = n >= MAX ? -EUSERS : inside[at] >= PER_HOST ? -EDQUOT : 0;

			CHECK_EQ(gate_enter(&g, host(at)), expected);
			n += expected == 0;
			inside[at] += expected == 0;
		} else if (inside[at] > 0) {
			gate_leave(&g, host(at));
			inside[at]--;
			n--;
		}
		CHECK_EQ(g.n, n);
	}
	for (unsigned i = 0; i < HOSTS; i++)
		for (; inside[i] > 0; inside[i]--)
			gate_leave(&g, host(i));
	gate_close(&g);
	CHECK_EQ(t_mem_live(), 0);
}

TEST_BUG(gate, leaving_without_having_entered_is_a_bug)
{
	struct gate g;

	gate_init(&g, 1, 0, 1);
	gate_leave(&g, host(1));
}
