/* The rwlock between threads, each of which blocks on its locks. */
#include "t.h"
#include "t_future.h"

#include <pthread.h>
#include <stdatomic.h>

#include "executor/block_on_park.h"
#include "sync/rwlock.h"

enum { N_THREADS = 4, N_ROUNDS = 1000 };

static struct rwlock lock;
static long sum, mirror; /* equal whenever nobody writes */
static atomic_long n_wrong;

static void add(long n)
{
	struct rwlock_write w;

	n_wrong += block_on_park(rwlock_write(&w, &lock)) != 0;
	sum += n;
	mirror += n;
	rwlock_write_unlock(&lock);
}

static void look(void)
{
	struct rwlock_read r;

	n_wrong += block_on_park(rwlock_read(&r, &lock)) != 0;
	n_wrong += sum != mirror;
	rwlock_read_unlock(&lock);
}

static void *adds(void *arg)
{
	for (int i = 0; i < N_ROUNDS; i++)
		add(*(const long *)arg);
	return NULL;
}

/* Between two writes: a look, a writer that gives up at once, and a downgrade. */
static void *adds_and_looks(void *arg)
{
	for (int i = 0; i < N_ROUNDS; i++) {
		struct rwlock_write w;
		struct context cx = context_of(&waker_noop);

		look();
		if (future_poll(rwlock_write(&w, &lock), &cx) == POLL_READY) {
			rwlock_downgrade(&lock);
			n_wrong += sum != mirror;
			rwlock_read_unlock(&lock);
		}
		future_drop(&w.acquire.future);
		add(*(const long *)arg);
	}
	return NULL;
}

static void run_threads(void *(*body)(void *), size_t max_readers)
{
	static long step[N_THREADS] = { 2, 3, 5, 7 };
	pthread_t thread[N_THREADS];

	CHECK_EQ(rwlock_init(&lock, max_readers), 0);
	sum = mirror = 0;
	atomic_store(&n_wrong, 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, body, &step[i]), 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	CHECK_EQ(sum, 17 * N_ROUNDS);
	CHECK_EQ(rwlock_try_write(&lock), 0);
}

/* BEH sync_rwlock::multithreaded */
TEST(rwlock_threads, four_writers_sum_exactly)
{
	run_threads(adds, RWLOCK_MAX_READERS);
}

TEST(rwlock_threads, readers_never_see_half_a_write_and_dropped_writers_lose_nothing)
{
	run_threads(adds_and_looks, 2);
}
