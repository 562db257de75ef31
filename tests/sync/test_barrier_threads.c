/* The barrier between threads: whatever each wrote before it is seen by all after it. */
#include "t.h"

#include <pthread.h>
#include <stdatomic.h>

#include "executor/block_on_park.h"
#include "sync/barrier.h"

enum { N_THREADS = 4, N_ROUNDS = 500 };

static struct barrier barrier;
static long written[N_THREADS]; /* not atomic: the barrier puts them in order */
static atomic_long n_leaders, n_wrong;

static bool meet(void)
{
	struct barrier_wait b;

	n_wrong += block_on_park(barrier_wait(&b, &barrier)) != 0;
	return b.is_leader;
}

static void check_all_wrote(long round)
{
	for (int i = 0; i < N_THREADS; i++)
		n_wrong += written[i] != round;
}

static void *takes_part(void *arg)
{
	long *mine = arg;

	for (long round = 1; round <= N_ROUNDS; round++) {
		*mine = round;
		n_leaders += meet();
		check_all_wrote(round);
		n_leaders += meet();
	}
	return NULL;
}

static void run_threads(void)
{
	pthread_t thread[N_THREADS];

	barrier_init(&barrier, N_THREADS);
	atomic_store(&n_leaders, 0);
	atomic_store(&n_wrong, 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, takes_part, &written[i]), 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	CHECK_EQ(atomic_load(&n_leaders), 2 * N_ROUNDS);
}

/* BEH async-lock/barrier::smoke */
TEST(barrier_threads, nobody_goes_on_before_all_have_written_and_each_round_has_one_leader)
{
	run_threads();
}

/* A partner who is met by accident: he comes and goes, and is counted only while he is there. */
static atomic_bool is_over;

static void comes_and_goes(void)
{
	struct context cx = context_of(&waker_noop);
	struct barrier_wait b;

	future_poll(barrier_wait(&b, &barrier), &cx);
	future_drop(&b.future);
}

static void *meets(void *arg)
{
	for (int i = 0; i < N_ROUNDS; i++)
		meet();
	atomic_store(&is_over, true);
	return arg;
}

static void *comes_and_goes_all_the_time(void *arg)
{
	while (!atomic_load(&is_over))
		comes_and_goes();
	return arg;
}

TEST(barrier_threads, one_who_comes_and_goes_is_counted_only_while_he_is_there)
{
	pthread_t thread[2];

	barrier_init(&barrier, 2);
	atomic_store(&is_over, false);
	atomic_store(&n_wrong, 0);
	CHECK_EQ(pthread_create(&thread[0], NULL, meets, NULL), 0);
	CHECK_EQ(pthread_create(&thread[1], NULL, comes_and_goes_all_the_time, NULL), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(barrier.n_come, 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
}
