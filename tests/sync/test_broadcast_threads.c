/* broadcast between threads: what fits into the ring is neither lost nor doubled, and all comes back. */
#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <pthread.h>

#include "executor/block_on_park.h"
#include "sync/broadcast.h"

enum { LISTENERS = 3, SENDERS = 2, EACH = 2000 };

struct listener {
	struct broadcast_receiver rx;
	long n, sum;
	long missed;
};

static void *listen_thread(void *arg)
{
	struct listener *l = arg;
	struct broadcast_recv recv;
	long value;

	for (;;) {
		CHECK_EQ(block_on_park(broadcast_recv(&recv, &l->rx, &value)), 0);
		if (recv.err == -EPIPE)
			break;
		if (recv.err == -EOVERFLOW) {
			l->missed += (long)recv.missed;
			continue;
		}
		l->n++;
		l->sum += value;
	}
	broadcast_receiver_drop(&l->rx);
	return NULL;
}

static void *send_thread(void *arg)
{
	struct broadcast_sender tx = *(struct broadcast_sender *)arg;

	for (long i = 1; i <= EACH; i++)
		CHECK_EQ(broadcast_send(&tx, &i), LISTENERS);
	broadcast_sender_drop(&tx);
	return NULL;
}

static void run(size_t capacity, bool may_miss)
{
	struct listener l[LISTENERS] = { 0 };
	struct broadcast_sender tx, clones[SENDERS];
	pthread_t listeners[LISTENERS], senders[SENDERS];

	t_mem_begin();
	CHECK_EQ(broadcast_open(&tx, NULL, long, capacity, NULL, NULL), 0);
	for (int i = 0; i < LISTENERS; i++)
		l[i].rx = broadcast_subscribe(&tx);
	for (int i = 0; i < SENDERS; i++)
		clones[i] = broadcast_sender_clone(&tx);
	for (int i = 0; i < LISTENERS; i++)
		CHECK_EQ(pthread_create(&listeners[i], NULL, listen_thread, &l[i]), 0);
	for (int i = 0; i < SENDERS; i++)
		CHECK_EQ(pthread_create(&senders[i], NULL, send_thread, &clones[i]), 0);
	for (int i = 0; i < SENDERS; i++)
		CHECK_EQ(pthread_join(senders[i], NULL), 0);
	broadcast_sender_drop(&tx);
	for (int i = 0; i < LISTENERS; i++) {
		CHECK_EQ(pthread_join(listeners[i], NULL), 0);
		CHECK_EQ(l[i].n + l[i].missed, SENDERS * EACH);
		if (!may_miss)
			CHECK_EQ(l[i].sum, (long)SENDERS * EACH * (EACH + 1) / 2);
	}
	CHECK_EQ(t_mem_live(), 0);
}

TEST(broadcast_threads, within_the_ring_every_listener_hears_everything)
{
	run(SENDERS * EACH, false);
}

TEST(broadcast_threads, beyond_it_what_is_heard_and_what_is_missed_add_up)
{
	run(8, true);
}
