/* The watch between two threads that do one thing each at the same moment, thousands of times. */
#define _GNU_SOURCE 1 /* meeting.h */

#include "watch_shared.h"

#include "meeting.h"

static struct meeting meeting;
static struct watch_sender other_tx;

static void send_one(void)
{
	send_number(&tx, 1);
}

static void send_then_drop(void)
{
	send_number(&tx, 1);
	watch_sender_drop(&tx);
}

static void drop_sender(void)
{
	watch_sender_drop(&tx);
}

static void drop_other_sender(void)
{
	watch_sender_drop(&other_tx);
}

/* Readers may hold the old one, so it is not written to: another takes its place. */
static bool add_one(void *item, void *arg)
{
	struct shared *v = make((*(struct shared **)item)->number + 1);

	(void)arg;
	drop_shared(item);
	*(struct shared **)item = v;
	return true;
}

static void modify_twice(void)
{
	watch_modify(&tx, add_one, NULL);
	watch_modify(&tx, add_one, NULL);
}

static void await_closed(void)
{
	struct watch_closed closed;

	n_wrong += block_on_park(watch_closed(&closed, &tx)) != 0;
	n_wrong += !watch_is_closed(&tx);
	watch_sender_drop(&tx);
}

static void await_one(void)
{
	n_wrong += await_change(&rx) != 0;
	n_wrong += get_number(&rx) != 1;
}

static void await_the_end(void)
{
	n_wrong += await_change(&rx) != -EPIPE;
}

static void await_one_then_the_end(void)
{
	await_one();
	await_the_end();
}

static bool is_two(const void *item, void *arg)
{
	return (*(struct shared *const *)item)->number == *(int *)arg;
}

static void wait_for_two(void)
{
	struct watch_wait_for wait;
	struct shared *v;
	int two = 2;

	n_wrong += block_on_park(watch_wait_for(&wait, &rx, &v, is_two, &two)) != 0;
	n_wrong += wait.err != 0;
	n_wrong += number_of(v) != 2;
}

static void clone_and_drop(void)
{
	struct watch_receiver clone = watch_receiver_clone(&rx);

	watch_receiver_drop(&rx);
	watch_receiver_drop(&clone);
}

static void nothing(void)
{
}

/* What happens before a round, at once in both threads, and after it. */
static void (*before)(void), (*part[2])(void), (*after)(void);

static void begin_round(void)
{
	open_it();
	before();
}

static void end_round(void)
{
	after();
	watch_sender_drop(&tx);
	watch_receiver_drop(&rx);
	n_wrong += t_mem_live() != 0;
}

static void *run_part(void *arg)
{
	unsigned who = arg != NULL;

	meeting_spread(who);
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		if (who == 0)
			begin_round();
		meeting_start(&meeting, i, who);
		part[who]();
		meeting_wait(&meeting);
		if (who == 0)
			end_round();
	}
	return NULL;
}

/* What goes wrong is counted, and looked at in the end: nobody is left alone at the meeting. */
static void race_between(void (*b)(void), void (*first)(void), void (*second)(void),
			 void (*a)(void))
{
	pthread_t thread[2];

	t_mem_begin();
	n_wrong = 0;
	before = b;
	part[0] = first;
	part[1] = second;
	after = a;
	meeting_init(&meeting, 2);
	CHECK_EQ(pthread_create(&thread[0], NULL, run_part, NULL), 0);
	CHECK_EQ(pthread_create(&thread[1], NULL, run_part, &part), 0);
	CHECK_EQ(pthread_join(thread[0], NULL), 0);
	CHECK_EQ(pthread_join(thread[1], NULL), 0);
	CHECK_EQ(n_wrong, 0);
}

static void race(void (*first)(void), void (*second)(void))
{
	race_between(nothing, first, second, nothing);
}

TEST(watch_race_threads, a_send_against_a_wait)
{
	race(send_one, await_one);
	race(send_then_drop, await_one_then_the_end);
}

/* BEH src/sync/tests/loom_watch::wait_for_test */
TEST(watch_race_threads, changes_in_place_against_a_wait_for_the_second)
{
	race(modify_twice, wait_for_two);
}

TEST(watch_race_threads, the_last_sender_that_goes_against_a_wait)
{
	race(send_then_drop, await_one);
}

/* Somebody waits already when the two senders go. */
static struct watch_changed waiting;
static struct t_waker waiting_waker;

static void begin_to_wait(void)
{
	other_tx = watch_sender_clone(&tx);
	n_wrong += t_poll(watch_changed(&waiting, &rx), &waiting_waker) != POLL_PENDING;
}

static void must_have_been_told_once(void)
{
	n_wrong += t_wakes(&waiting_waker) != 1;
	n_wrong += t_poll(&waiting.future, &waiting_waker) != POLL_READY;
	n_wrong += waiting.err != -EPIPE;
	n_wrong += t_held(&waiting_waker) != 0;
}

/* BEH src/sync/tests/loom_watch::multiple_sender_drop_concurrently */
TEST(watch_race_threads, of_two_senders_that_go_at_once_one_is_the_last)
{
	race_between(begin_to_wait, drop_sender, drop_other_sender, must_have_been_told_once);
}

static void drop_waiting(void)
{
	future_drop(&waiting.future);
}

static void must_hold_no_waker(void)
{
	n_wrong += t_held(&waiting_waker) != 0;
	watch_sender_drop(&other_tx);
}

TEST(watch_race_threads, a_send_against_a_wait_that_is_dropped)
{
	race_between(begin_to_wait, send_one, drop_waiting, must_hold_no_waker);
}

/* The waiter polls again, now under a waker of its own thread: a change wakes one of the two. */
static void wait_on(void)
{
	n_wrong += block_on_park(&waiting.future) != 0;
	n_wrong += waiting.err != 0 || get_number(&rx) != 1;
}

TEST(watch_race_threads, a_send_against_a_wait_that_changes_its_waker)
{
	race_between(begin_to_wait, send_one, wait_on, must_hold_no_waker);
}

TEST(watch_race_threads, the_last_receiver_that_goes_against_a_wait_for_the_end_and_a_send)
{
	race(await_closed, clone_and_drop);
	race(send_then_drop, clone_and_drop);
}
