/* The semaphore between threads, each of which blocks on its acquires. */
#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "executor/block_on_park.h"
#include "sync/permit.h"

enum { N_THREADS = 4, N_ROUNDS = 1000, N_PERMITS = 3 };

static struct semaphore semaphore;
static atomic_int n_inside, n_wrong;
static atomic_long n_done;

static void begin(size_t n)
{
	CHECK_EQ(semaphore_init(&semaphore, n), 0);
	atomic_store(&n_inside, 0);
	atomic_store(&n_wrong, 0);
	atomic_store(&n_done, 0);
}

static void run_threads(void *(*body)(void *))
{
	pthread_t thread[N_THREADS];

	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, body, (void *)(intptr_t)(i + 1)), 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
}

static int block_for(size_t n)
{
	struct semaphore_acquire a;
	int err = block_on_park(semaphore_acquire(&a, &semaphore, n));

	return err ? err : a.err;
}

static void *acquires_and_releases(void *arg)
{
	size_t n = (size_t)(intptr_t)arg % N_PERMITS + 1;

	for (int i = 0; i < N_ROUNDS; i++) {
		n_wrong += block_for(n) != 0;
		n_wrong += atomic_fetch_add(&n_inside, (int)n) + (int)n > N_PERMITS;
		atomic_fetch_add(&n_done, (long)n);
		atomic_fetch_sub(&n_inside, (int)n);
		n_wrong += semaphore_release(&semaphore, n) != 0;
	}
	return NULL;
}

TEST(semaphore_threads, never_are_more_inside_than_there_are_permits)
{
	begin(N_PERMITS);
	run_threads(acquires_and_releases);
	CHECK_EQ(semaphore_available(&semaphore), N_PERMITS);
	CHECK_EQ(atomic_load(&n_done), N_ROUNDS * (2 + 3 + 1 + 2));
}

/* Every second acquire is given up after its first poll, granted meanwhile or not. */
static void *gives_up_half(void *arg)
{
	size_t n = (size_t)(intptr_t)arg % N_PERMITS + 1;

	for (int i = 0; i < N_ROUNDS; i++) {
		struct semaphore_acquire a;
		struct context cx = context_of(&waker_noop);
		bool ready = future_poll(semaphore_acquire(&a, &semaphore, n), &cx) == POLL_READY;

		future_drop(&a.future);
		if (ready)
			n_wrong += semaphore_release(&semaphore, n) != 0;
		n_wrong += block_for(n) != 0;
		n_wrong += semaphore_release(&semaphore, n) != 0;
	}
	return NULL;
}

TEST(semaphore_threads, no_permit_is_lost_when_waiters_are_dropped)
{
	begin(N_PERMITS);
	run_threads(gives_up_half);
	CHECK_EQ(semaphore_available(&semaphore), N_PERMITS);
}

static void *counts_until_closed(void *arg)
{
	(void)arg;
	for (;;) {
		int err = block_for(1);

		if (err) {
			n_wrong += err != -EPIPE;
			return NULL;
		}
		if (atomic_fetch_add(&n_done, 1) == N_ROUNDS)
			semaphore_close(&semaphore);
		n_wrong += semaphore_release(&semaphore, 1) != 0;
	}
}

TEST(semaphore_threads, a_close_ends_every_wait_and_all_permits_are_there_again)
{
	begin(2);
	run_threads(counts_until_closed);
	CHECK_EQ(semaphore_available(&semaphore), 2);
}

/* BEH sync_semaphore::blocking_acquire */
/* BEH sync_semaphore::blocking_acquire_many */
/* BEH sync_semaphore::blocking_acquire_owned */
/* BEH sync_semaphore::blocking_acquire_many_owned */
TEST(semaphore_threads, a_thread_outside_of_any_runtime_may_block_on_one_or_many)
{
	begin(3);
	CHECK_EQ(block_for(1), 0);
	CHECK_EQ(block_for(2), 0);
	CHECK_EQ(semaphore_available(&semaphore), 0);
}

static void *blocks_for_two(void *arg)
{
	(void)arg;
	n_wrong += block_for(2) != 0;
	return NULL;
}

/* BEH sync_semaphore::blocking_acquire_waits_for_permit */
TEST(semaphore_threads, a_blocked_thread_goes_on_when_permits_are_added)
{
	pthread_t thread;

	begin(0);
	CHECK_EQ(pthread_create(&thread, NULL, blocks_for_two, NULL), 0);
	CHECK_EQ(semaphore_release(&semaphore, 1), 0);
	CHECK_EQ(semaphore_release(&semaphore, 1), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	CHECK_EQ(semaphore_available(&semaphore), 0);
}

/* BEH sync_semaphore::blocking_acquire_closed */
TEST(semaphore_threads, blocking_on_a_closed_one_fails_at_once)
{
	begin(2);
	semaphore_close(&semaphore);
	CHECK_EQ(block_for(1), -EPIPE);
	CHECK_EQ(block_for(2), -EPIPE);
}
