/*
 * meeting: where threads wait for each other before they race.
 *
 * The one idea: a sleeping barrier wakes its threads one after the other, so that the first has done
 * its part before the second runs. Here they spin, and leave within nanoseconds of each other, each
 * after a detour that differs from round to round: so all interleavings get their chance.
 */
#ifndef WEFT_TESTS_MEETING_H
#define WEFT_TESTS_MEETING_H

#include <sched.h>
#include <stdatomic.h>

struct meeting {
	atomic_uint arrived;
	unsigned n; /* who meet */
};

static inline void meeting_init(struct meeting *m, unsigned n)
{
	*m = (struct meeting){ .n = n };
}

/* Returns when all are there. What each did before is seen by all after it. */
static inline void meeting_wait(struct meeting *m)
{
	unsigned seen = atomic_fetch_add(&m->arrived, 1), due = (seen / m->n + 1) * m->n;

	while (atomic_load(&m->arrived) < due)
		sched_yield();
}

/* The same, and then a detour of up to about a hundred nanoseconds. */
static inline void meeting_start(struct meeting *m, unsigned round, unsigned who)
{
	volatile unsigned way = (round * (7 + 4 * who) + who * 13) % 61;

	meeting_wait(m);
	while (way > 0)
		way = way - 1;
}

#endif
