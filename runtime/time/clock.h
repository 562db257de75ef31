/*
 * clock: one question, "what time is it?", and two ways to answer.
 *
 * The one idea: everything in this runtime that depends on time asks a clock, and a clock can be a
 * fake one. The real clock is CLOCK_MONOTONIC. The virtual one stands still until somebody moves
 * it, so that a test of a five-year sleep takes no time and says the same each time.
 *
 * Times are nanoseconds since the clock was made.
 */
#ifndef WEFT_TIME_CLOCK_H
#define WEFT_TIME_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct clock {
	bool is_virtual;
	uint64_t base_ns; /* real: CLOCK_MONOTONIC when it was made */
	_Atomic uint64_t now_ns; /* virtual: what it says, to whatever thread asks */
};

void clock_init_real(struct clock *c);
void clock_init_virtual(struct clock *c);

static inline bool clock_is_virtual(const struct clock *c)
{
	return c->is_virtual;
}

/* Never goes back. Costs some 20 ns if it is real: ask once, not everywhere. */
uint64_t clock_now_ns(const struct clock *c);

/* Moves a virtual clock forward; it stops at UINT64_MAX. A bug if it is real. */
void clock_advance_ns(struct clock *c, uint64_t ns);

/* a + b, or UINT64_MAX where that would be more: "never". */
static inline uint64_t clock_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Milliseconds as nanoseconds, or UINT64_MAX. */
static inline uint64_t clock_ms(uint64_t ms)
{
	uint64_t ns;

	return __builtin_mul_overflow(ms, (uint64_t)1000000, &ns) ? UINT64_MAX : ns;
}

#endif
