/*
 * rand: small, fast, seeded numbers; for fairness and for tests, not for secrets.
 *
 * splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): the
 * state is a counter, the output its scramble, so every seed is a good one.
 */
#ifndef WEFT_BASE_RAND_H
#define WEFT_BASE_RAND_H

#include <stdint.h>

struct rand {
	uint64_t state; /* the seed; any value */
};

static inline uint64_t rand_next(struct rand *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Below n, which must not be 0. Without a division, and without noticeable bias for small n. */
static inline uint32_t rand_below(struct rand *r, uint32_t n)
{
	return (uint32_t)(((rand_next(r) >> 32) * n) >> 32);
}

#endif
