/* broadcast: dropped at every poll, called from its own wakers, and against a naive model. */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "base/rand.h"
#include "sync/broadcast.h"

struct scene {
	struct broadcast_sender tx;
	struct broadcast_receiver rx;
	struct t_waker a, b;
	int value, values[4];
};

static void begin(struct scene *s, size_t capacity)
{
	t_mem_begin();
	*s = (struct scene){ .value = -1 };
	CHECK_EQ(broadcast_open(&s->tx, &s->rx, int, capacity, NULL, NULL), 0);
}

static void end(struct scene *s)
{
	broadcast_sender_drop(&s->tx);
	broadcast_receiver_drop(&s->rx);
	CHECK_EQ(t_held(&s->a) + t_held(&s->b), 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- Dropped at every poll --- */

/* Polled at most k times, under two wakers in turns; `happen` happens after the second poll. */
static bool ends_within(struct scene *s, struct future *f, unsigned k, void (*happen)(struct scene *))
{
	bool ready = false;

	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(f, i % 2 ? &s->b : &s->a) == POLL_READY;
		if (i == 1)
			happen(s);
	}
	future_drop(f);
	CHECK_EQ(t_held(&s->a) + t_held(&s->b), 0);
	return ready;
}

static void send_seven(struct scene *s)
{
	CHECK_EQ(broadcast_send(&s->tx, &(int){ 7 }), 1);
}

static void drop_receiver(struct scene *s)
{
	broadcast_receiver_drop(&s->rx);
}

static bool received_within(unsigned k)
{
	struct broadcast_recv recv;
	struct scene s;
	bool ready;

	begin(&s, 4);
	ready = ends_within(&s, broadcast_recv(&recv, &s.rx, &s.value), k, send_seven);
	CHECK_EQ(broadcast_receiver_len(&s.rx), k == 2); /* sent and not read: it is still there */
	end(&s);
	return ready;
}

TEST(broadcast_model, a_receive_may_be_dropped_at_every_poll_and_misses_nothing)
{
	t_cancel_at_every_poll(received_within);
}

static bool received_many_within(unsigned k)
{
	struct broadcast_recv_many recv;
	struct scene s;
	bool ready;

	begin(&s, 4);
	ready = ends_within(&s, broadcast_recv_many(&recv, &s.rx, s.values, 4), k, send_seven);
	CHECK_EQ(broadcast_receiver_len(&s.rx), k == 2);
	end(&s);
	return ready;
}

TEST(broadcast_model, a_receive_of_many_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(received_many_within);
}

static bool closed_within(unsigned k)
{
	struct broadcast_closed closed;
	struct scene s;
	bool ready;

	begin(&s, 4);
	ready = ends_within(&s, broadcast_closed(&closed, &s.tx), k, drop_receiver);
	end(&s);
	return ready;
}

TEST(broadcast_model, a_wait_for_the_end_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(closed_within);
}

/* --- Called from its own wakers --- */

static void meddle(void *arg)
{
	struct scene *s = arg;
	struct broadcast_receiver more = broadcast_subscribe(&s->tx);

	CHECK_EQ(broadcast_sender_len(&s->tx) > 4, false);
	broadcast_receiver_drop(&more);
}

TEST(broadcast_model, clone_wake_and_drop_may_call_the_channel)
{
	struct broadcast_recv recv;
	struct scene s;

	begin(&s, 4);
	s.a = (struct t_waker){ .on_clone = meddle, .on_wake = meddle, .on_drop = meddle, .arg = &s };
	CHECK_EQ(t_poll(broadcast_recv(&recv, &s.rx, &s.value), &s.a), POLL_PENDING);
	send_seven(&s);
	CHECK_EQ(t_poll(&recv.future, &s.a), POLL_READY);
	CHECK_EQ(t_poll(broadcast_recv(&recv, &s.rx, &s.value), &s.a), POLL_PENDING);
	future_drop(&recv.future);
	end(&s);
}

static void send_and_give_up_sender(void *arg)
{
	struct scene *s = arg;

	if (s->tx.chan) {
		send_seven(s);
		broadcast_sender_drop(&s->tx);
	}
}

TEST(broadcast_model, a_clone_that_sends_and_ends_the_channel_is_seen_at_once)
{
	struct broadcast_recv recv;
	struct scene s;

	begin(&s, 4);
	s.a = (struct t_waker){ .on_clone = send_and_give_up_sender, .arg = &s };
	CHECK_EQ(t_poll(broadcast_recv(&recv, &s.rx, &s.value), &s.a), POLL_READY);
	CHECK_EQ(s.value, 7);
	CHECK_EQ(t_poll(broadcast_recv(&recv, &s.rx, &s.value), &s.a), POLL_READY);
	CHECK_EQ(recv.err, -EPIPE);
	end(&s);
}

TEST(broadcast_model, forty_receivers_are_each_woken_once)
{
	struct broadcast_receiver rx[40];
	struct broadcast_recv recv[40];
	struct t_waker w[40];
	struct scene s;

	begin(&s, 4);
	for (int i = 0; i < 40; i++) {
		w[i] = t_waker();
		rx[i] = broadcast_subscribe(&s.tx);
		CHECK_EQ(t_poll(broadcast_recv(&recv[i], &rx[i], &s.value), &w[i]), POLL_PENDING);
	}
	CHECK_EQ(broadcast_send(&s.tx, &(int){ 1 }), 41);
	for (int i = 0; i < 40; i++) {
		CHECK_EQ(t_wakes(&w[i]), 1);
		CHECK_EQ(t_poll(&recv[i].future, &w[i]), POLL_READY);
		CHECK_EQ(t_held(&w[i]), 0);
		broadcast_receiver_drop(&rx[i]);
	}
	end(&s);
}

/* --- Against a naive model --- */

enum { RECEIVERS = 5, CAPACITY = 4, STEPS = 100000 };

/* Item i is alive while count[i] > 0; the model knows how many copies there must be. */
static int alive[STEPS];
static long n_alive;

static int clone_item(void *dst, const void *src)
{
	int i = *(const int *)src;

	if (i % 17 == 0)
		return -EIO;
	*(int *)dst = i;
	alive[i]++;
	n_alive++;
	return 0;
}

static void drop_item(void *item)
{
	int i = *(int *)item;

	CHECK(alive[i] > 0);
	alive[i]--;
	n_alive--;
}

struct model {
	struct broadcast_sender tx;
	struct broadcast_receiver rx[RECEIVERS];
	bool is_there[RECEIVERS];
	long next[RECEIVERS]; /* what it reads next, by the model */
	long tail;
};

static long oldest(const struct model *m)
{
	return m->tail > CAPACITY ? m->tail - CAPACITY : 0;
}

static void send_step(struct model *m)
{
	int item = (int)m->tail;
	long n = 0, said;

	for (int i = 0; i < RECEIVERS; i++)
		n += m->is_there[i];
	alive[item]++;
	n_alive++;
	said = broadcast_send(&m->tx, &item);
	CHECK_EQ(said, n ? n : -EPIPE);
	if (n)
		m->tail++;
	else
		drop_item(&item);
}

/* How many others have still to read that value: the last reader gets the original, and cannot fail. */
static bool is_last_reader(const struct model *m, int who)
{
	for (int i = 0; i < RECEIVERS; i++)
		if (i != who && m->is_there[i] && m->next[i] <= m->next[who])
			return false;
	return true;
}

static void receive_step(struct model *m, int who)
{
	uint64_t missed = 0;
	int item = -1;
	int said = broadcast_try_recv(&m->rx[who], &item, &missed);

	if (m->next[who] == m->tail) {
		CHECK_EQ(said, -EAGAIN);
	} else if (m->next[who] < oldest(m)) {
		CHECK_EQ(said, -EOVERFLOW);
		CHECK_EQ(missed, oldest(m) - m->next[who]);
		m->next[who] = oldest(m);
	} else if (m->next[who] % 17 == 0 && !is_last_reader(m, who)) {
		CHECK_EQ(said, -EIO);
		m->next[who]++;
	} else {
		CHECK_EQ(said, 0);
		CHECK_EQ(item, m->next[who]);
		drop_item(&item);
		m->next[who]++;
	}
}

static void come_or_go_step(struct model *m, int who)
{
	if (m->is_there[who]) {
		broadcast_receiver_drop(&m->rx[who]);
	} else {
		m->rx[who] = broadcast_subscribe(&m->tx);
		m->next[who] = m->tail;
	}
	m->is_there[who] = !m->is_there[who];
}

static void check_lengths(struct model *m)
{
	long slowest = m->tail;

	for (int i = 0; i < RECEIVERS; i++) {
		if (!m->is_there[i])
			continue;
		CHECK_EQ(broadcast_receiver_len(&m->rx[i]), m->tail - m->next[i]);
		slowest = m->next[i] < slowest ? m->next[i] : slowest;
	}
	CHECK_EQ(broadcast_sender_len(&m->tx), m->tail - (slowest > oldest(m) ? slowest : oldest(m)));
}

TEST(broadcast_model, a_hundred_thousand_steps_agree_with_the_naive_channel)
{
	struct rand r = { 2024 };
	static struct model m;

	t_mem_begin();
	memset(alive, 0, sizeof alive);
	n_alive = 0;
	m = (struct model){ 0 };
	CHECK_EQ(broadcast_open(&m.tx, NULL, int, CAPACITY, clone_item, drop_item), 0);
	for (int step = 0; step < STEPS; step++) {
		int who = (int)rand_below(&r, RECEIVERS);
		uint32_t what = rand_below(&r, 100);

		if (what < 40)
			send_step(&m);
		else if (what < 43)
			come_or_go_step(&m, who);
		else if (m.is_there[who])
			receive_step(&m, who);
		check_lengths(&m);
		CHECK(n_alive <= CAPACITY);
	}
	for (int i = 0; i < RECEIVERS; i++)
		if (m.is_there[i])
			broadcast_receiver_drop(&m.rx[i]);
	CHECK_EQ(n_alive, 0);
	broadcast_sender_drop(&m.tx);
	CHECK_EQ(t_mem_live(), 0);
}
