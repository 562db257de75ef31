/* The mutex between threads, each of which blocks on its locks. */
#include "t.h"
#include "t_future.h"

#include <pthread.h>
#include <stdatomic.h>

#include "executor/block_on_park.h"
#include "sync/mutex.h"

enum { N_THREADS = 4, N_ROUNDS = 1000 };

static struct mutex mutex;
static long guarded; /* not atomic: the mutex is what makes it exact */
static atomic_long n_tried, n_wrong;

static void *counts(void *arg)
{
	(void)arg;
	for (int i = 0; i < N_ROUNDS; i++) {
		struct mutex_lock l;

		n_wrong += block_on_park(mutex_lock(&l, &mutex)) != 0;
		guarded++;
		mutex_unlock(&mutex);
	}
	return NULL;
}

/* Polls once and gives up, handed the lock meanwhile or not; then tries; then waits. */
static void *counts_and_gives_up(void *arg)
{
	for (int i = 0; i < N_ROUNDS; i++) {
		struct mutex_lock l;
		struct context cx = context_of(&waker_noop);

		if (future_poll(mutex_lock(&l, &mutex), &cx) == POLL_READY) {
			guarded++;
			n_tried++;
			mutex_unlock(&mutex);
		}
		future_drop(&l.acquire.future);
		if (mutex_try_lock(&mutex) == 0) {
			guarded++;
			n_tried++;
			mutex_unlock(&mutex);
		}
	}
	return counts(arg);
}

static void run_threads(void *(*body)(void *))
{
	pthread_t thread[N_THREADS];

	mutex_init(&mutex);
	guarded = 0;
	atomic_store(&n_tried, 0);
	atomic_store(&n_wrong, 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, body, NULL), 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	CHECK_EQ(guarded, N_THREADS * N_ROUNDS + atomic_load(&n_tried));
	CHECK_EQ(mutex_try_lock(&mutex), 0);
}

/* BEH futures-rs/futures/bilock::concurrent */
TEST(mutex_threads, what_it_guards_is_counted_exactly)
{
	run_threads(counts);
}

TEST(mutex_threads, the_lock_is_not_lost_when_waiters_are_dropped)
{
	run_threads(counts_and_gives_up);
}
