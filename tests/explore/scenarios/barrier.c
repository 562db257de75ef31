/* barrier: rounds that follow each other at once, and parties that change their mind. */
#include "sync/barrier.h"

#include "explore/scenarios/scene.h"

static struct barrier barrier;
static int written[2]; /* not atomic: the barrier puts the accesses in order */
static atomic_int n_leaders, n_passed;

static void setup(unsigned n)
{
	barrier_init(&barrier, n);
	atomic_init(&n_leaders, 0);
	atomic_init(&n_passed, 0);
}

static void setup_two(void)
{
	setup(2);
}

static void setup_three(void)
{
	setup(3);
}

static void count(const struct barrier_wait *w)
{
	atomic_fetch_add_explicit(&n_leaders, w->is_leader, memory_order_relaxed);
	atomic_fetch_add_explicit(&n_passed, 1, memory_order_relaxed);
}

static void meet(void)
{
	struct barrier_wait *w = frame_new(barrier_wait);

	explore_await(barrier_wait(w, &barrier));
	count(w);
	frame_free(w);
}

static void meet_twice(void)
{
	meet();
	meet();
}

static void write_meet_and_read(int mine)
{
	written[mine] = 1;
	meet();
	CHECK_EQ(written[!mine], 1);
	meet();
	written[mine] = 0;
}

static void first_writes(void)
{
	write_meet_and_read(0);
}

static void second_writes(void)
{
	write_meet_and_read(1);
}

static void poll_and_drop(void)
{
	struct barrier_wait *w = frame_new(barrier_wait);

	if (explore_poll(barrier_wait(w, &barrier), explore_me()) == POLL_READY)
		count(w);
	future_drop(&w->future);
	frame_free(w);
}

/* --- Afterwards nobody is counted who is not there --- */

static void one_leader_a_round(void)
{
	CHECK_EQ(barrier.n_come, 0);
	CHECK_EQ(atomic_load(&n_passed), (int)barrier.n * atomic_load(&n_leaders));
}

static void one_leader_or_none(void)
{
	CHECK_EQ(barrier.n_come, 0);
	CHECK_EQ(barrier.round, atomic_load(&n_leaders));
}

SCENARIO(barrier_two_meet_twice, .setup = setup_two, .thread = { meet_twice, meet_twice },
	 .check = one_leader_a_round);
SCENARIO(barrier_two_see_what_the_other_wrote, .setup = setup_two,
	 .thread = { first_writes, second_writes }, .check = one_leader_a_round);
/* BEH async-lock/loom::barrier_smoke */
SCENARIO(barrier_three_meet, .setup = setup_three, .thread = { meet, meet, meet },
	 .check = one_leader_a_round);
SCENARIO(barrier_drop_against_the_last_to_come, .setup = setup_two,
	 .thread = { poll_and_drop, poll_and_drop }, .check = one_leader_or_none);
SCENARIO(barrier_two_come_and_go, .setup = setup_three, .thread = { poll_and_drop, poll_and_drop },
	 .check = one_leader_or_none);
