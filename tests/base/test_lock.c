/*
 * test_lock: the lock and the count, in a process that never had a second thread and in one that
 * has. Which of the two a test finds depends on what ran before it in the same process; both must
 * do.
 */
#include "base/lock.h"

#include <pthread.h>
#include <sched.h>

#include "t.h"

TEST(lock, zeroed_it_is_free)
{
	struct lock l = { 0 };

	CHECK_EQ(atomic_load(&l.word), LOCK_FREE);
	lock_acquire(&l);
	CHECK_EQ(atomic_load(&l.word), LOCK_HELD);
	lock_release(&l);
	CHECK_EQ(atomic_load(&l.word), LOCK_FREE);
}

TEST(lock, it_can_be_taken_again_and_again)
{
	struct lock l = { 0 };

	for (int i = 0; i < 1000; i++) {
		lock_acquire(&l);
		lock_release(&l);
	}
	CHECK_EQ(atomic_load(&l.word), LOCK_FREE);
}

TEST(lock, a_count_says_its_value_after_each_change)
{
	struct count c = { 0 };

	CHECK_EQ(count_get(&c), 0);
	CHECK_EQ(count_add(&c, 3), 3);
	CHECK_EQ(count_sub(&c, 1), 2);
	CHECK_EQ(count_sub(&c, 2), 0);
	CHECK_EQ(count_get(&c), 0);
}

/* Where libc cannot tell that we are alone, taking a lock twice would only hang. */
static void take_twice(void)
{
	struct lock l = { 0 };

	bug_unless(lock_alone());
	lock_acquire(&l);
	lock_acquire(&l);
}

TEST_BUG(lock, taken_twice_by_the_only_thread)
{
	take_twice();
}

enum { N_THREADS = 4, N_ROUNDS = 20000 };

struct shared {
	struct lock lock;
	struct count refs;
	atomic_int n_inside;
	long sum; /* guarded by lock */
	bool overlapped;
};

static void *add_under_the_lock(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < N_ROUNDS; i++) {
		lock_acquire(&s->lock);
		if (atomic_fetch_add(&s->n_inside, 1) != 0)
			s->overlapped = true;
		s->sum++;
		atomic_fetch_sub(&s->n_inside, 1);
		lock_release(&s->lock);
	}
	return NULL;
}

static void *count_up_and_down(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < N_ROUNDS; i++) {
		count_add(&s->refs, 2);
		count_sub(&s->refs, 1);
	}
	return NULL;
}

static void in_threads(void *(*body)(void *), struct shared *s)
{
	pthread_t threads[N_THREADS];

	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, body, s), 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

TEST(lock_threads, only_one_is_inside_at_a_time)
{
	struct shared s = { 0 };

	in_threads(add_under_the_lock, &s);
	CHECK_EQ(s.sum, (long)N_THREADS * N_ROUNDS);
	CHECK(!s.overlapped);
	CHECK_EQ(atomic_load(&s.lock.word), LOCK_FREE);
}

TEST(lock_threads, a_count_loses_no_change)
{
	struct shared s = { 0 };

	in_threads(count_up_and_down, &s);
	CHECK_EQ(count_get(&s.refs), N_THREADS * N_ROUNDS);
}

static void *take_and_let_go(void *arg)
{
	struct shared *s = arg;

	lock_acquire(&s->lock);
	s->sum++;
	lock_release(&s->lock);
	return NULL;
}

static void *nothing(void *arg)
{
	return arg;
}

static bool once_there_are_threads(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, nothing, NULL) == 0 &&
	       pthread_join(thread, NULL) == 0;
}

TEST(lock_threads, one_that_sleeps_on_it_is_woken_by_the_release)
{
	struct shared s = { 0 };
	pthread_t sleeper;

	CHECK(once_there_are_threads());
	lock_acquire(&s.lock);
	CHECK_EQ(pthread_create(&sleeper, NULL, take_and_let_go, &s), 0);
	/* The word says so just before the other thread goes to sleep. */
	while (atomic_load(&s.lock.word) != LOCK_SLEEPERS)
		sched_yield();
	CHECK_EQ(s.sum, 0);
	lock_release(&s.lock);
	CHECK_EQ(pthread_join(sleeper, NULL), 0);
	CHECK_EQ(s.sum, 1);
	CHECK_EQ(atomic_load(&s.lock.word), LOCK_FREE);
}

TEST(lock_threads, one_taken_while_alone_keeps_out_a_thread_started_later)
{
	struct shared s = { 0 };
	pthread_t sleeper;

	lock_acquire(&s.lock); /* in a process of its own this is the plain store */
	CHECK_EQ(pthread_create(&sleeper, NULL, take_and_let_go, &s), 0);
	while (atomic_load(&s.lock.word) != LOCK_SLEEPERS)
		sched_yield();
	lock_release(&s.lock);
	CHECK_EQ(pthread_join(sleeper, NULL), 0);
	CHECK_EQ(s.sum, 1);
}
