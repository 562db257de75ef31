/* The notify between threads: whoever looks first and waits then misses nothing. */
#include "t.h"
#include "t_future.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "executor/block_on_park.h"
#include "sync/notify.h"

enum { N_ROUNDS = 2000, N_SIDES = 2 };

static struct notify notify[N_SIDES];
static atomic_long n_wrong;
static long ball; /* not atomic: the notifications order its accesses */

static void begin(void)
{
	for (int i = 0; i < N_SIDES; i++)
		notify_init(&notify[i]);
	atomic_store(&n_wrong, 0);
	ball = 0;
}

static void wait_on(struct notify *n)
{
	struct notified notified_;

	n_wrong += block_on_park(notified(&notified_, n)) != 0;
}

static void *returns_the_ball(void *arg)
{
	(void)arg;
	for (int i = 0; i < N_ROUNDS; i++) {
		wait_on(&notify[0]);
		ball++;
		notify_one(&notify[1]);
	}
	return NULL;
}

TEST(notify_threads, a_ball_played_between_two_threads_is_never_lost)
{
	pthread_t thread;

	begin();
	CHECK_EQ(pthread_create(&thread, NULL, returns_the_ball, NULL), 0);
	for (int i = 0; i < N_ROUNDS; i++) {
		ball++;
		notify_one(&notify[0]);
		wait_on(&notify[1]);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(ball, 2 * N_ROUNDS);
	CHECK_EQ(atomic_load(&n_wrong), 0);
}

/* A number that threads watch: set first, then notify all; be there first, then look, then wait. */
static atomic_long watched;

static void *watches_to_the_end(void *arg)
{
	long seen = 0;

	(void)arg;
	while (seen < N_ROUNDS) {
		struct notified changed;

		notified(&changed, &notify[0]);
		if (atomic_load_explicit(&watched, memory_order_relaxed) == seen)
			n_wrong += block_on_park(&changed.future) != 0;
		seen = atomic_load_explicit(&watched, memory_order_relaxed);
	}
	return NULL;
}

/* BEH src/sync/tests/notify::watch_test */
TEST(notify_threads, nobody_who_is_there_before_he_looks_misses_a_change)
{
	enum { N_WATCHERS = 3 };
	pthread_t thread[N_WATCHERS];

	begin();
	atomic_store(&watched, 0);
	for (int i = 0; i < N_WATCHERS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, watches_to_the_end, NULL), 0);
	for (long i = 1; i <= N_ROUNDS; i++) {
		atomic_store_explicit(&watched, i, memory_order_relaxed);
		notify_waiters(&notify[0]);
	}
	for (int i = 0; i < N_WATCHERS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
}

/* A queue that is only a number. A consumer is enabled, looks, and drops what it does not need. */
static atomic_long n_queued, n_taken;

static bool take_one(void)
{
	long n = atomic_load(&n_queued);

	while (n > 0)
		if (atomic_compare_exchange_weak(&n_queued, &n, n - 1))
			return true;
	return false;
}

static void *produces(void *arg)
{
	for (int i = 0; i < N_ROUNDS; i++) {
		atomic_fetch_add(&n_queued, 1);
		if (arg)
			notify_last(&notify[0]);
		else
			notify_one(&notify[0]);
	}
	return NULL;
}

static void *consumes(void *arg)
{
	for (int i = 0; i < N_ROUNDS; i++) {
		struct notified more;

		notified(&more, &notify[0]);
		notified_enable(&more);
		while (!take_one()) {
			n_wrong += block_on_park(&more.future) != 0;
			notified(&more, &notify[0]);
			notified_enable(&more);
		}
		atomic_fetch_add(&n_taken, 1);
		future_drop(&more.future);
	}
	return arg;
}

TEST(notify_threads, every_item_is_taken_though_consumers_drop_what_they_were_notified_of)
{
	pthread_t thread[4];

	begin();
	atomic_store(&n_queued, 0);
	atomic_store(&n_taken, 0);
	CHECK_EQ(pthread_create(&thread[0], NULL, consumes, NULL), 0);
	CHECK_EQ(pthread_create(&thread[1], NULL, consumes, NULL), 0);
	CHECK_EQ(pthread_create(&thread[2], NULL, produces, NULL), 0);
	CHECK_EQ(pthread_create(&thread[3], NULL, produces, "last"), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_taken), 2 * N_ROUNDS);
	CHECK_EQ(atomic_load(&n_queued), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
}

/* What a thread wrote before a notification that found one stored already. */
static long written;
static atomic_bool has_notified;

static void *writes_and_notifies(void *arg)
{
	written = 7;
	notify_one(&notify[0]);
	/* relaxed: it is the notification that must bring what was written */
	atomic_store_explicit(&has_notified, true, memory_order_relaxed);
	return arg;
}

/* BEH src/sync/tests/atomic_waker::failed_wake_synchronizes */
TEST(notify_threads, a_notification_that_found_one_stored_brings_what_was_written_before_it)
{
	pthread_t thread;

	begin();
	written = 0;
	atomic_store(&has_notified, false);
	notify_one(&notify[0]);
	CHECK_EQ(pthread_create(&thread, NULL, writes_and_notifies, NULL), 0);
	while (!atomic_load_explicit(&has_notified, memory_order_relaxed))
		sched_yield();
	wait_on(&notify[0]);
	CHECK_EQ(written, 7);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
}
