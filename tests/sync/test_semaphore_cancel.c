/*
 * The semaphore when things happen at the wrong moment: dropped waiters, wakers that change, and
 * wakers that call the semaphore back. Whatever the order, no permit may get lost.
 */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/semaphore.h"

static struct semaphore semaphore_of(size_t n)
{
	struct semaphore s;

	CHECK_EQ(semaphore_init(&s, n), 0);
	return s;
}

static enum poll start(struct semaphore_acquire *a, struct semaphore *s, size_t n,
		       struct t_waker *w)
{
	return t_poll(semaphore_acquire(a, s, n), w);
}

TEST(semaphore_cancel, an_acquire_that_was_never_polled_has_no_place_in_the_queue)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire early, late;
	struct t_waker w = t_waker();

	semaphore_acquire(&early, &s, 1);
	CHECK_EQ(start(&late, &s, 1, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_poll(&late.future, &w), POLL_READY);
	future_drop(&early.future);
	CHECK_EQ(semaphore_available(&s), 0);
}

/* BEH src/sync/tests/semaphore_batch::release_permits_at_drop */
TEST(semaphore_cancel, a_granted_acquire_dropped_unpolled_gives_its_permit_to_the_next)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire a1, a2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	CHECK_EQ(start(&a1, &s, 1, &w1), POLL_PENDING);
	CHECK_EQ(start(&a2, &s, 1, &w2), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w1), 1);
	future_drop(&a1.future);
	CHECK_EQ(t_wakes(&w2), 1);
	future_drop(&a2.future);
	CHECK_EQ(semaphore_available(&s), 1);
	CHECK_EQ(t_held(&w1) + t_held(&w2), 0);
}

TEST(semaphore_cancel, a_dropped_head_hands_on_what_it_had_collected)
{
	struct semaphore s = semaphore_of(3);
	struct semaphore_acquire big, a1, a2;
	struct t_waker w = t_waker(), w1 = t_waker(), w2 = t_waker();

	CHECK_EQ(start(&big, &s, 5, &w), POLL_PENDING);
	CHECK_EQ(start(&a1, &s, 2, &w1), POLL_PENDING);
	CHECK_EQ(start(&a2, &s, 2, &w2), POLL_PENDING);
	future_drop(&big.future);
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(t_wakes(&w1), 1);
	CHECK_EQ(t_wakes(&w2), 0);
	CHECK_EQ(t_poll(&a1.future, &w1), POLL_READY);
	CHECK_EQ(semaphore_release(&s, 1), 0); /* a2 had 1 already */
	CHECK_EQ(t_poll(&a2.future, &w2), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK_EQ(t_held(&w) + t_held(&w1) + t_held(&w2), 0);
}

TEST(semaphore_cancel, one_dropped_from_the_middle_of_the_queue_is_skipped)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire a[3];
	struct t_waker w = t_waker();

	for (int i = 0; i < 3; i++)
		CHECK_EQ(start(&a[i], &s, 1, &w), POLL_PENDING);
	future_drop(&a[1].future);
	CHECK_EQ(semaphore_release(&s, 2), 0);
	CHECK_EQ(t_poll(&a[0].future, &w), POLL_READY);
	CHECK_EQ(t_poll(&a[2].future, &w), POLL_READY);
	CHECK_EQ(t_held(&w), 0);
}

TEST(semaphore_cancel, permits_granted_before_the_close_are_good_after_it)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire a1, a2;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&a1, &s, 1, &w), POLL_PENDING);
	CHECK_EQ(start(&a2, &s, 1, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	semaphore_close(&s);
	CHECK_EQ(t_poll(&a1.future, &w), POLL_READY);
	CHECK_EQ(a1.err, 0);
	CHECK_EQ(t_poll(&a2.future, &w), POLL_READY);
	CHECK_EQ(a2.err, -EPIPE);
}

TEST(semaphore_cancel, a_granted_acquire_dropped_after_the_close_gives_its_permit_back)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire granted, refused;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&granted, &s, 1, &w), POLL_PENDING);
	CHECK_EQ(start(&refused, &s, 2, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 2), 0); /* one for each; the second lacks one */
	semaphore_close(&s);
	CHECK_EQ(semaphore_available(&s), 1);
	future_drop(&granted.future);
	future_drop(&refused.future);
	CHECK_EQ(semaphore_available(&s), 2);
}

TEST(semaphore_cancel, a_poll_under_another_waker_replaces_the_first)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire a;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	CHECK_EQ(start(&a, &s, 1, &w1), POLL_PENDING);
	CHECK_EQ(t_poll(&a.future, &w1), POLL_PENDING);
	CHECK_EQ(w1.clones, 1);
	CHECK_EQ(t_poll(&a.future, &w2), POLL_PENDING);
	CHECK_EQ(t_held(&w1), 0);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&a.future, &w1), POLL_READY);
	CHECK_EQ(t_held(&w2), 0);
}

/* BEH util/poll_semaphore::can_poll_different_amounts_of_permits */
TEST(semaphore_cancel, asking_for_another_amount_is_dropping_and_asking_anew)
{
	struct semaphore s = semaphore_of(2);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&a, &s, 3, &w), POLL_PENDING);
	future_drop(&a.future);
	CHECK_EQ(start(&a, &s, 2, &w), POLL_READY);
	CHECK_EQ(start(&a, &s, 4, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 2), 0);
	future_drop(&a.future);
	CHECK_EQ(semaphore_available(&s), 2);
	CHECK_EQ(t_held(&w), 0);
}

/* BEH util/poll_semaphore::it_works */
TEST(semaphore_cancel, one_acquire_after_another_in_the_same_place_until_it_is_closed)
{
	struct semaphore s = semaphore_of(1);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&a, &s, 1, &w), POLL_READY);
	CHECK_EQ(start(&a, &s, 1, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&a.future, &w), POLL_READY);
	semaphore_close(&s);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(start(&a, &s, 1, &w), POLL_READY);
		CHECK_EQ(a.err, -EPIPE);
	}
}

/* A waiter among others, to be released in three steps; cancelled after k polls. */
static bool cancelled_after(unsigned k)
{
	struct semaphore s = semaphore_of(1);
	struct semaphore_acquire a, next;
	struct t_waker w = t_waker(), other = t_waker();
	struct future *f = semaphore_acquire(&a, &s, 3);
	bool done = false;

	for (unsigned i = 0; i < k && !done; i++) {
		done = t_poll(f, &w) == POLL_READY;
		if (i == 0)
			CHECK_EQ(start(&next, &s, 3, &other), POLL_PENDING);
		if (!done && i < 2)
			CHECK_EQ(semaphore_release(&s, 1), 0);
	}
	if (k > 0 && !done && k < 2)
		CHECK_EQ(semaphore_release(&s, 1), 0);
	future_drop(f);
	if (k > 0) {
		if (done)
			CHECK_EQ(semaphore_release(&s, 3), 0);
		CHECK_EQ(t_poll(&next.future, &other), POLL_READY);
		CHECK_EQ(semaphore_available(&s), 0);
	}
	CHECK_EQ(t_held(&w), 0);
	CHECK_EQ(t_held(&other), 0);
	return done;
}

TEST(semaphore_cancel, at_every_poll_nothing_is_lost)
{
	t_cancel_at_every_poll(cancelled_after);
}

struct reentry {
	struct semaphore *s;
	struct semaphore_acquire *victim;
	int calls, err;
	size_t available;
};

static void releases_one(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		r->err = semaphore_release(r->s, 1);
}

static void drops_the_victim(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		future_drop(&r->victim->future);
}

static void closes(void *arg)
{
	struct reentry *r = arg;

	r->calls++;
	semaphore_close(r->s);
}

static void tries(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0) {
		r->err = semaphore_try_acquire(r->s, 1);
		r->available = semaphore_available(r->s);
	}
}

TEST(semaphore_cancel, a_release_from_inside_clone_is_found_by_the_same_poll)
{
	struct semaphore s = semaphore_of(0);
	struct reentry r = { .s = &s };
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	w.on_clone = releases_one;
	w.arg = &r;
	CHECK_EQ(start(&a, &s, 1, &w), POLL_READY);
	CHECK_EQ(a.err, 0);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK_EQ(t_held(&w), 0);
}

TEST(semaphore_cancel, a_close_from_inside_clone_is_found_by_the_same_poll)
{
	struct semaphore s = semaphore_of(0);
	struct reentry r = { .s = &s };
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	w.on_clone = closes;
	w.arg = &r;
	CHECK_EQ(start(&a, &s, 1, &w), POLL_READY);
	CHECK_EQ(a.err, -EPIPE);
	CHECK_EQ(t_held(&w), 0);
}

TEST(semaphore_cancel, a_release_from_inside_wake_serves_the_next)
{
	struct semaphore s = semaphore_of(0);
	struct reentry r = { .s = &s };
	struct semaphore_acquire a1, a2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	w1.on_wake = releases_one;
	w1.arg = &r;
	CHECK_EQ(start(&a1, &s, 1, &w1), POLL_PENDING);
	CHECK_EQ(start(&a2, &s, 1, &w2), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&a1.future, &w1), POLL_READY);
	CHECK_EQ(t_poll(&a2.future, &w2), POLL_READY);
}

TEST(semaphore_cancel, a_granted_acquire_dropped_from_inside_its_wake_serves_the_next)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire a1, a2;
	struct reentry r = { .s = &s, .victim = &a1 };
	struct t_waker w1 = t_waker(), w2 = t_waker();

	w1.on_wake = drops_the_victim;
	w1.arg = &r;
	CHECK_EQ(start(&a1, &s, 1, &w1), POLL_PENDING);
	CHECK_EQ(start(&a2, &s, 1, &w2), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK(future_is_over(&a1.future));
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&a2.future, &w2), POLL_READY);
	CHECK_EQ(t_held(&w1) + t_held(&w2), 0);
}

TEST(semaphore_cancel, a_waker_dropped_with_its_waiter_may_release)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire a1, a2;
	struct reentry r = { .s = &s };
	struct t_waker w1 = t_waker(), w2 = t_waker();

	w1.on_drop = releases_one;
	w1.arg = &r;
	CHECK_EQ(start(&a1, &s, 1, &w1), POLL_PENDING);
	CHECK_EQ(start(&a2, &s, 1, &w2), POLL_PENDING);
	future_drop(&a1.future);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&a2.future, &w2), POLL_READY);
}

TEST(semaphore_cancel, a_waker_replaced_by_a_poll_may_release_when_dropped)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire a;
	struct reentry r = { .s = &s };
	struct t_waker w1 = t_waker(), w2 = t_waker();

	w1.on_drop = releases_one;
	w1.arg = &r;
	CHECK_EQ(start(&a, &s, 1, &w1), POLL_PENDING);
	CHECK_EQ(t_poll(&a.future, &w2), POLL_PENDING);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&a.future, &w2), POLL_READY);
}

/* More than one batch of wakes: the lock is released while there are permits still to give. */
enum { MANY = 3 * WAKE_LIST_MAX + 1 };

TEST(semaphore_cancel, nobody_barges_in_between_two_batches_of_wakes)
{
	static struct semaphore_acquire a[MANY];
	struct semaphore s = semaphore_of(0);
	struct reentry r = { .s = &s };
	struct t_waker w = t_waker();

	w.on_wake = tries;
	w.arg = &r;
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(start(&a[i], &s, 1, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, MANY), 0);
	CHECK_EQ(r.err, -EAGAIN);
	CHECK_EQ(r.available, 0);
	CHECK_EQ(t_wakes(&w), MANY);
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(t_poll(&a[i].future, &w), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK_EQ(t_held(&w), 0);
}

TEST(semaphore_cancel, a_waiter_dropped_between_two_batches_leaves_its_permit_to_the_others)
{
	static struct semaphore_acquire a[MANY];
	struct semaphore s = semaphore_of(0);
	struct reentry r = { .s = &s, .victim = &a[MANY - 2] };
	struct t_waker w = t_waker();

	w.on_wake = drops_the_victim;
	w.arg = &r;
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(start(&a[i], &s, 1, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, MANY - 1), 0);
	for (int i = 0; i < MANY; i++)
		if (i != MANY - 2)
			CHECK_EQ(t_poll(&a[i].future, &w), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK_EQ(t_held(&w), 0);
}

TEST(semaphore_cancel, a_close_between_two_batches_refuses_the_rest_and_keeps_the_count)
{
	static struct semaphore_acquire a[MANY];
	struct semaphore s = semaphore_of(0);
	struct reentry r = { .s = &s };
	struct t_waker w = t_waker();
	size_t n_granted = 0;

	w.on_wake = closes;
	w.arg = &r;
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(start(&a[i], &s, 1, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, MANY), 0);
	CHECK_EQ(t_wakes(&w), MANY);
	for (int i = 0; i < MANY; i++) {
		CHECK_EQ(t_poll(&a[i].future, &w), POLL_READY);
		n_granted += a[i].err == 0;
	}
	CHECK_EQ(n_granted, WAKE_LIST_MAX);
	CHECK_EQ(semaphore_available(&s), MANY - n_granted);
	CHECK_EQ(t_held(&w), 0);
}
