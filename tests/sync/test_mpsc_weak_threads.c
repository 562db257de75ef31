/*
 * Weak senders between threads that meet before every round: the last sender goes while a weak one
 * becomes a sender. Either it has, and its item is received before the end; or the end has come.
 */
#define _GNU_SOURCE 1 /* meeting.h */

#include "mpsc_scene.h"

#include <pthread.h>

#include "executor/block_on_park.h"
#include "meeting.h"

enum { N_ROUNDS = 3000, N_THREADS = 3 };

static struct mpsc_sender tx;
static struct mpsc_receiver rx;
static struct mpsc_weak_sender weak[2];
static struct meeting meeting;
static atomic_int n_wrong, n_sent, n_received;

static void build(void)
{
	n_wrong += mpsc_open(&tx, &rx, int, 4, NULL) != 0;
	weak[0] = mpsc_downgrade(&tx);
	weak[1] = mpsc_weak_sender_clone(&weak[0]);
	n_sent = n_received = 0;
}

static void drop_last_sender(void)
{
	mpsc_sender_drop(&tx);
	mpsc_weak_sender_drop(&weak[1]);
}

static void upgrade_and_send(void)
{
	struct mpsc_sender again = mpsc_upgrade(&weak[0]);
	int n = 5;

	if (again.chan)
		n_sent += mpsc_try_send(&again, &n) == 0;
	mpsc_weak_sender_drop(&weak[0]);
	mpsc_sender_drop(&again);
}

static void receive_all(void)
{
	for (;;) {
		struct mpsc_recv recv;
		int slot = 0;

		n_wrong += block_on_park(mpsc_recv(&recv, &rx, &slot)) != 0;
		if (recv.err)
			break;
		n_wrong += slot != 5;
		n_received++;
	}
	n_wrong += mpsc_n_senders(&rx) != 0;
	mpsc_receiver_drop(&rx);
}

static void (*const act[N_THREADS])(void) = { drop_last_sender, upgrade_and_send, receive_all };

static void *takes_part(void *arg)
{
	unsigned who = (unsigned)(size_t)arg;

	meeting_spread(who);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		if (who == 0)
			build();
		meeting_start(&meeting, round, who);
		act[who]();
		meeting_wait(&meeting);
		n_wrong += who == 0 && n_sent != n_received;
	}
	return NULL;
}

TEST(mpsc_weak_threads, an_upgrade_comes_before_the_end_or_not_at_all)
{
	pthread_t thread[N_THREADS];

	t_mem_begin();
	atomic_store(&n_wrong, 0);
	meeting_init(&meeting, N_THREADS);
	for (size_t i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, takes_part, (void *)i), 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	CHECK_EQ(t_mem_live(), 0);
}
