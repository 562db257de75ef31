/* The mutex, one thread, polled by hand. */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "future/co.h"
#include "future/pending.h"
#include "sync/mutex.h"

static struct mutex mutex;

static enum poll start(struct mutex_lock *l, struct t_waker *w)
{
	return t_poll(mutex_lock(l, &mutex), w);
}

/* BEH sync_mutex::straight_execution */
/* BEH sync_mutex_owned::straight_execution */
TEST(mutex, an_unlocked_one_is_locked_by_the_first_poll_and_no_waker_is_cloned)
{
	struct mutex_lock l;
	struct t_waker w = t_waker();
	int guarded = 100;

	mutex_init(&mutex);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(start(&l, &w), POLL_READY);
		CHECK_EQ(guarded, 100 + i);
		guarded++;
		mutex_unlock(&mutex);
	}
	CHECK_EQ(w.clones, 0);
}

/* BEH sync_mutex::readiness */
/* BEH sync_mutex_owned::readiness */
/* BEH futures-rs/futures/lock_mutex::mutex_wakes_waiters */
/* BEH futures-rs/futures/bilock::smoke */
/* BEH async-lock/mutex::yields_when_contended */
TEST(mutex, the_second_waits_and_is_woken_by_the_unlock)
{
	struct mutex_lock l1, l2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	mutex_init(&mutex);
	CHECK_EQ(start(&l1, &w1), POLL_READY);
	CHECK_EQ(start(&l2, &w2), POLL_PENDING);
	CHECK_EQ(t_wakes(&w2), 0);
	mutex_unlock(&mutex);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&l2.acquire.future, &w2), POLL_READY);
	mutex_unlock(&mutex);
	CHECK_EQ(t_held(&w2), 0);
}

/* BEH async-lock/mutex::try_lock */
TEST(mutex, try_lock_takes_it_or_says_again)
{
	mutex_init(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	CHECK_EQ(mutex_try_lock(&mutex), -EAGAIN);
	mutex_unlock(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
}

TEST(mutex, the_unlock_hands_over_to_the_longest_waiter_and_nobody_slips_in)
{
	struct mutex_lock l1, l2, late;
	struct t_waker w = t_waker();

	mutex_init(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	CHECK_EQ(start(&l1, &w), POLL_PENDING);
	CHECK_EQ(start(&l2, &w), POLL_PENDING);
	mutex_unlock(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), -EAGAIN);
	CHECK_EQ(start(&late, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&l2.acquire.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&l1.acquire.future, &w), POLL_READY);
	mutex_unlock(&mutex);
	CHECK_EQ(t_poll(&late.acquire.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&l2.acquire.future, &w), POLL_READY);
	mutex_unlock(&mutex);
	CHECK_EQ(t_poll(&late.acquire.future, &w), POLL_READY);
}

/* Locks, and then waits for ever; what it holds is in its frame, so a drop finds it. */
struct holder {
	struct co co;
	struct mutex_lock lock;
	struct pending forever;
	bool holds;
};

static enum poll holder_run(struct co *co, struct context *cx)
{
	struct holder *const f = co_frame(co, struct holder);

	co_begin(co);
	co_await(mutex_lock(&f->lock, &mutex));
	f->holds = true;
	co_await(pending(&f->forever));
	co_finally {
		if (f->holds)
			mutex_unlock(&mutex);
	}
	co_end;
}

static struct future *holder(struct holder *f)
{
	*f = (struct holder){ .co = co_init(holder_run) };
	return &f->co.future;
}

/* BEH sync_mutex::aborted_future_1 */
/* BEH sync_mutex_owned::aborted_future_1 */
TEST(mutex, a_cancelled_holder_unlocks)
{
	struct holder h;
	struct t_waker w = t_waker();

	mutex_init(&mutex);
	CHECK_EQ(t_poll(holder(&h), &w), POLL_PENDING);
	CHECK_EQ(mutex_try_lock(&mutex), -EAGAIN);
	future_drop(&h.co.future);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
}

/* BEH sync_mutex::aborted_future_2 */
/* BEH sync_mutex_owned::aborted_future_2 */
TEST(mutex, a_cancelled_waiter_leaves_the_queue_and_the_lock_can_be_had)
{
	struct holder h;
	struct t_waker w = t_waker();

	mutex_init(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	CHECK_EQ(t_poll(holder(&h), &w), POLL_PENDING);
	future_drop(&h.co.future);
	CHECK_EQ(t_held(&w), 0);
	mutex_unlock(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
}

TEST(mutex, a_lock_handed_to_one_that_is_dropped_unpolled_goes_to_the_next)
{
	struct mutex_lock l1, l2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	mutex_init(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	CHECK_EQ(start(&l1, &w1), POLL_PENDING);
	CHECK_EQ(start(&l2, &w2), POLL_PENDING);
	mutex_unlock(&mutex);
	future_drop(&l1.acquire.future);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(mutex_try_lock(&mutex), -EAGAIN);
	future_drop(&l2.acquire.future);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	CHECK_EQ(t_held(&w1) + t_held(&w2), 0);
}

static bool cancelled_after(unsigned k)
{
	struct mutex_lock l, next;
	struct t_waker w = t_waker();
	bool done = false;

	mutex_init(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	mutex_lock(&l, &mutex);
	for (unsigned i = 0; i < k && !done; i++) {
		done = t_poll(&l.acquire.future, &w) == POLL_READY;
		if (i == 1)
			mutex_unlock(&mutex);
	}
	CHECK_EQ(start(&next, &w), POLL_PENDING);
	future_drop(&l.acquire.future);
	if (k < 2 || done)
		mutex_unlock(&mutex);
	CHECK_EQ(t_poll(&next.acquire.future, &w), POLL_READY);
	CHECK_EQ(t_held(&w), 0);
	return done;
}

TEST(mutex, cancelled_at_every_poll_the_lock_goes_to_the_next)
{
	t_cancel_at_every_poll(cancelled_after);
}

TEST(mutex, a_poll_under_another_waker_replaces_the_first)
{
	struct mutex_lock l;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	mutex_init(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	CHECK_EQ(start(&l, &w1), POLL_PENDING);
	CHECK_EQ(t_poll(&l.acquire.future, &w2), POLL_PENDING);
	mutex_unlock(&mutex);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_held(&w1) + t_held(&w2), 0);
	future_drop(&l.acquire.future);
}

/* Runs the woken future to its unlock inside the wake, as a very eager executor would. */
struct eager {
	struct mutex_lock lock;
	struct t_waker waker;
	int n_locked;
};

static void lock_and_unlock(void *arg)
{
	struct eager *e = arg;

	CHECK_EQ(t_poll(&e->lock.acquire.future, &e->waker), POLL_READY);
	e->n_locked++;
	mutex_unlock(&mutex);
}

static void unlock_once(void *arg)
{
	if ((*(int *)arg)++ == 0)
		mutex_unlock(&mutex);
}

TEST(mutex, wakers_that_poll_and_unlock_at_once_pass_it_through_the_whole_queue)
{
	enum { N = 40 };
	static struct eager eager[N];
	struct t_waker w = t_waker();

	mutex_init(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	for (int i = 0; i < N; i++) {
		eager[i] = (struct eager){ .waker = { .on_wake = lock_and_unlock } };
		eager[i].waker.arg = &eager[i];
		CHECK_EQ(start(&eager[i].lock, &eager[i].waker), POLL_PENDING);
	}
	mutex_unlock(&mutex);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(eager[i].n_locked, 1);
		CHECK_EQ(t_held(&eager[i].waker), 0);
	}
	CHECK_EQ(start(&eager[0].lock, &w), POLL_READY);
}

TEST(mutex, an_unlock_from_inside_clone_is_found_by_the_same_poll)
{
	struct mutex_lock l;
	struct t_waker w = t_waker();
	int calls = 0;

	mutex_init(&mutex);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	w.on_clone = unlock_once;
	w.arg = &calls;
	CHECK_EQ(start(&l, &w), POLL_READY);
	CHECK_EQ(mutex_try_lock(&mutex), -EAGAIN);
	CHECK_EQ(t_held(&w), 0);
}

TEST(mutex, a_spent_budget_makes_even_a_free_lock_wait_for_the_next_turn)
{
	struct mutex_lock l;
	struct t_waker w = t_waker();
	unsigned budget = 0;

	mutex_init(&mutex);
	CHECK_EQ(t_poll_budget(mutex_lock(&l, &mutex), &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&l.acquire.future, &w, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
}

TEST_BUG(mutex, unlocking_what_is_not_locked)
{
	mutex_init(&mutex);
	mutex_unlock(&mutex);
}
