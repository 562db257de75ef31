/* The timer wheel while other threads arm, poll and cancel, and the runtime's thread turns it. */
#define _GNU_SOURCE 1 /* sched_yield */
#include "t.h"
#include "t_future.h"

#include <pthread.h>
#include <sched.h>

#include "base/rand.h"
#include "time/timers.h"

enum { N_THREADS = 2, N_ROUNDS = 300, N_TIMERS = 8, US = 1000, MS = 1000000 };

static struct clock real;
static struct timers timers;
static atomic_int n_running, n_wrong;

/* Runs `body` in two threads, and turns the wheel in this one until both are done. */
static void run_threads(void *(*body)(void *))
{
	pthread_t thread[N_THREADS];

	clock_init_real(&real);
	timers_init(&timers, &real);
	atomic_store(&n_wrong, 0);
	atomic_store(&n_running, N_THREADS);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, body, (void *)(intptr_t)(i + 1)), 0);
	while (atomic_load(&n_running) > 0) {
		timers_turn(&timers);
		sched_yield();
	}
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	CHECK_EQ(timers_n(&timers), 0);
	CHECK(timers_next_ns(&timers) == UINT64_MAX);
}

static void *done(void)
{
	atomic_fetch_sub(&n_running, 1);
	return NULL;
}

/* Waits until it has fired; the owner turns. */
static void await(struct timer *t)
{
	while (!timer_has_fired(&timers, t))
		sched_yield();
}

/* The wake comes a moment after the timer is seen to have fired. */
static void await_wake(struct t_waker *w)
{
	while (atomic_load(&w->drops) != atomic_load(&w->clones))
		sched_yield();
}

/* --- Arm and cancel --- */

static void *arms_and_cancels(void *arg)
{
	struct rand rand = { .state = (uintptr_t)arg };
	struct t_waker counter = t_waker();
	struct waker w = t_waker_ref(&counter);

	for (int round = 0; round < N_ROUNDS; round++) {
		struct timer t[N_TIMERS] = { { 0 } };
		int n_fired = 0;

		for (int i = 0; i < N_TIMERS; i++)
			timers_arm_after(&timers, &t[i], rand_below(&rand, 300 * US), &w);
		for (int i = 0; i < N_TIMERS; i++)
			timers_rearm_at(&timers, &t[i],
					clock_now_ns(&real) + rand_below(&rand, 2 * MS));
		for (int i = 0; i < N_TIMERS; i++) {
			if (rand_below(&rand, 8) == 0)
				await(&t[i]);
			n_fired += timers_poll(&timers, &t[i], &w);
			timers_cancel(&timers, &t[i]);
		}
		memset(t, 0xa5, sizeof t); /* as if freed: nobody may look at them any more */
		await_wake(&counter);
		n_wrong += t_wakes(&counter) < n_fired;
	}
	return done();
}

/* BEH src/runtime/time/tests/mod::drop_timer */
TEST(timers_threads, timers_are_cancelled_while_they_may_be_firing)
{
	run_threads(arms_and_cancels);
}

/* --- Never early --- */

static void *sleeps(void *arg)
{
	struct rand rand = { .state = (uintptr_t)arg };
	struct t_waker counter = t_waker();
	struct waker w = t_waker_ref(&counter);

	for (int round = 0; round < N_ROUNDS; round++) {
		uint64_t delay_ns = rand_below(&rand, 500 * US), start_ns = clock_now_ns(&real);
		struct timer t = { 0 };

		timers_arm_after(&timers, &t, delay_ns, &w);
		await(&t);
		n_wrong += clock_now_ns(&real) - start_ns < delay_ns;
		await_wake(&counter);
		n_wrong += t_wakes(&counter) != 1;
	}
	return done();
}

TEST(timers_threads, none_is_early_for_having_been_armed_during_a_turn)
{
	run_threads(sleeps);
}

static void *resets(void *arg)
{
	struct rand rand = { .state = (uintptr_t)arg };
	struct t_waker counter = t_waker();
	struct waker w = t_waker_ref(&counter);

	for (int round = 0; round < N_ROUNDS; round++) {
		uint64_t until_ns = clock_now_ns(&real) + rand_below(&rand, MS);
		struct timer t = { 0 };

		timers_arm_at(&timers, &t, until_ns, &w);
		until_ns += rand_below(&rand, MS);
		timers_rearm_at(&timers, &t, until_ns); /* it may just have fired */
		while (!timers_poll(&timers, &t, &w))
			sched_yield();
		n_wrong += clock_now_ns(&real) < until_ns;
		await_wake(&counter);
	}
	n_wrong += t_wakes(&counter) < N_ROUNDS;
	return done();
}

/* BEH src/runtime/time/tests/mod::reset_future */
TEST(timers_threads, one_that_is_armed_anew_while_it_may_be_firing_fires_at_the_new_time)
{
	run_threads(resets);
}

/* --- Wakers --- */

static void *changes_wakers(void *arg)
{
	struct t_waker counter[2] = { t_waker(), t_waker() };
	struct waker w[2] = { t_waker_ref(&counter[0]), t_waker_ref(&counter[1]) };

	(void)arg;
	for (int round = 0; round < N_ROUNDS; round++) {
		struct timer t = { 0 };
		unsigned i = 0;

		timers_arm_after(&timers, &t, 100 * US, &w[0]);
		while (!timers_poll(&timers, &t, &w[(i + 1) % 2]))
			i++;
		await_wake(&counter[0]);
		await_wake(&counter[1]);
		n_wrong += t_wakes(&counter[i % 2]) != 1; /* the last that was told "not yet" */
		n_wrong += t_wakes(&counter[(i + 1) % 2]) != 0;
	}
	return done();
}

/* BEH src/runtime/time/tests/mod::change_waker */
TEST(timers_threads, the_newest_waker_is_woken)
{
	run_threads(changes_wakers);
}
