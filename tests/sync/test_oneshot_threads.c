/*
 * The oneshot between two threads that meet before every round, so that each round is a race of
 * what one does against what the other does. Nothing is lost, nothing is destroyed twice, nobody
 * sleeps on.
 */
#define _GNU_SOURCE 1 /* meeting.h */

#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "executor/block_on_park.h"
#include "meeting.h"
#include "sync/oneshot.h"

enum { N_ROUNDS = 3000 };

static struct round {
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	int n;
	int sent;     /* what send said; 1: it was not called */
	int received; /* what receiving said; 1: it was not called */
	struct t_waker w[2];
} now;

static struct meeting meeting;
static atomic_int n_wrong, n_made, n_gone;

static int *make(int n)
{
	int *p = mem_alloc(sizeof *p);

	if (p)
		*p = n;
	n_wrong += !p;
	n_made++;
	return p;
}

static void drop_made(void *item)
{
	mem_free(*(int **)item, sizeof(int));
	n_gone++;
}

/* --- What one does --- */

static void send(void)
{
	int *p = make(now.n);

	now.sent = oneshot_send(&now.tx, &p);
	n_wrong += now.sent != 0 && now.sent != -EPIPE;
	if (now.sent)
		drop_made(&p);
}

static void drop_sender(void)
{
	oneshot_sender_drop(&now.tx);
}

static void await_closed_then_drop(void)
{
	struct oneshot_closed closed;

	n_wrong += block_on_park(oneshot_closed(&closed, &now.tx)) != 0;
	n_wrong += !oneshot_is_closed(&now.tx);
	oneshot_sender_drop(&now.tx);
}

static void await_closed_then_send(void)
{
	struct oneshot_closed closed;

	n_wrong += block_on_park(oneshot_closed(&closed, &now.tx)) != 0;
	send();
	n_wrong += now.sent != -EPIPE;
}

/* Waits with one poll, and goes: sometimes with the waker still in the channel. */
static void poll_closed_then_send(void)
{
	struct oneshot_closed closed;

	if (t_poll(oneshot_closed(&closed, &now.tx), &now.w[1]) == POLL_PENDING)
		future_drop(&closed.future);
	send();
}

/* --- What the other does --- */

static void took(int *p)
{
	n_wrong += *p != now.n;
	drop_made(&p);
}

static void await_value(void)
{
	struct oneshot_recv recv;
	int *p = NULL;

	n_wrong += block_on_park(oneshot_recv(&recv, &now.rx, &p)) != 0;
	now.received = recv.err;
	if (!recv.err)
		took(p);
	oneshot_receiver_drop(&now.rx);
}

static void drop_receiver(void)
{
	oneshot_receiver_drop(&now.rx);
}

static void close_then_drop(void)
{
	oneshot_close(&now.rx);
	oneshot_receiver_drop(&now.rx);
}

static void close_then_try(void)
{
	int *p = NULL;

	oneshot_close(&now.rx);
	now.received = oneshot_try_recv(&now.rx, &p);
	if (!now.received)
		took(p);
	oneshot_receiver_drop(&now.rx);
}

static void close_then_await(void)
{
	oneshot_close(&now.rx);
	await_value();
}

static void try_until_told(void)
{
	int *p = NULL;

	do
		now.received = oneshot_try_recv(&now.rx, &p);
	while (now.received == -EAGAIN);
	if (!now.received)
		took(p);
	oneshot_receiver_drop(&now.rx);
}

static void poll_then_drop(void)
{
	struct oneshot_recv recv;
	int *p = NULL;

	if (t_poll(oneshot_recv(&recv, &now.rx, &p), &now.w[0]) == POLL_READY && !recv.err)
		took(p);
	future_drop(&recv.future);
	oneshot_receiver_drop(&now.rx);
}

/* Waits under one waker, then under another one, which belongs to this thread: it must be woken. */
static void poll_then_await(void)
{
	struct oneshot_recv recv;
	int *p = NULL;

	oneshot_recv(&recv, &now.rx, &p);
	if (t_poll(&recv.future, &now.w[0]) == POLL_PENDING)
		n_wrong += block_on_park(&recv.future) != 0;
	now.received = recv.err;
	if (!recv.err)
		took(p);
	oneshot_receiver_drop(&now.rx);
}

/* --- The race --- */

static void begin_round(int n)
{
	now = (struct round){ .n = n, .sent = 1, .received = 1 };
	n_wrong += oneshot_open(&now.tx, &now.rx, int *, drop_made) != 0;
}

/*
 * Who was told that his value has been sent must be right about it, if the other looked to the
 * end.
 */
static void end_round(void)
{
	n_wrong += now.sent == 0 && now.received == -EPIPE;
	n_wrong += now.sent != 0 && now.received == 0;
	n_wrong += t_held(&now.w[0]) != 0 || t_held(&now.w[1]) != 0;
	n_wrong += atomic_load(&n_made) != atomic_load(&n_gone) || t_mem_live() != 0;
}

static void (*senders_part)(void), (*receivers_part)(void);

static void *run_sender(void *arg)
{
	meeting_spread(0);
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		meeting_start(&meeting, i, 0);
		senders_part();
		meeting_wait(&meeting);
	}
	return arg;
}

static void *run_receiver(void *arg)
{
	meeting_spread(1);
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		begin_round((int)i);
		meeting_start(&meeting, i, 1);
		receivers_part();
		meeting_wait(&meeting);
		end_round();
	}
	return arg;
}

/* What goes wrong is counted, and looked at in the end: nobody is left alone at the meeting. */
static void race(void (*sender)(void), void (*receiver)(void))
{
	pthread_t threads[2];

	t_mem_begin();
	n_wrong = n_made = n_gone = 0;
	senders_part = sender;
	receivers_part = receiver;
	meeting_init(&meeting, 2);
	CHECK_EQ(pthread_create(&threads[0], NULL, run_sender, NULL), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, run_receiver, NULL), 0);
	CHECK_EQ(pthread_join(threads[0], NULL), 0);
	CHECK_EQ(pthread_join(threads[1], NULL), 0);
	CHECK_EQ(n_wrong, 0);
}

/* BEH src/sync/tests/loom_oneshot::smoke */
TEST(oneshot_threads, a_send_against_an_await)
{
	race(send, await_value);
}

TEST(oneshot_threads, a_send_against_tries)
{
	race(send, try_until_told);
}

/* BEH src/sync/tests/loom_oneshot::changing_rx_task */
TEST(oneshot_threads, a_send_against_an_await_that_changes_its_waker)
{
	race(send, poll_then_await);
}

/* BEH src/sync/tests/loom_oneshot::drop_rx_after_poll */
TEST(oneshot_threads, a_send_against_a_receive_that_is_dropped)
{
	race(send, poll_then_drop);
}

TEST(oneshot_threads, a_send_against_a_receiver_that_goes)
{
	race(send, drop_receiver);
}

/* BEH src/sync/tests/loom_oneshot::try_recv_close */
TEST(oneshot_threads, a_send_against_a_close_and_a_try)
{
	race(send, close_then_try);
}

/* BEH src/sync/tests/loom_oneshot::recv_closed */
TEST(oneshot_threads, a_send_against_a_close_and_an_await)
{
	race(send, close_then_await);
}

TEST(oneshot_threads, a_sender_that_goes_against_an_await)
{
	race(drop_sender, await_value);
}

/* BEH futures-rs/futures-channel/oneshot::cancel_lots */
TEST(oneshot_threads, a_sender_that_goes_against_a_receiver_that_goes)
{
	race(drop_sender, drop_receiver);
	race(drop_sender, poll_then_drop);
}

TEST(oneshot_threads, who_waits_for_the_end_against_a_receiver_that_closes_and_goes)
{
	race(await_closed_then_drop, drop_receiver);
	race(await_closed_then_send, close_then_drop);
}

TEST(oneshot_threads, a_wait_for_the_end_that_is_dropped_against_a_close)
{
	race(poll_closed_then_send, close_then_try);
	race(poll_closed_then_send, drop_receiver);
}
