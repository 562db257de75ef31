/* clock: the real one and the fake one. See clock.h. */
#define _GNU_SOURCE 1 /* CLOCK_MONOTONIC */
#include "time/clock.h"

#include <time.h>

#include "base/sys.h"
#include "future/bug.h"

static uint64_t read_monotonic(void)
{
	struct timespec ts;

	sys_ops->clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void clock_init_real(struct clock *c)
{
	*c = (struct clock){ .base_ns = read_monotonic() };
}

void clock_init_virtual(struct clock *c)
{
	*c = (struct clock){ .is_virtual = true };
}

uint64_t clock_now_ns(const struct clock *c)
{
	if (c->is_virtual) /* relaxed: nobody learns from it what else has happened */
		return atomic_load_explicit(&c->now_ns, memory_order_relaxed);
	return read_monotonic() - c->base_ns;
}

void clock_advance_ns(struct clock *c, uint64_t ns)
{
	bug_unless(c->is_virtual);
	atomic_store_explicit(&c->now_ns, clock_add(clock_now_ns(c), ns), memory_order_relaxed);
}
