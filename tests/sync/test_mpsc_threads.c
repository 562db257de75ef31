/* The channel between threads that block on its futures. Nothing is lost, nothing leaks. */
#include "mpsc_scene.h"

#include <pthread.h>
#include <stdlib.h>

#include "executor/block_on_park.h"

enum { MAX_PRODUCERS = 8 };

/* A value on the heap, so that one that is lost, or destroyed twice, is noticed. */
struct parcel {
	int producer, n;
};

static atomic_int n_wrong, n_made, n_gone;

static struct parcel *make_parcel(int producer, int n)
{
	struct parcel *p = malloc(sizeof *p);

	if (!p)
		abort();
	*p = (struct parcel){ producer, n };
	atomic_fetch_add(&n_made, 1);
	return p;
}

static void drop_parcel(void *item)
{
	free(*(struct parcel **)item);
	atomic_fetch_add(&n_gone, 1);
}

struct producer {
	pthread_t thread;
	struct mpsc_sender tx;
	int id, n, n_sent;
};

static int send_parcel(struct mpsc_sender *tx, struct parcel *parcel, int how)
{
	struct mpsc_send wait;
	struct mpsc_reserve reserve_one;
	int err;

	if (how % 3 == 0) {
		err = block_on_park(mpsc_reserve(&reserve_one, tx, 1));
		if (err == 0)
			err = reserve_one.err;
		if (err == 0)
			mpsc_permit_send(&reserve_one.permit, &parcel);
		return err;
	}
	if (how % 3 == 1 && mpsc_try_send(tx, &parcel) == 0)
		return 0;
	err = block_on_park(mpsc_send(&wait, tx, &parcel));
	return err ? err : wait.err;
}

/* Sends its parcels, by all means there are, until the channel is closed. Owns its sender. */
static void *produce(void *arg)
{
	struct producer *p = arg;

	for (; p->n_sent < p->n; p->n_sent++) {
		struct parcel *parcel = make_parcel(p->id, p->n_sent);
		int how = mpsc_max_capacity(&p->tx) == SIZE_MAX ? 1 : p->n_sent;
		int err = send_parcel(&p->tx, parcel, how);

		if (err) {
			n_wrong += err != -EPIPE;
			drop_parcel(&parcel);
			break;
		}
	}
	mpsc_sender_drop(&p->tx);
	return NULL;
}

static struct mpsc_receiver begin_with(void *(*body)(void *), struct producer *p, int n_producers,
				       size_t capacity, int n)
{
	struct mpsc_sender tx;
	struct mpsc_receiver rx;

	n_wrong = n_made = n_gone = 0;
	t_mem_begin();
	if (capacity)
		CHECK_EQ(mpsc_open(&tx, &rx, struct parcel *, capacity, drop_parcel), 0);
	else
		CHECK_EQ(mpsc_open_unbounded(&tx, &rx, struct parcel *, drop_parcel), 0);
	for (int i = 0; i < n_producers; i++) {
		p[i] = (struct producer){ .tx = mpsc_sender_clone(&tx), .id = i, .n = n };
		CHECK_EQ(pthread_create(&p[i].thread, NULL, body, &p[i]), 0);
	}
	mpsc_sender_drop(&tx);
	return rx;
}

static struct mpsc_receiver begin(struct producer *p, int n_producers, size_t capacity, int n)
{
	return begin_with(produce, p, n_producers, capacity, n);
}

static void finish(struct producer *p, int n_producers)
{
	for (int i = 0; i < n_producers; i++)
		CHECK_EQ(pthread_join(p[i].thread, NULL), 0);
	CHECK_EQ(n_wrong, 0);
	CHECK_EQ(n_gone, n_made);
	CHECK_EQ(t_mem_live(), 0);
}

/* Each producer's parcels must come in the order of their sending. */
static void check_parcel(struct parcel *parcel, int *next)
{
	CHECK_EQ(parcel->n, next[parcel->producer]);
	next[parcel->producer]++;
	drop_parcel(&parcel);
}

static int receive_parcels(struct mpsc_receiver *rx, int *next, int at_most)
{
	struct mpsc_recv r;
	struct parcel *parcel;
	int n = 0;

	while (n < at_most) {
		CHECK_EQ(block_on_park(mpsc_recv(&r, rx, &parcel)), 0);
		if (r.err)
			return n;
		check_parcel(parcel, next);
		n++;
	}
	return n;
}

static void everything_arrives(int n_producers, size_t capacity, int n_each)
{
	struct producer p[MAX_PRODUCERS];
	int next[MAX_PRODUCERS] = { 0 };
	struct mpsc_receiver rx = begin(p, n_producers, capacity, n_each);

	CHECK_EQ(receive_parcels(&rx, next, INT32_MAX), n_producers * n_each);
	for (int i = 0; i < n_producers; i++)
		CHECK_EQ(next[i], n_each);
	mpsc_receiver_drop(&rx);
	finish(p, n_producers);
}

TEST(mpsc_threads, four_producers_and_one_consumer_lose_nothing)
{
	everything_arrives(4, 16, 2000);
}

/* BEH sync_mpsc::blocking_recv */
/* BEH futures-rs/futures-channel/mpsc::send_recv_threads */
/* BEH futures-rs/futures-channel/mpsc::send_recv_threads_no_capacity */
TEST(mpsc_threads, a_thread_blocks_until_another_has_sent)
{
	everything_arrives(1, 1, 500);
}

/* BEH futures-rs/futures-channel/mpsc::stress_shared_unbounded */
TEST(mpsc_threads, eight_threads_fill_an_unbounded_channel)
{
	everything_arrives(8, 0, 5000);
}

/* BEH futures-rs/futures-channel/mpsc::stress_shared_bounded_hard */
TEST(mpsc_threads, eight_threads_fight_for_one_slot)
{
	everything_arrives(8, 1, 500);
}

TEST(mpsc_threads, batches_lose_nothing_either)
{
	struct producer p[4];
	int next[4] = { 0 }, n = 0;
	struct mpsc_receiver rx = begin(p, 4, 64, 2000);
	struct mpsc_recv_many r;
	struct parcel *parcel[100];

	for (;;) {
		CHECK_EQ(block_on_park(mpsc_recv_many(&r, &rx, parcel, 100)), 0);
		if (r.err)
			break;
		for (size_t i = 0; i < r.n; i++, n++)
			check_parcel(parcel[i], next);
	}
	CHECK_EQ(n, 4 * 2000);
	mpsc_receiver_drop(&rx);
	finish(p, 4);
}

TEST(mpsc_threads, a_receiver_that_leaves_in_mid_traffic_leaves_nothing_behind)
{
	for (int round = 0; round < 50; round++) {
		struct producer p[4];
		int next[4] = { 0 };
		struct mpsc_receiver rx = begin(p, 4, round % 5, 200);

		receive_parcels(&rx, next, round * 16);
		mpsc_receiver_drop(&rx);
		finish(p, 4);
	}
}

/* BEH futures-rs/futures-channel/mpsc::stress_close_receiver */
TEST(mpsc_threads, after_a_close_exactly_what_was_sent_with_success_is_received)
{
	for (int round = 0; round < 50; round++) {
		struct producer p[4];
		int next[4] = { 0 };
		struct mpsc_receiver rx = begin(p, 4, 1 + round % 5, 200);

		receive_parcels(&rx, next, round * 16);
		mpsc_close(&rx);
		receive_parcels(&rx, next, INT32_MAX);
		mpsc_receiver_drop(&rx);
		finish(p, 4);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(next[i], p[i].n_sent);
	}
}

/* Waits in line with a future that it drops, over and over again. */
static void *change_ones_mind(void *arg)
{
	struct producer *p = arg;
	struct t_waker w = t_waker();
	struct mpsc_send wait;

	for (; p->n_sent < p->n && !mpsc_sender_is_closed(&p->tx);) {
		struct parcel *parcel = make_parcel(p->id, p->n_sent);

		if (t_poll(mpsc_send(&wait, &p->tx, &parcel), &w) == POLL_PENDING)
			future_drop(&wait.future);
		if (wait.err == 0)
			p->n_sent++;
		else
			drop_parcel(&parcel);
	}
	n_wrong += t_held(&w) != 0;
	mpsc_sender_drop(&p->tx);
	return NULL;
}

TEST(mpsc_threads, sends_that_are_dropped_while_they_wait_are_sent_once_or_not_at_all)
{
	struct producer p[3];
	int next[3] = { 0 };
	struct mpsc_receiver rx = begin_with(change_ones_mind, p, 3, 1, 500);

	CHECK_EQ(receive_parcels(&rx, next, INT32_MAX), 3 * 500);
	mpsc_receiver_drop(&rx);
	finish(p, 3);
}

static void *wait_for_the_end(void *arg)
{
	struct mpsc_sender tx = mpsc_sender_clone(arg);
	struct mpsc_closed closed;

	n_wrong += block_on_park(mpsc_closed(&closed, &tx)) != 0;
	n_wrong += !mpsc_sender_is_closed(&tx);
	mpsc_sender_drop(&tx);
	return NULL;
}

TEST(mpsc_threads, all_who_wait_for_the_end_see_it)
{
	for (int round = 0; round < 20; round++) {
		struct scene s = scene(1);
		pthread_t thread[4];

		n_wrong = 0;
		for (int i = 0; i < 4; i++)
			CHECK_EQ(pthread_create(&thread[i], NULL, wait_for_the_end, &s.tx), 0);
		mpsc_receiver_drop(&s.rx);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(pthread_join(thread[i], NULL), 0);
		CHECK_EQ(n_wrong, 0);
		scene_end(&s);
	}
}
