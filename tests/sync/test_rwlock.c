/* The rwlock, one thread, polled by hand. */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/rwlock.h"

static struct rwlock lock;

static void begin(size_t max_readers)
{
	CHECK_EQ(rwlock_init(&lock, max_readers), 0);
}

static enum poll start_read(struct rwlock_read *r, struct t_waker *w)
{
	return t_poll(rwlock_read(r, &lock), w);
}

static enum poll start_write(struct rwlock_write *x, struct t_waker *w)
{
	return t_poll(rwlock_write(x, &lock), w);
}

static bool is_free(void)
{
	if (rwlock_try_write(&lock))
		return false;
	rwlock_write_unlock(&lock);
	return true;
}

/* BEH sync_rwlock::into_inner */
/* BEH sync_rwlock::write_uncontested */
TEST(rwlock, a_free_one_is_locked_for_writing_by_the_first_poll_and_what_is_written_stays)
{
	struct rwlock_write x;
	struct t_waker w = t_waker();
	int guarded = 42;

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_write(&x, &w), POLL_READY);
	guarded += 58;
	rwlock_write_unlock(&lock);
	CHECK(is_free());
	CHECK_EQ(guarded, 100);
	CHECK_EQ(w.clones, 0);
}

/* BEH sync_rwlock::read_uncontested */
TEST(rwlock, a_free_one_is_locked_for_reading_by_the_first_poll)
{
	struct rwlock_read r;
	struct t_waker w = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_read(&r, &w), POLL_READY);
	rwlock_read_unlock(&lock);
	CHECK(is_free());
	CHECK_EQ(w.clones, 0);
}

/* BEH sync_rwlock::read_shared */
TEST(rwlock, two_readers_hold_it_at_once)
{
	struct rwlock_read r1, r2;
	struct t_waker w = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_read(&r1, &w), POLL_READY);
	CHECK_EQ(start_read(&r2, &w), POLL_READY);
}

/* BEH sync_rwlock::write_shared_pending */
/* BEH async-lock/rwlock::yields_when_contended */
TEST(rwlock, a_writer_waits_while_a_reader_holds_it)
{
	struct rwlock_read r;
	struct rwlock_write x;
	struct t_waker w = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_read(&r, &w), POLL_READY);
	CHECK_EQ(start_write(&x, &w), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 0);
	future_drop(&x.acquire.future);
}

/* BEH sync_rwlock::read_exclusive_pending */
TEST(rwlock, a_reader_waits_while_a_writer_holds_it)
{
	struct rwlock_read r;
	struct rwlock_write x;
	struct t_waker w = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_write(&x, &w), POLL_READY);
	CHECK_EQ(start_read(&r, &w), POLL_PENDING);
	rwlock_write_unlock(&lock);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r.acquire.future, &w), POLL_READY);
}

/* BEH sync_rwlock::exhaust_reading */
TEST(rwlock, a_reader_too_many_waits_for_another_to_leave)
{
	struct rwlock_read r[4];
	struct t_waker w = t_waker();

	begin(3);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(start_read(&r[i], &w), POLL_READY);
	CHECK_EQ(start_read(&r[3], &w), POLL_PENDING);
	rwlock_read_unlock(&lock);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r[3].acquire.future, &w), POLL_READY);
}

/* BEH sync_rwlock::zero_max_readers_const */
TEST(rwlock, no_readers_at_all_or_more_than_can_be_counted_are_refused_at_birth)
{
	CHECK_EQ(rwlock_init(&lock, 0), -EINVAL);
	CHECK_EQ(rwlock_init(&lock, RWLOCK_MAX_READERS + 1), -EINVAL);
	CHECK_EQ(rwlock_init(&lock, 1), 0);
	CHECK_EQ(rwlock_init(&lock, RWLOCK_MAX_READERS), 0);
}

/* BEH sync_rwlock::write_exclusive_pending */
TEST(rwlock, the_second_writer_waits)
{
	struct rwlock_write x1, x2;
	struct t_waker w = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_write(&x1, &w), POLL_READY);
	CHECK_EQ(start_write(&x2, &w), POLL_PENDING);
	rwlock_write_unlock(&lock);
	CHECK_EQ(t_poll(&x2.acquire.future, &w), POLL_READY);
	CHECK_EQ(t_held(&w), 0);
}

/* BEH sync_rwlock::write_shared_drop */
TEST(rwlock, a_writer_is_woken_by_the_last_reader_only)
{
	struct rwlock_read r1, r2;
	struct rwlock_write x;
	struct t_waker w = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_read(&r1, &w), POLL_READY);
	CHECK_EQ(start_read(&r2, &w), POLL_READY);
	CHECK_EQ(start_write(&x, &w), POLL_PENDING);
	rwlock_read_unlock(&lock);
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(t_poll(&x.acquire.future, &w), POLL_PENDING);
	rwlock_read_unlock(&lock);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&x.acquire.future, &w), POLL_READY);
}

/* BEH sync_rwlock::write_read_shared_pending */
TEST(rwlock, a_new_reader_queues_behind_a_waiting_writer)
{
	struct rwlock_read r1, r2, late;
	struct rwlock_write x;
	struct t_waker w = t_waker(), w_late = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_read(&r1, &w), POLL_READY);
	CHECK_EQ(start_read(&r2, &w), POLL_READY);
	CHECK_EQ(start_write(&x, &w), POLL_PENDING);
	CHECK_EQ(rwlock_try_read(&lock), -EAGAIN);
	CHECK_EQ(start_read(&late, &w_late), POLL_PENDING);
	rwlock_read_unlock(&lock);
	rwlock_read_unlock(&lock);
	CHECK_EQ(t_wakes(&w_late), 0);
	CHECK_EQ(t_poll(&x.acquire.future, &w), POLL_READY);
	rwlock_write_unlock(&lock);
	CHECK_EQ(t_wakes(&w_late), 1);
	CHECK_EQ(t_poll(&late.acquire.future, &w_late), POLL_READY);
}

/* BEH sync_rwlock::write_read_shared_drop_pending */
/* BEH async-lock/rwlock::cancellation */
TEST(rwlock, a_cancelled_writer_lets_the_readers_behind_it_in)
{
	struct rwlock_read r, late1, late2;
	struct rwlock_write x;
	struct t_waker w = t_waker(), w_late = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(start_read(&r, &w), POLL_READY);
	CHECK_EQ(start_write(&x, &w), POLL_PENDING);
	CHECK_EQ(start_read(&late1, &w_late), POLL_PENDING);
	CHECK_EQ(start_read(&late2, &w_late), POLL_PENDING);
	future_drop(&x.acquire.future);
	CHECK_EQ(t_wakes(&w_late), 2);
	CHECK_EQ(t_poll(&late1.acquire.future, &w_late), POLL_READY);
	CHECK_EQ(t_poll(&late2.acquire.future, &w_late), POLL_READY);
	for (int i = 0; i < 3; i++)
		rwlock_read_unlock(&lock);
	CHECK(is_free());
	CHECK_EQ(t_held(&w) + t_held(&w_late), 0);
}

/* BEH sync_rwlock::write_order */
TEST(rwlock, writers_get_it_in_the_order_of_their_first_polls)
{
	struct rwlock_write x1, x2;
	struct t_waker w = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(rwlock_try_write(&lock), 0);
	rwlock_write(&x2, &lock);
	CHECK_EQ(start_write(&x1, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&x2.acquire.future, &w), POLL_PENDING);
	rwlock_write_unlock(&lock);
	CHECK_EQ(t_poll(&x2.acquire.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&x1.acquire.future, &w), POLL_READY);
	rwlock_write_unlock(&lock);
	CHECK_EQ(t_poll(&x2.acquire.future, &w), POLL_READY);
}

/* BEH sync_rwlock::try_write */
TEST(rwlock, try_write_fails_under_a_reader_and_succeeds_after)
{
	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(rwlock_try_read(&lock), 0);
	CHECK_EQ(rwlock_try_write(&lock), -EAGAIN);
	rwlock_read_unlock(&lock);
	CHECK_EQ(rwlock_try_write(&lock), 0);
}

/* BEH sync_rwlock::try_read_try_write */
TEST(rwlock, try_read_is_shared_and_excludes_try_write_and_the_other_way_round)
{
	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(rwlock_try_read(&lock), 0);
	CHECK_EQ(rwlock_try_read(&lock), 0);
	CHECK_EQ(rwlock_try_write(&lock), -EAGAIN);
	rwlock_read_unlock(&lock);
	rwlock_read_unlock(&lock);
	CHECK_EQ(rwlock_try_write(&lock), 0);
	CHECK_EQ(rwlock_try_write(&lock), -EAGAIN);
	CHECK_EQ(rwlock_try_read(&lock), -EAGAIN);
}

/* BEH sync_rwlock::downgrade_map */
/* BEH sync_rwlock::try_downgrade_map */
TEST(rwlock, until_the_downgrade_nobody_gets_in_and_after_it_the_readers_do)
{
	struct rwlock_read r;
	struct t_waker w = t_waker();

	begin(RWLOCK_MAX_READERS);
	CHECK_EQ(rwlock_try_write(&lock), 0);
	CHECK_EQ(start_read(&r, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&r.acquire.future, &w), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 0);
	rwlock_downgrade(&lock);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r.acquire.future, &w), POLL_READY);
	CHECK_EQ(rwlock_try_write(&lock), -EAGAIN);
	rwlock_read_unlock(&lock);
	CHECK_EQ(rwlock_try_write(&lock), -EAGAIN);
	rwlock_read_unlock(&lock);
	CHECK(is_free());
}

TEST(rwlock, a_downgrade_leaves_a_waiting_writer_waiting_with_those_behind_it)
{
	struct rwlock_write x;
	struct rwlock_read r;
	struct t_waker w = t_waker();

	begin(8);
	CHECK_EQ(rwlock_try_write(&lock), 0);
	CHECK_EQ(start_write(&x, &w), POLL_PENDING);
	CHECK_EQ(start_read(&r, &w), POLL_PENDING);
	rwlock_downgrade(&lock);
	CHECK_EQ(t_wakes(&w), 0);
	rwlock_read_unlock(&lock);
	CHECK_EQ(t_poll(&x.acquire.future, &w), POLL_READY);
	rwlock_write_unlock(&lock);
	CHECK_EQ(t_poll(&r.acquire.future, &w), POLL_READY);
}

TEST(rwlock, a_writer_granted_but_dropped_unpolled_lets_the_next_in)
{
	struct rwlock_write x;
	struct rwlock_read r;
	struct t_waker w = t_waker();

	begin(8);
	CHECK_EQ(rwlock_try_read(&lock), 0);
	CHECK_EQ(start_write(&x, &w), POLL_PENDING);
	CHECK_EQ(start_read(&r, &w), POLL_PENDING);
	rwlock_read_unlock(&lock);
	CHECK_EQ(t_wakes(&w), 1);
	future_drop(&x.acquire.future);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r.acquire.future, &w), POLL_READY);
	rwlock_read_unlock(&lock);
	CHECK(is_free());
	CHECK_EQ(t_held(&w), 0);
}

/* A reader or a writer in the middle of the queue, cancelled after k polls. */
static bool cancelled_after(unsigned k, bool writes)
{
	union {
		struct rwlock_read read;
		struct rwlock_write write;
	} u;
	struct rwlock_write next;
	struct t_waker w = t_waker();
	struct future *f;
	bool done = false;

	begin(4);
	f = writes ? rwlock_write(&u.write, &lock) : rwlock_read(&u.read, &lock);
	CHECK_EQ(rwlock_try_write(&lock), 0);
	for (unsigned i = 0; i < k && !done; i++) {
		done = t_poll(f, &w) == POLL_READY;
		if (i == 1)
			rwlock_downgrade(&lock);
		if (i == 2 && writes)
			rwlock_read_unlock(&lock);
	}
	CHECK_EQ(start_write(&next, &w), POLL_PENDING);
	future_drop(f);
	if (k < 2)
		rwlock_write_unlock(&lock);
	else if (!(writes && k > 2))
		rwlock_read_unlock(&lock);
	if (done && writes)
		rwlock_write_unlock(&lock);
	else if (done)
		rwlock_read_unlock(&lock);
	CHECK_EQ(t_poll(&next.acquire.future, &w), POLL_READY);
	CHECK_EQ(t_held(&w), 0);
	return done;
}

static bool reader_cancelled_after(unsigned k)
{
	return cancelled_after(k, false);
}

static bool writer_cancelled_after(unsigned k)
{
	return cancelled_after(k, true);
}

TEST(rwlock, cancelled_at_every_poll_a_reader_leaves_nothing_behind)
{
	t_cancel_at_every_poll(reader_cancelled_after);
}

TEST(rwlock, cancelled_at_every_poll_a_writer_leaves_nothing_behind)
{
	t_cancel_at_every_poll(writer_cancelled_after);
}

static void tries_to_write(void *arg)
{
	*(int *)arg = rwlock_try_write(&lock);
}

static void unlocks_the_reader(void *arg)
{
	if ((*(int *)arg)++ == 0)
		rwlock_read_unlock(&lock);
}

TEST(rwlock, a_waker_may_try_the_lock_it_was_woken_by)
{
	struct rwlock_read r;
	struct t_waker w = t_waker();
	int err = 0;

	begin(2);
	CHECK_EQ(rwlock_try_write(&lock), 0);
	w.on_wake = tries_to_write;
	w.arg = &err;
	CHECK_EQ(start_read(&r, &w), POLL_PENDING);
	rwlock_write_unlock(&lock);
	CHECK_EQ(err, -EAGAIN);
	CHECK_EQ(t_poll(&r.acquire.future, &w), POLL_READY);
}

TEST(rwlock, a_reader_that_unlocks_inside_clone_lets_the_writer_in_with_the_same_poll)
{
	struct rwlock_write x;
	struct t_waker w = t_waker();
	int calls = 0;

	begin(2);
	CHECK_EQ(rwlock_try_read(&lock), 0);
	w.on_clone = unlocks_the_reader;
	w.arg = &calls;
	CHECK_EQ(start_write(&x, &w), POLL_READY);
	CHECK_EQ(rwlock_try_read(&lock), -EAGAIN);
	CHECK_EQ(t_held(&w), 0);
}

TEST_BUG(rwlock, read_unlock_of_what_is_not_locked)
{
	begin(2);
	rwlock_read_unlock(&lock);
}

TEST_BUG(rwlock, write_unlock_of_what_a_reader_holds)
{
	begin(2);
	rwlock_try_read(&lock);
	rwlock_write_unlock(&lock);
}
