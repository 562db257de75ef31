/*
 * The watch between threads: many watchers of one stream of values, and two that answer each
 * other.
 */
#include "watch_shared.h"

enum { N_WATCHERS = 4 };

static struct watch_receiver watcher_rx[N_WATCHERS];

/* The numbers only grow, and the last one is seen before the end is told. */
static void *watch_to_the_end(void *arg)
{
	struct watch_receiver *r = arg;
	long seen = 0;

	while (await_change(r) == 0) {
		long number = get_number(r);

		n_wrong += number < seen;
		seen = number;
	}
	n_wrong += seen != N_ROUNDS;
	watch_receiver_drop(r);
	return NULL;
}

/* Judges each value that it sees: what it is given is the one that it accepted. */
static bool is_hundredfold(const void *item, void *arg)
{
	const struct shared *v = *(struct shared *const *)item;

	return v->number % 100 == 0 && v->number > *(long *)arg;
}

static void *wait_for_hundreds(void *arg)
{
	struct watch_receiver *r = arg;
	struct watch_wait_for wait;
	struct shared *v;
	long seen = -1;

	for (;;) {
		n_wrong += block_on_park(watch_wait_for(&wait, r, &v, is_hundredfold, &seen)) != 0;
		if (wait.err)
			break;
		n_wrong += !is_hundredfold(&v, &seen);
		seen = number_of(v);
	}
	n_wrong += wait.err != -EPIPE || seen != N_ROUNDS;
	watch_receiver_drop(r);
	return NULL;
}

/*
 * Waits for a change with one poll, and drops the future: never hears of anything, leaves no
 * trace.
 */
static void *change_ones_mind(void *arg)
{
	struct watch_receiver *r = arg;
	struct t_waker w = t_waker();
	struct watch_changed changed;
	bool ended = false;

	while (!ended) {
		if (t_poll(watch_changed(&changed, r), &w) == POLL_PENDING)
			future_drop(&changed.future);
		ended = changed.err == -EPIPE;
	}
	n_wrong += t_held(&w) != 0;
	n_wrong += get_number(r) != N_ROUNDS;
	watch_receiver_drop(r);
	return NULL;
}

static void watch_numbers(void *(*body)(void *))
{
	pthread_t thread[N_WATCHERS];

	t_mem_begin();
	n_wrong = 0;
	open_it();
	for (int i = 0; i < N_WATCHERS; i++) {
		watcher_rx[i] = watch_receiver_clone(&rx);
		CHECK_EQ(pthread_create(&thread[i], NULL, body, &watcher_rx[i]), 0);
	}
	for (long number = 1; number <= N_ROUNDS; number++)
		send_number(&tx, number);
	watch_sender_drop(&tx);
	for (int i = 0; i < N_WATCHERS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	watch_receiver_drop(&rx);
	CHECK_EQ(n_wrong, 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH src/sync/tests/loom_watch::smoke */
TEST(watch_threads, every_watcher_sees_growing_numbers_then_the_last_then_the_end)
{
	watch_numbers(watch_to_the_end);
}

/* BEH src/sync/tests/loom_watch::wait_for_returns_correct_value */
TEST(watch_threads, what_wait_for_returns_is_what_was_accepted)
{
	watch_numbers(wait_for_hundreds);
}

TEST(watch_threads, waits_that_are_dropped_all_the_time_leave_nothing_behind)
{
	watch_numbers(change_ones_mind);
}

/* Every value is answered, so that each one must wake its watcher. */
static struct watch_sender answer_tx;

static void *answer(void *arg)
{
	struct watch_receiver *r = arg;

	while (await_change(r) == 0)
		send_number(&answer_tx, -get_number(r));
	watch_receiver_drop(r);
	watch_sender_drop(&answer_tx);
	return NULL;
}

TEST(watch_threads, two_that_answer_each_other_miss_nothing)
{
	struct watch_receiver question, answer_rx;
	pthread_t thread;

	t_mem_begin();
	n_wrong = 0;
	open_it();
	answer_tx = tx;
	answer_rx = rx;
	open_it();
	question = rx;
	CHECK_EQ(pthread_create(&thread, NULL, answer, &question), 0);
	for (long number = 1; number <= N_ROUNDS; number++) {
		send_number(&tx, number);
		n_wrong += await_change(&answer_rx) != 0;
		n_wrong += get_number(&answer_rx) != -number;
	}
	watch_sender_drop(&tx);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(await_change(&answer_rx), -EPIPE);
	watch_receiver_drop(&answer_rx);
	CHECK_EQ(n_wrong, 0);
	CHECK_EQ(t_mem_live(), 0);
}
