/* The clock, real and virtual. */
#define _GNU_SOURCE 1 /* CLOCK_MONOTONIC */
#include "t.h"

#include <errno.h>
#include <time.h>

#include "base/sys.h"
#include "t_runtime.h"
#include "time/clock.h"

/* --- Virtual --- */

/* BEH rt_time_start_paused::test_start_paused */
TEST(clock, a_virtual_one_begins_at_zero_and_stands)
{
	struct clock c;

	clock_init_virtual(&c);
	CHECK(clock_is_virtual(&c));
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(clock_now_ns(&c), 0);
}

/* BEH test_clock::can_pause_after_resume */
TEST(clock, what_a_virtual_one_is_advanced_by_adds_up)
{
	struct clock c;

	clock_init_virtual(&c);
	clock_advance_ns(&c, clock_ms(10000));
	clock_advance_ns(&c, clock_ms(10000));
	CHECK_EQ(clock_now_ns(&c), 20000000000);
}

/* BEH time_pause::test_time_advance_sub_ms */
/* BEH time_pause::test_time_advance_3ms_and_change */
/* BEH time_pause::exact_1ms_advance */
TEST(clock, a_virtual_one_is_exact_to_the_nanosecond)
{
	static const uint64_t steps[] = { 1000, 1000000, 3141592, 500, 1, 999999, 65000007 };
	uint64_t sum = 0;
	struct clock c;

	clock_init_virtual(&c);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		clock_advance_ns(&c, steps[i]);
		sum += steps[i];
		CHECK_EQ(clock_now_ns(&c), sum);
	}
}

TEST(clock, a_virtual_one_stops_at_the_end_of_time)
{
	struct clock c;

	clock_init_virtual(&c);
	clock_advance_ns(&c, UINT64_MAX - 1);
	clock_advance_ns(&c, 2);
	CHECK(clock_now_ns(&c) == UINT64_MAX);
	clock_advance_ns(&c, UINT64_MAX);
	CHECK(clock_now_ns(&c) == UINT64_MAX);
}

/* --- Real --- */

static struct timespec kernel_says;
static int n_readings;

static int fake_gettime(clockid_t clock, struct timespec *ts)
{
	CHECK_EQ(clock, CLOCK_MONOTONIC);
	n_readings++;
	*ts = kernel_says;
	return 0;
}

TEST(clock, a_real_one_counts_from_when_it_was_made)
{
	struct sys_ops fake = sys_real;
	struct clock c;

	fake.clock_gettime = fake_gettime;
	sys_ops = &fake;
	kernel_says = (struct timespec){ .tv_sec = 1000000, .tv_nsec = 999999999 };
	n_readings = 0;
	clock_init_real(&c);
	CHECK(!clock_is_virtual(&c));
	CHECK_EQ(clock_now_ns(&c), 0);
	kernel_says = (struct timespec){ .tv_sec = 1000001, .tv_nsec = 1 };
	CHECK_EQ(clock_now_ns(&c), 2);
	kernel_says.tv_sec = 1000000 + 100 * 365 * 86400ll;
	kernel_says.tv_nsec = 999999999;
	CHECK_EQ(clock_now_ns(&c), 100 * 365 * 86400ll * 1000000000);
	CHECK_EQ(n_readings, 4); /* one each, and nothing else */
	sys_ops = &sys_real;
}

TEST(clock, the_kernels_does_not_go_back)
{
	struct clock c;
	uint64_t last = 0;

	clock_init_real(&c);
	for (int i = 0; i < 1000; i++) {
		uint64_t now = clock_now_ns(&c);

		CHECK(now >= last);
		last = now;
	}
}

/* BEH test_clock::advancing_time_when_time_is_not_frozen_panics */
TEST_BUG(clock, advancing_a_real_one_is_a_bug)
{
	struct clock c;

	clock_init_real(&c);
	clock_advance_ns(&c, 1);
}

/* BEH test_clock::advancing_time_when_time_is_not_frozen_panics */
/* BEH time_panic::resume_panic_caller */
TEST(clock, advancing_a_runtime_whose_clock_is_real_is_refused)
{
	struct runtime *rt = t_runtime();

	CHECK_EQ(runtime_advance_ms(rt, 1), -EINVAL);
	runtime_destroy(rt);
}

/* --- Sums --- */

TEST(clock, sums_that_are_too_large_are_never)
{
	CHECK_EQ(clock_add(1, 2), 3);
	CHECK(clock_add(UINT64_MAX - 1, 1) == UINT64_MAX);
	CHECK(clock_add(UINT64_MAX - 1, 2) == UINT64_MAX);
	CHECK(clock_add(UINT64_MAX, UINT64_MAX) == UINT64_MAX);
	CHECK_EQ(clock_ms(3), 3000000);
	CHECK(clock_ms(UINT64_MAX / 1000000) == UINT64_MAX / 1000000 * 1000000);
	CHECK(clock_ms(UINT64_MAX / 1000000 + 1) == UINT64_MAX);
	CHECK(clock_ms(UINT64_MAX) == UINT64_MAX);
}
