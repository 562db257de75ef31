/* futures_unordered whose children are woken by other threads, while it sleeps, polls or goes. */
#define _GNU_SOURCE 1 /* meeting.h */

#include "stream/futures_unordered.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/lock.h"
#include "base/rand.h"
#include "executor/block_on_park.h"
#include "sync/meeting.h"
#include "sync/oneshot.h"
#include "t.h"
#include "t_future.h"

/* --- Senders in random order --- */

enum { N_CHILDREN = 100, N_SENDERS = 2, N_STRESS_ROUNDS = 300 };

struct letter {
	struct oneshot_recv recv; /* first: `done` is its future */
	struct futures_member member;
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	int value;
};

static struct letter letters[N_CHILDREN];
static int order[N_CHILDREN]; /* in which they are sent; every sender takes every N_SENDERS-th */
static atomic_int n_wrong;

static void shuffle(struct rand *r)
{
	for (int i = 0; i < N_CHILDREN; i++) {
		int k = (int)rand_below(r, (uint32_t)i + 1);

		order[i] = order[k];
		order[k] = i;
	}
}

static void *sends(void *arg)
{
	for (int i = *(int *)arg; i < N_CHILDREN; i += N_SENDERS)
		n_wrong += oneshot_send(&letters[order[i]].tx, &order[i]) != 0;
	return NULL;
}

static void open_letters(struct futures_unordered *set)
{
	for (int i = 0; i < N_CHILDREN; i++) {
		struct letter *l = &letters[i];

		*l = (struct letter){ .value = -1 };
		CHECK_EQ(oneshot_open(&l->tx, &l->rx, int, NULL), 0);
		CHECK_EQ(futures_unordered_push(set, &l->member,
						oneshot_recv(&l->recv, &l->rx, &l->value)), 0);
	}
}

static void receive_all(struct futures_unordered *set)
{
	struct futures_unordered_next next;

	for (int n = N_CHILDREN; n >= 0; n--) {
		struct letter *l;

		CHECK_EQ(set->n, n);
		CHECK_EQ(block_on_park(futures_unordered_next(&next, set)), 0);
		l = future_of(next.done, struct letter);
		CHECK_EQ(l == NULL, n == 0);
		if (l)
			CHECK_EQ(l->value, l - letters);
	}
}

/* BEH futures-rs/futures/ready_queue::stress */
TEST(futures_unordered_threads, every_child_comes_out_once_whatever_the_order_of_the_wakes)
{
	struct futures_unordered set = { 0 };
	struct rand rand = { 7 };
	int first[N_SENDERS];

	atomic_store(&n_wrong, 0);
	for (int round = 0; round < N_STRESS_ROUNDS; round++) {
		pthread_t thread[N_SENDERS];

		shuffle(&rand);
		open_letters(&set);
		for (int i = 0; i < N_SENDERS; i++) {
			first[i] = i;
			CHECK_EQ(pthread_create(&thread[i], NULL, sends, &first[i]), 0);
		}
		receive_all(&set);
		for (int i = 0; i < N_SENDERS; i++)
			CHECK_EQ(pthread_join(thread[i], NULL), 0);
		for (int i = 0; i < N_CHILDREN; i++)
			oneshot_receiver_drop(&letters[i].rx);
	}
	futures_unordered_clear(&set);
	CHECK_EQ(atomic_load(&n_wrong), 0);
}

/* --- A waker in another thread's hand --- */

/* A child that leaves its waker where another thread takes it. */
struct handing {
	struct future future;
	struct futures_member member;
};

enum { N_ROUNDS = 10000 };

static struct meeting meeting;
static struct lock hand_lock;
static struct waker hand;
static atomic_bool is_open;

static void hand_out(struct waker fresh)
{
	struct waker stale;

	lock_acquire(&hand_lock);
	stale = hand;
	hand = fresh;
	lock_release(&hand_lock);
	waker_drop(&stale);
}

static enum poll poll_handing(struct future *f, struct context *cx)
{
	(void)f;
	hand_out(waker_clone(cx->waker));
	return atomic_load(&is_open) ? POLL_READY : POLL_PENDING;
}

static const struct future_ops handing_ops = FUTURE_OPS("handing", poll_handing, NULL);

static struct waker take_hand(void)
{
	struct waker taken;

	lock_acquire(&hand_lock);
	taken = waker_take(&hand);
	lock_release(&hand_lock);
	return taken;
}

static void push_handing(struct futures_unordered *set, struct handing *h)
{
	*h = (struct handing){ .future = future_init(&handing_ops) };
	CHECK_EQ(futures_unordered_push(set, &h->member, &h->future), 0);
}

static void *wakes_what_it_is_handed(void *arg)
{
	meeting_spread(1);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		struct waker taken;

		meeting_start(&meeting, round, 1);
		taken = take_hand();
		if (round % 2)
			waker_wake_by_ref(&taken);
		else
			waker_wake(&taken);
		waker_drop(&taken);
		meeting_wait(&meeting);
	}
	return arg;
}

/* BEH futures-rs/futures/stream_futures_unordered::clear_in_loop */
TEST(futures_unordered_threads, it_may_be_cleared_while_another_thread_wakes_a_child)
{
	struct futures_unordered set = { 0 };
	struct futures_unordered_next next;
	struct handing h;
	struct t_waker w = t_waker();
	pthread_t thread;

	t_mem_begin();
	meeting_init(&meeting, 2);
	atomic_store(&is_open, false);
	CHECK_EQ(pthread_create(&thread, NULL, wakes_what_it_is_handed, NULL), 0);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		push_handing(&set, &h);
		CHECK_EQ(t_poll(futures_unordered_next(&next, &set), &w), POLL_PENDING);
		meeting_start(&meeting, round, 0);
		if (round % 3 == 0)
			future_drop(&next.future);
		if (round % 3 == 1)
			futures_unordered_remove(&set, &h.member);
		futures_unordered_clear(&set);
		future_drop(&next.future);
		meeting_wait(&meeting);
		hand_out((struct waker){ 0 });
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(t_held(&w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

static void *opens_and_wakes(void *arg)
{
	meeting_spread(1);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		struct waker taken;

		meeting_start(&meeting, round, 1);
		atomic_store(&is_open, true);
		taken = take_hand();
		waker_wake(&taken);
		meeting_wait(&meeting);
	}
	return arg;
}

/* The child is polled and the thread goes to sleep, in the very moment in which it is woken. */
TEST(futures_unordered_threads, a_wake_between_the_poll_of_a_child_and_the_sleep_is_not_lost)
{
	struct futures_unordered set = { 0 };
	struct futures_unordered_next next;
	struct handing h;
	pthread_t thread;

	t_mem_begin();
	meeting_init(&meeting, 2);
	CHECK_EQ(pthread_create(&thread, NULL, opens_and_wakes, NULL), 0);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		atomic_store(&is_open, false);
		push_handing(&set, &h);
		meeting_start(&meeting, round, 0);
		CHECK_EQ(block_on_park(futures_unordered_next(&next, &set)), 0);
		CHECK_PTR(next.done, &h);
		meeting_wait(&meeting);
		hand_out((struct waker){ 0 });
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	futures_unordered_clear(&set);
	CHECK_EQ(t_mem_live(), 0);
}
