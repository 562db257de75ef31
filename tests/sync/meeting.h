/*
 * meeting: where threads wait for each other before they race.
 *
 * The one idea: a sleeping barrier wakes its threads one after the other, and a kernel that sees
 * them take turns runs them on one processor: so the first has done its part before the second
 * begins, in every round. Here each keeps to a processor of its own, spins, and leaves within
 * nanoseconds of the others, after a detour that differs from round to round: all interleavings
 * get their chance.
 *
 * Whoever includes this defines _GNU_SOURCE first, for sched_setaffinity.
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
	m->n = n;
	atomic_store(&m->arrived, 0);
}

/*
 * Keeps the calling thread, which should end with the test, on the who-th of the processors that it
 * may use. Where there is but one, or this is not allowed, the race is still right, and less of
 * one.
 */
static inline void meeting_spread(unsigned who)
{
	cpu_set_t allowed, one;

	if (sched_getaffinity(0, sizeof allowed, &allowed))
		return;
	who %= (unsigned)CPU_COUNT(&allowed);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && who-- == 0)
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof one, &one);
}

/* Returns when all are there. What each did before is seen by all after it. */
static inline void meeting_wait(struct meeting *m)
{
	enum { SPINS = 1000 };
	unsigned seen = atomic_fetch_add(&m->arrived, 1), due = (seen / m->n + 1) * m->n;

	for (unsigned i = 0; atomic_load(&m->arrived) < due; i++)
		if (i >= SPINS)
			sched_yield();
}

/* The same, and then a detour of up to some hundred nanoseconds. */
static inline void meeting_start(struct meeting *m, unsigned round, unsigned who)
{
	volatile unsigned way = (round * (37 + 4 * who) + who * 13) % 257;

	meeting_wait(m);
	while (way > 0)
		way = way - 1;
}

#endif
