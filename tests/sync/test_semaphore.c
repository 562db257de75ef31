/* The semaphore, one thread, polled by hand: counting, queueing, closing. */
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

/* Builds an acquire and polls it once. */
static enum poll start(struct semaphore_acquire *a, struct semaphore *s, size_t n,
		       struct t_waker *w)
{
	return t_poll(semaphore_acquire(a, s, n), w);
}

/* BEH src/sync/tests/semaphore_batch::poll_acquire_one_available */
TEST(semaphore, a_free_permit_is_acquired_by_the_first_poll_and_no_waker_is_cloned)
{
	struct semaphore s = semaphore_of(100);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&a, &s, 1, &w), POLL_READY);
	CHECK_EQ(a.err, 0);
	CHECK_EQ(semaphore_available(&s), 99);
	CHECK_EQ(w.clones, 0);
	CHECK_EQ(t_wakes(&w), 0);
}

/* BEH src/sync/tests/semaphore_batch::poll_acquire_many_available */
TEST(semaphore, many_permits_are_counted)
{
	struct semaphore s = semaphore_of(100);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&a, &s, 5, &w), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 95);
	CHECK_EQ(start(&a, &s, 1, &w), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 94);
	CHECK_EQ(start(&a, &s, 94, &w), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 0);
}

/* BEH src/sync/tests/semaphore_batch::try_acquire_many_available */
/* BEH sync_semaphore_owned::try_acquire_many */
TEST(semaphore, try_acquire_takes_what_is_there_and_nothing_else)
{
	struct semaphore s = semaphore_of(100);

	CHECK_EQ(semaphore_try_acquire(&s, 5), 0);
	CHECK_EQ(semaphore_available(&s), 95);
	CHECK_EQ(semaphore_try_acquire(&s, 96), -EAGAIN);
	CHECK_EQ(semaphore_available(&s), 95);
	CHECK_EQ(semaphore_try_acquire(&s, 95), 0);
	CHECK_EQ(semaphore_try_acquire(&s, 1), -EAGAIN);
}

/* BEH src/sync/tests/semaphore_batch::try_acquire_one_unavailable */
TEST(semaphore, try_acquire_of_none_left_says_again)
{
	struct semaphore s = semaphore_of(1);

	CHECK_EQ(semaphore_try_acquire(&s, 1), 0);
	CHECK_EQ(semaphore_try_acquire(&s, 1), -EAGAIN);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(semaphore_try_acquire(&s, 1), 0);
	CHECK_EQ(semaphore_release(&s, 1), 0);
}

/* BEH src/sync/tests/semaphore_batch::try_acquire_many_unavailable */
TEST(semaphore, try_acquire_of_too_many_says_again)
{
	struct semaphore s = semaphore_of(5);

	CHECK_EQ(semaphore_try_acquire(&s, 1), 0);
	CHECK_EQ(semaphore_try_acquire(&s, 5), -EAGAIN);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(semaphore_try_acquire(&s, 5), 0);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(semaphore_try_acquire(&s, 5), -EAGAIN);
	CHECK_EQ(semaphore_available(&s), 1);
}

/* BEH src/sync/tests/semaphore_batch::poll_acquire_one_unavailable */
/* BEH sync_semaphore::acquire */
/* BEH sync_semaphore_owned::acquire */
TEST(semaphore, each_release_wakes_the_longest_waiter_only)
{
	struct semaphore s = semaphore_of(1);
	struct semaphore_acquire a1, a2, a3;
	struct t_waker w1 = t_waker(), w2 = t_waker(), w3 = t_waker();

	CHECK_EQ(start(&a1, &s, 1, &w1), POLL_READY);
	CHECK_EQ(start(&a2, &s, 1, &w2), POLL_PENDING);
	CHECK_EQ(start(&a3, &s, 1, &w3), POLL_PENDING);

	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_wakes(&w3), 0);
	CHECK_EQ(t_poll(&a2.future, &w2), POLL_READY);
	CHECK_EQ(t_poll(&a3.future, &w3), POLL_PENDING);

	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w3), 1);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK_EQ(t_poll(&a3.future, &w3), POLL_READY);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(semaphore_available(&s), 1);
	CHECK_EQ(t_held(&w1) + t_held(&w2) + t_held(&w3), 0);
}

/* BEH src/sync/tests/semaphore_batch::poll_acquire_many_unavailable */
/* BEH sync_semaphore_owned::acquire_many */
/* BEH util/poll_semaphore::can_acquire_many_permits */
TEST(semaphore, the_head_of_the_queue_collects_until_it_has_enough)
{
	struct semaphore s = semaphore_of(5);
	struct semaphore_acquire a1, a2, a3;
	struct t_waker w1 = t_waker(), w2 = t_waker(), w3 = t_waker();

	CHECK_EQ(start(&a1, &s, 1, &w1), POLL_READY);
	CHECK_EQ(start(&a2, &s, 5, &w2), POLL_PENDING);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK_EQ(start(&a3, &s, 3, &w3), POLL_PENDING);

	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&a2.future, &w2), POLL_READY);

	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w3), 0);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK_EQ(t_poll(&a3.future, &w3), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 3), 0);
	CHECK_EQ(t_wakes(&w3), 1);
	CHECK_EQ(t_poll(&a3.future, &w3), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 2);
	CHECK_EQ(t_held(&w1) + t_held(&w2) + t_held(&w3), 0);
}

/* BEH src/sync/tests/semaphore_batch::poll_acquire_one_zero_permits */
/* BEH sync_semaphore::no_permits */
/* BEH sync_semaphore::add_permits */
/* BEH sync_semaphore_owned::add_permits */
/* BEH async-lock/semaphore::add_permits */
TEST(semaphore, a_semaphore_may_begin_with_no_permits_and_get_some_later)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&a, &s, 1, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&a.future, &w), POLL_READY);
	CHECK_EQ(a.err, 0);
	CHECK_EQ(semaphore_available(&s), 0);
}

/* BEH src/sync/tests/semaphore_batch::max_permits_doesnt_panic */
/* BEH src/sync/tests/semaphore_batch::validates_max_permits */
/* BEH sync_semaphore::panic_when_exceeds_maxpermits */
TEST(semaphore, more_permits_than_the_maximum_are_refused_at_birth)
{
	struct semaphore s;

	CHECK_EQ(semaphore_init(&s, SEMAPHORE_MAX), 0);
	CHECK_EQ(semaphore_available(&s), SEMAPHORE_MAX);
	CHECK_EQ(semaphore_init(&s, SEMAPHORE_MAX + 1), -EINVAL);
	CHECK_EQ(semaphore_init(&s, SIZE_MAX), -EINVAL);
}

/* BEH sync_semaphore::no_panic_at_maxpermits */
/* BEH sync_semaphore::add_max_amount_permits */
/* BEH sync_semaphore::add_more_than_max_amount_permits2 */
TEST(semaphore, permits_can_be_added_up_to_the_maximum_and_not_beyond)
{
	struct semaphore s = semaphore_of(SEMAPHORE_MAX - 1);

	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(semaphore_release(&s, 1), -EOVERFLOW);
	CHECK_EQ(semaphore_available(&s), SEMAPHORE_MAX);

	s = semaphore_of(0);
	CHECK_EQ(semaphore_release(&s, SEMAPHORE_MAX), 0);
	CHECK_EQ(semaphore_release(&s, SEMAPHORE_MAX), -EOVERFLOW);
	CHECK_EQ(semaphore_release(&s, SIZE_MAX), -EOVERFLOW);
	CHECK_EQ(semaphore_available(&s), SEMAPHORE_MAX);
}

TEST(semaphore, acquiring_more_than_there_can_ever_be_is_refused)
{
	struct semaphore s = semaphore_of(3);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&a, &s, SEMAPHORE_MAX + 1, &w), POLL_READY);
	CHECK_EQ(a.err, -EINVAL);
	CHECK_EQ(semaphore_try_acquire(&s, SEMAPHORE_MAX + 1), -EINVAL);
	CHECK_EQ(semaphore_available(&s), 3);
}

TEST(semaphore, zero_permits_never_wait_not_even_behind_a_queue)
{
	struct semaphore s = semaphore_of(0);
	struct semaphore_acquire waits, zero;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&waits, &s, 1, &w), POLL_PENDING);
	CHECK_EQ(start(&zero, &s, 0, &w), POLL_READY);
	CHECK_EQ(zero.err, 0);
	CHECK_EQ(semaphore_try_acquire(&s, 0), 0);
	future_drop(&waits.future);
}

TEST(semaphore, nobody_barges_past_a_waiter_that_wants_more)
{
	struct semaphore s = semaphore_of(2);
	struct semaphore_acquire big, small;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&big, &s, 3, &w), POLL_PENDING);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK_EQ(semaphore_try_acquire(&s, 1), -EAGAIN);
	CHECK_EQ(start(&small, &s, 1, &w), POLL_PENDING);
	CHECK_EQ(semaphore_release(&s, 1), 0);
	CHECK_EQ(t_poll(&small.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&big.future, &w), POLL_READY);
	future_drop(&small.future);
}

/* BEH src/sync/tests/semaphore_batch::close_semaphore_prevents_acquire */
TEST(semaphore, a_closed_semaphore_refuses_and_keeps_its_permits)
{
	struct semaphore s = semaphore_of(5);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	CHECK(!semaphore_is_closed(&s));
	semaphore_close(&s);
	semaphore_close(&s);
	CHECK(semaphore_is_closed(&s));
	CHECK_EQ(semaphore_available(&s), 5);
	CHECK_EQ(start(&a, &s, 1, &w), POLL_READY);
	CHECK_EQ(a.err, -EPIPE);
	CHECK_EQ(start(&a, &s, 0, &w), POLL_READY);
	CHECK_EQ(a.err, -EPIPE);
	CHECK_EQ(semaphore_try_acquire(&s, 1), -EPIPE);
	CHECK_EQ(semaphore_available(&s), 5);
}

/* BEH src/sync/tests/semaphore_batch::close_semaphore_notifies_permit2 */
TEST(semaphore, closing_wakes_everybody_and_outstanding_permits_still_come_back)
{
	struct semaphore s = semaphore_of(5);
	struct semaphore_acquire held, a1, a2, late;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	CHECK_EQ(start(&held, &s, 3, &w1), POLL_READY);
	CHECK_EQ(start(&a1, &s, 3, &w1), POLL_PENDING); /* has collected 2 */
	CHECK_EQ(start(&a2, &s, 1, &w2), POLL_PENDING);
	semaphore_close(&s);
	CHECK_EQ(t_wakes(&w1), 1);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(semaphore_available(&s), 2);
	CHECK_EQ(t_poll(&a1.future, &w1), POLL_READY);
	CHECK_EQ(a1.err, -EPIPE);
	CHECK_EQ(semaphore_release(&s, 3), 0);
	CHECK_EQ(semaphore_available(&s), 5);
	CHECK_EQ(t_poll(&a2.future, &w2), POLL_READY);
	CHECK_EQ(a2.err, -EPIPE);
	CHECK_EQ(start(&late, &s, 1, &w1), POLL_READY);
	CHECK_EQ(late.err, -EPIPE);
	CHECK_EQ(t_held(&w1) + t_held(&w2), 0);
}

TEST(semaphore, closing_a_long_queue_wakes_each_waiter_once)
{
	enum { N = 100 };
	static struct semaphore_acquire a[N];
	struct semaphore s = semaphore_of(0);
	struct t_waker w = t_waker();

	for (int i = 0; i < N; i++)
		CHECK_EQ(start(&a[i], &s, 1, &w), POLL_PENDING);
	semaphore_close(&s);
	CHECK_EQ(t_wakes(&w), N);
	CHECK_EQ(t_held(&w), 0);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(t_poll(&a[i].future, &w), POLL_READY);
		CHECK_EQ(a[i].err, -EPIPE);
	}
}

/* BEH sync_semaphore::add_permits_open */
TEST(semaphore, added_permits_are_available)
{
	for (size_t size = 0; size < 4; size++)
		for (size_t n = 0; n < 4; n++) {
			struct semaphore s = semaphore_of(size);

			CHECK_EQ(semaphore_release(&s, n), 0);
			CHECK_EQ(semaphore_available(&s), size + n);
		}
}

/* BEH sync_semaphore::add_permits_closed */
TEST(semaphore, permits_added_to_a_closed_semaphore_are_counted_and_do_not_open_it)
{
	for (size_t size = 0; size < 4; size++)
		for (size_t n = 0; n < 4; n++) {
			struct semaphore s = semaphore_of(size);

			semaphore_close(&s);
			CHECK_EQ(semaphore_release(&s, n), 0);
			CHECK(semaphore_is_closed(&s));
			CHECK_EQ(semaphore_available(&s), size + n);
		}
}

/* BEH sync_semaphore::forget_open */
/* BEH sync_semaphore::forget_closed */
TEST(semaphore, forgetting_takes_what_is_there_and_says_how_much_it_was)
{
	for (int closed = 0; closed <= 1; closed++)
		for (size_t size = 0; size < 4; size++)
			for (size_t n = 0; n < 4; n++) {
				struct semaphore s = semaphore_of(size);
				size_t taken = n < size ? n : size;

				if (closed)
					semaphore_close(&s);
				CHECK_EQ(semaphore_forget(&s, n), taken);
				CHECK_EQ(semaphore_available(&s), size - taken);
				CHECK_EQ(semaphore_is_closed(&s), closed);
			}
}

/* BEH src/sync/tests/semaphore_batch::update_permits_many_times */
TEST(semaphore, adding_and_forgetting_in_turns_stays_exact)
{
	struct semaphore s = semaphore_of(5);
	struct semaphore_acquire a1, a2;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&a1, &s, 7, &w), POLL_PENDING);
	CHECK_EQ(semaphore_forget(&s, 5), 0); /* the waiter has them */
	CHECK_EQ(semaphore_release(&s, 2), 0);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&a1.future, &w), POLL_READY);
	CHECK_EQ(semaphore_release(&s, 5), 0);
	CHECK_EQ(semaphore_forget(&s, 5), 5);
	CHECK_EQ(start(&a2, &s, 5, &w), POLL_PENDING);
	CHECK_EQ(semaphore_forget(&s, 10), 0);
	CHECK_EQ(semaphore_release(&s, 20), 0);
	CHECK_EQ(t_poll(&a2.future, &w), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 15);
}

TEST(semaphore, a_spent_budget_makes_a_free_permit_wait_for_the_next_turn)
{
	struct semaphore s = semaphore_of(2);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();
	unsigned budget = 1;

	CHECK_EQ(t_poll_budget(semaphore_acquire(&a, &s, 1), &w, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
	CHECK_EQ(t_poll_budget(semaphore_acquire(&a, &s, 1), &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(semaphore_available(&s), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&a.future, &w, &budget), POLL_READY);
	CHECK_EQ(semaphore_available(&s), 0);
}

TEST_BUG(semaphore, polling_a_finished_acquire)
{
	struct semaphore s = semaphore_of(2);
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	start(&a, &s, 1, &w);
	t_poll(&a.future, &w);
}
