/*
 * The channel as a queue of work: producers and consumers are threads, and the consumers share the
 * one receiver under a mutex, which they hold while they wait. Every item is had by one of them.
 */
#include "mpsc_scene.h"

#include <pthread.h>
#include <stdatomic.h>

#include "executor/block_on_park.h"
#include "sync/mutex.h"

enum { N_PRODUCERS = 3, N_CONSUMERS = 3, N_EACH = 1000, N_ITEMS = N_PRODUCERS * N_EACH };

static struct mpsc_receiver rx;
static struct mutex mutex;
static size_t capacity; /* 0: unbounded */
static atomic_int n_had[N_ITEMS], n_wrong;

struct producer {
	pthread_t thread;
	struct mpsc_sender tx; /* owned */
	int first, n;
};

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (int i = 0; i < p->n; i++) {
		struct mpsc_send send_one;
		int item = p->first + i;

		n_wrong += block_on_park(mpsc_send(&send_one, &p->tx, &item)) != 0;
		n_wrong += send_one.err != 0;
	}
	mpsc_sender_drop(&p->tx);
	return NULL;
}

/* One item; -1: there will be none. */
static int receive_one(void)
{
	struct mpsc_recv r;
	int item = 0;

	n_wrong += capacity && mpsc_len(&rx) > capacity;
	n_wrong += block_on_park(mpsc_recv(&r, &rx, &item)) != 0;
	return r.err ? -1 : item;
}

static int receive_one_in_turn(void)
{
	struct mutex_lock l;
	int item;

	n_wrong += block_on_park(mutex_lock(&l, &mutex)) != 0;
	item = receive_one();
	mutex_unlock(&mutex);
	return item;
}

static void *consume(void *arg)
{
	int item;

	while ((item = receive_one_in_turn()) >= 0)
		n_had[item]++;
	return arg;
}

static struct mpsc_sender begin(size_t capacity_)
{
	struct mpsc_sender tx;

	t_mem_begin();
	capacity = capacity_;
	n_wrong = 0;
	mutex_init(&mutex);
	memset(n_had, 0, sizeof n_had);
	if (capacity)
		CHECK_EQ(mpsc_open(&tx, &rx, int, capacity, NULL), 0);
	else
		CHECK_EQ(mpsc_open_unbounded(&tx, &rx, int, NULL), 0);
	return tx;
}

static void many_to_many(size_t capacity_)
{
	struct mpsc_sender tx = begin(capacity_);
	struct producer p[N_PRODUCERS];
	pthread_t consumer[N_CONSUMERS];

	for (int i = 0; i < N_CONSUMERS; i++)
		CHECK_EQ(pthread_create(&consumer[i], NULL, consume, NULL), 0);
	for (int i = 0; i < N_PRODUCERS; i++) {
		p[i] = (struct producer){ .tx = mpsc_sender_clone(&tx), .n = N_EACH };
		p[i].first = i * N_EACH;
		CHECK_EQ(pthread_create(&p[i].thread, NULL, produce, &p[i]), 0);
	}
	mpsc_sender_drop(&tx);
	for (int i = 0; i < N_PRODUCERS; i++)
		CHECK_EQ(pthread_join(p[i].thread, NULL), 0);
	for (int i = 0; i < N_CONSUMERS; i++)
		CHECK_EQ(pthread_join(consumer[i], NULL), 0);
	mpsc_receiver_drop(&rx);
	CHECK_EQ(n_wrong, 0);
	for (int i = 0; i < N_ITEMS; i++)
		CHECK_EQ(n_had[i], 1);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH async-channel/bounded::mpmc */
/* BEH async-channel/bounded::len */
TEST(mpsc_shared_threads, every_item_is_had_by_one_and_never_more_are_queued_than_there_is_room_for)
{
	many_to_many(5);
}

/* BEH async-channel/unbounded::mpmc */
TEST(mpsc_shared_threads, every_item_of_an_unbounded_channel_is_had_by_one)
{
	many_to_many(0);
}

/* BEH async-channel/bounded::spsc */
TEST(mpsc_shared_threads, a_hundred_thousand_items_come_in_their_order)
{
	enum { N = 100000 };
	struct producer p = { .tx = begin(1000), .n = N };

	CHECK_EQ(pthread_create(&p.thread, NULL, produce, &p), 0);
	for (int i = 0; i < N; i++)
		CHECK_EQ(receive_one(), i);
	CHECK_EQ(receive_one(), -1);
	CHECK_EQ(pthread_join(p.thread, NULL), 0);
	mpsc_receiver_drop(&rx);
	CHECK_EQ(n_wrong, 0);
	CHECK_EQ(t_mem_live(), 0);
}
