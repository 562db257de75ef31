/* The barrier, one thread, polled by hand: who waits, who leads, who is counted. */
#include "t.h"
#include "t_future.h"

#include "sync/barrier.h"

static struct barrier barrier;

static enum poll start(struct barrier_wait *b, struct t_waker *w)
{
	return t_poll(barrier_wait(b, &barrier), w);
}

/* BEH sync_barrier::zero_does_not_block */
/* BEH sync_barrier::single */
TEST(barrier, alone_one_never_waits_and_always_leads)
{
	for (unsigned n = 0; n < 2; n++) {
		struct barrier_wait b;
		struct t_waker w = t_waker();

		barrier_init(&barrier, n);
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(start(&b, &w), POLL_READY);
			CHECK(b.is_leader);
		}
		CHECK_EQ(w.clones, 0);
	}
}

/* BEH sync_barrier::tango */
TEST(barrier, of_two_the_first_waits_and_the_second_leads)
{
	struct barrier_wait b1, b2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	barrier_init(&barrier, 2);
	CHECK_EQ(start(&b1, &w1), POLL_PENDING);
	CHECK_EQ(t_poll(&b1.future, &w1), POLL_PENDING);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(start(&b2, &w2), POLL_READY);
	CHECK_EQ(t_wakes(&w1), 1);
	CHECK_EQ(t_held(&w1), 0);
	CHECK_EQ(t_poll(&b1.future, &w1), POLL_READY);
	CHECK(b2.is_leader && !b1.is_leader);
}

/* BEH sync_barrier::lots */
TEST(barrier, a_hundred_meet_ten_times_and_each_round_has_one_leader)
{
	enum { N = 100 };
	static struct barrier_wait b[N];
	struct t_waker w = t_waker();

	barrier_init(&barrier, N);
	for (int round = 0; round < 10; round++) {
		int n_leaders = 0;

		for (int i = 0; i < N; i++)
			CHECK_EQ(start(&b[i], &w), i == N - 1 ? POLL_READY : POLL_PENDING);
		CHECK_EQ(t_wakes(&w), N - 1);
		CHECK_EQ(t_held(&w), 0);
		for (int i = 0; i < N - 1; i++)
			CHECK_EQ(t_poll(&b[i].future, &w), POLL_READY);
		for (int i = 0; i < N; i++)
			n_leaders += b[i].is_leader;
		CHECK_EQ(n_leaders, 1);
	}
}

TEST(barrier, whose_round_has_ended_passes_though_the_next_has_begun)
{
	struct barrier_wait early, b2, b3, b4;
	struct t_waker w = t_waker(), late = t_waker();

	barrier_init(&barrier, 2);
	CHECK_EQ(start(&early, &w), POLL_PENDING);
	CHECK_EQ(start(&b2, &w), POLL_READY);
	CHECK_EQ(start(&b3, &late), POLL_PENDING);
	CHECK_EQ(t_poll(&early.future, &w), POLL_READY);
	CHECK_EQ(t_poll(&b3.future, &late), POLL_PENDING);
	CHECK_EQ(t_wakes(&late), 0);
	CHECK_EQ(start(&b4, &w), POLL_READY);
	CHECK(b4.is_leader);
	CHECK_EQ(t_poll(&b3.future, &late), POLL_READY);
	CHECK(!b3.is_leader);
}

TEST(barrier, polled_under_another_waker_it_keeps_its_place_and_wakes_the_new_one)
{
	struct barrier_wait b1, b2;
	struct t_waker w1 = t_waker(), w2 = t_waker(), w3 = t_waker();

	barrier_init(&barrier, 2);
	CHECK_EQ(start(&b1, &w1), POLL_PENDING);
	CHECK_EQ(t_poll(&b1.future, &w2), POLL_PENDING);
	CHECK_EQ(t_held(&w1), 0);
	CHECK_EQ(start(&b2, &w3), POLL_READY);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&b1.future, &w2), POLL_READY);
}

TEST(barrier, without_budget_nobody_has_come)
{
	struct barrier_wait b1, b2;
	struct t_waker w = t_waker();
	unsigned none = 0, two = 2;

	barrier_init(&barrier, 2);
	CHECK_EQ(t_poll_budget(barrier_wait(&b1, &barrier), &w, &none), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll_budget(barrier_wait(&b2, &barrier), &w, &two), POLL_PENDING);
	CHECK_EQ(t_poll_budget(&b1.future, &w, &two), POLL_READY);
	CHECK(b1.is_leader);
	CHECK_EQ(t_poll_budget(&b2.future, &w, &two), POLL_READY);
	CHECK_EQ(two, 0);
}

/* --- Dropped at the wrong moment --- */

TEST(barrier_cancel, who_is_dropped_while_he_waits_is_not_counted)
{
	struct barrier_wait b1, b2, b3;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	barrier_init(&barrier, 2);
	CHECK_EQ(start(&b1, &w1), POLL_PENDING);
	future_drop(&b1.future);
	CHECK_EQ(t_held(&w1), 0);
	CHECK_EQ(start(&b2, &w2), POLL_PENDING);
	CHECK_EQ(start(&b3, &w1), POLL_READY);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&b2.future, &w2), POLL_READY);
}

TEST(barrier_cancel, who_is_dropped_when_his_round_has_ended_leaves_the_next_as_it_is)
{
	struct barrier_wait b1, b2, b3;
	struct t_waker w = t_waker();

	barrier_init(&barrier, 2);
	CHECK_EQ(start(&b1, &w), POLL_PENDING);
	CHECK_EQ(start(&b2, &w), POLL_READY);
	CHECK_EQ(start(&b2, &w), POLL_PENDING);
	future_drop(&b1.future);
	CHECK_EQ(start(&b3, &w), POLL_READY);
	CHECK_EQ(t_poll(&b2.future, &w), POLL_READY);
	CHECK_EQ(t_held(&w), 0);
}

TEST(barrier_cancel, one_that_was_never_polled_may_be_forgotten)
{
	struct barrier_wait b1, b2;
	struct t_waker w = t_waker();

	barrier_init(&barrier, 2);
	barrier_wait(&b1, &barrier);
	CHECK_EQ(start(&b2, &w), POLL_PENDING);
	future_drop(&b1.future);
	CHECK_EQ(t_wakes(&w), 0);
	future_drop(&b2.future);
	CHECK_EQ(t_held(&w), 0);
}

static bool cancelled_after(unsigned k)
{
	struct barrier_wait b, others[2];
	struct t_waker w[2] = { t_waker(), t_waker() }, other = t_waker();
	bool done = false, has_come;

	barrier_init(&barrier, 3);
	barrier_wait(&b, &barrier);
	CHECK_EQ(start(&others[0], &other), POLL_PENDING);
	for (unsigned i = 0; i < k && !done; i++) {
		if (i == 3)
			CHECK_EQ(start(&others[1], &other), POLL_READY);
		done = t_poll(&b.future, &w[i % 2]) == POLL_READY;
	}
	has_come = k > 3;
	future_drop(&b.future);
	CHECK_EQ(t_held(&w[0]) + t_held(&w[1]), 0);
	CHECK_EQ(barrier.n_come, !has_come);
	CHECK_EQ(t_poll(&others[0].future, &other), has_come ? POLL_READY : POLL_PENDING);
	future_drop(&others[0].future);
	CHECK_EQ(barrier.n_come, 0);
	CHECK_EQ(t_held(&other), 0);
	return done;
}

TEST(barrier_cancel, at_every_poll_the_round_is_short_of_exactly_the_dropped)
{
	t_cancel_at_every_poll(cancelled_after);
}

/* --- Wakers that call it --- */

struct reentry {
	int calls;
	enum poll polled;
	struct barrier_wait *victim, *again;
	struct t_waker *waker;
};

static void comes(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		r->polled = start(r->again, r->waker);
}

static void drops_the_victim(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		future_drop(&r->victim->future);
}

static void polls_the_victim(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		r->polled = t_poll(&r->victim->future, r->waker);
}

TEST(barrier_cancel, one_who_comes_from_inside_clone_makes_the_same_poll_the_last)
{
	struct barrier_wait b1, b2;
	struct t_waker w1 = t_waker(), w2 = t_waker();
	struct reentry r = { .again = &b2, .waker = &w2 };

	barrier_init(&barrier, 2);
	w1.on_clone = comes;
	w1.arg = &r;
	CHECK_EQ(start(&b1, &w1), POLL_READY);
	CHECK(b1.is_leader);
	CHECK_EQ(r.polled, POLL_PENDING);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&b2.future, &w2), POLL_READY);
	CHECK_EQ(t_held(&w1) + t_held(&w2), 0);
}

enum { MANY = 2 * WAKE_LIST_MAX + 2 }; /* the leader wakes in three batches */

static bool is_last(int i)
{
	return i == MANY - 1;
}

/* Fills a round of MANY, in which the first to be woken does something. */
static void meet(struct barrier_wait b[MANY], struct t_waker *first, struct t_waker *w)
{
	barrier_init(&barrier, MANY);
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(start(&b[i], i == 0 ? first : w), is_last(i) ? POLL_READY : POLL_PENDING);
	CHECK_EQ(t_wakes(first), 1);
}

TEST(barrier_cancel, who_comes_again_between_two_batches_waits_for_the_next_round)
{
	static struct barrier_wait b[MANY];
	struct barrier_wait again;
	struct t_waker first = t_waker(), w = t_waker(), late = t_waker();
	struct reentry r = { .again = &again, .waker = &late };

	first.on_wake = comes;
	first.arg = &r;
	meet(b, &first, &w);
	CHECK_EQ(r.polled, POLL_PENDING);
	CHECK_EQ(t_wakes(&w), MANY - 2);
	CHECK_EQ(t_wakes(&late), 0);
	CHECK_EQ(barrier.n_come, 1);
	for (int i = 0; i < MANY - 1; i++)
		CHECK_EQ(t_poll(&b[i].future, &w), POLL_READY);
	future_drop(&again.future);
	CHECK_EQ(t_held(&first) + t_held(&w) + t_held(&late), 0);
}

TEST(barrier_cancel, who_is_dropped_between_two_batches_is_not_woken)
{
	static struct barrier_wait b[MANY];
	struct t_waker first = t_waker(), w = t_waker();
	struct reentry r = { .victim = &b[MANY - 2] };

	first.on_wake = drops_the_victim;
	first.arg = &r;
	meet(b, &first, &w);
	CHECK_EQ(t_wakes(&w), MANY - 3);
	CHECK_EQ(barrier.n_come, 0);
	CHECK_EQ(t_held(&first) + t_held(&w), 0);
}

TEST(barrier_cancel, who_is_polled_between_two_batches_passes_and_is_not_woken)
{
	static struct barrier_wait b[MANY];
	struct t_waker first = t_waker(), w = t_waker(), other = t_waker();
	struct reentry r = { .victim = &b[MANY - 2], .waker = &other };

	first.on_wake = polls_the_victim;
	first.arg = &r;
	meet(b, &first, &w);
	CHECK_EQ(r.polled, POLL_READY);
	CHECK_EQ(t_wakes(&w), MANY - 3);
	CHECK_EQ(t_held(&first) + t_held(&w) + t_held(&other), 0);
}

/* The next round ends while the leader of the first is still waking: all are woken once. */
static struct barrier_wait next[MANY];

static void ends_the_next_round(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		for (int i = 0; i < MANY; i++)
			CHECK_EQ(start(&next[i], r->waker), is_last(i) ? POLL_READY : POLL_PENDING);
}

TEST(barrier_cancel, a_round_that_ends_between_two_batches_of_the_one_before_wakes_both)
{
	static struct barrier_wait b[MANY];
	struct t_waker first = t_waker(), w = t_waker(), late = t_waker();
	struct reentry r = { .waker = &late };

	first.on_wake = ends_the_next_round;
	first.arg = &r;
	meet(b, &first, &w);
	CHECK_EQ(t_wakes(&w), MANY - 2);
	CHECK_EQ(t_wakes(&late), MANY - 1);
	for (int i = 0; i < MANY - 1; i++) {
		CHECK_EQ(t_poll(&b[i].future, &w), POLL_READY);
		CHECK_EQ(t_poll(&next[i].future, &w), POLL_READY);
	}
	CHECK_EQ(t_held(&first) + t_held(&w) + t_held(&late), 0);
}
