/*
 * The channel against a naive model of it, step by random step.
 *
 * The model is what broadcast.h promises, written without a thought for speed: the number of the
 * next value, and for each receiver the number of the one that it reads next. After each step both
 * must agree on every length and count, on who has been woken, and on which values exist: one that
 * somebody has still to read exactly once, any other one not at all.
 */
#include "broadcast_scene.h"

#include "base/rand.h"

enum { N_STEPS = 100000, ROUND_STEPS = 250, N_RX = 5, N_TX = 3, MANY = 3 };

/* A receiver, a future that it may wait with, and what the model thinks of them. */
struct listener {
	struct broadcast_receiver rx;
	struct broadcast_recv recv;
	struct broadcast_recv_many many;
	struct future *waiting; /* one of the two, or NULL */
	struct t_waker w[2];
	long slot[MANY];

	long next;
	bool is_queued;
	int waker_no; /* which is in the queue */
	int n_wakes[2];
};

static struct {
	struct broadcast_sender tx[N_TX];
	struct broadcast_weak_sender weak;
	struct listener l[N_RX];
	struct broadcast_closed closed;
	struct t_waker closed_w;
	struct rand rand;

	long capacity, tail;
	bool plain; /* items are copied as they are, and not counted */
	bool closing_queued;
	int closing_wakes;
	int sick, illness;           /* values of which no copy can be made now, and why */
	int n_alive[ROUND_STEPS];    /* of each value: the original and its copies */
} m;

static int below(uint32_t n)
{
	return (int)rand_below(&m.rand, n);
}

/* --- Items: a number, counted --- */

static bool is_sick(long value)
{
	return value % 4 == m.sick && !m.plain;
}

static int clone_item(void *dst, const void *src)
{
	long value = *(const long *)src;

	CHECK(m.n_alive[value] > 0);
	if (is_sick(value))
		return m.illness;
	*(long *)dst = value;
	m.n_alive[value]++;
	return 0;
}

static void drop_item(void *item)
{
	long value = *(long *)item;

	CHECK(m.n_alive[value] > 0);
	m.n_alive[value]--;
}

/* --- The model --- */

static long n_senders(void)
{
	long n = 0;

	for (int i = 0; i < N_TX; i++)
		n += m.tx[i].chan != NULL;
	return n;
}

static long n_receivers(void)
{
	long n = 0;

	for (int i = 0; i < N_RX; i++)
		n += m.l[i].rx.chan != NULL;
	return n;
}

static long oldest(void)
{
	return m.tail > m.capacity ? m.tail - m.capacity : 0;
}

/* How many have still to read it. */
static int n_readers(long value)
{
	int n = 0;

	for (int i = 0; i < N_RX; i++)
		n += m.l[i].rx.chan && m.l[i].next <= value && value >= oldest();
	return n;
}

static void wake_listeners(void)
{
	for (int i = 0; i < N_RX; i++) {
		struct listener *l = &m.l[i];

		l->n_wakes[l->waker_no] += l->is_queued;
		l->is_queued = false;
	}
}

static void wake_closing(void)
{
	m.closing_wakes += m.closing_queued;
	m.closing_queued = false;
}

/* What a read of up to `max` says, 0 for "nothing yet"; the cursor moves. */
static long expected_read(struct listener *l, int max, long *missed)
{
	int n = 0;

	if (l->next == m.tail)
		return n_senders() ? 0 : -EPIPE;
	if (l->next < oldest()) {
		*missed = oldest() - l->next;
		l->next = oldest();
		return -EOVERFLOW;
	}
	for (; n < max && l->next < m.tail; n++, l->next++)
		if (is_sick(l->next) && n_readers(l->next) > 1)
			break;
	if (n == 0) {
		l->next++;
		return m.illness;
	}
	return n;
}

/* What was handed out must be `n` values up to the cursor; they end here. */
static void consume(struct listener *l, long n)
{
	for (long i = 0; i < n; i++) {
		CHECK_EQ(l->slot[i], l->next - n + i);
		if (!m.plain)
			drop_item(&l->slot[i]);
	}
}

static void check_listener(struct listener *l)
{
	CHECK_EQ(l->w[0].wakes, l->n_wakes[0]);
	CHECK_EQ(l->w[1].wakes, l->n_wakes[1]);
	CHECK_EQ(t_held(&l->w[0]), l->is_queued && l->waker_no == 0);
	CHECK_EQ(t_held(&l->w[1]), l->is_queued && l->waker_no == 1);
	if (l->rx.chan)
		CHECK_EQ(broadcast_receiver_len(&l->rx), m.tail - l->next);
}

static void check_all(void)
{
	long len = 0, first = m.tail - 2 * m.capacity;

	for (int i = 0; i < N_RX; i++)
		check_listener(&m.l[i]);
	CHECK_EQ(m.closed_w.wakes, m.closing_wakes);
	CHECK_EQ(t_held(&m.closed_w), m.closing_queued);
	for (long value = first > 0 ? first : 0; value < m.tail; value++) {
		len += n_readers(value) > 0;
		if (!m.plain)
			CHECK_EQ(m.n_alive[value], n_readers(value) > 0);
	}
	for (int i = 0; i < N_TX; i++) {
		if (!m.tx[i].chan)
			continue;
		CHECK_EQ(broadcast_sender_len(&m.tx[i]), len);
		CHECK_EQ(broadcast_n_receivers(&m.tx[i]), n_receivers());
		CHECK_EQ(broadcast_n_senders(&m.tx[i]), n_senders());
		CHECK_EQ(broadcast_n_weak_senders(&m.tx[i]), m.weak.chan != NULL);
	}
}

/* --- The steps --- */

static void step_send(struct broadcast_sender *tx)
{
	long value = m.tail;
	long n = n_receivers();

	if (!tx->chan)
		return;
	m.n_alive[value] = 1;
	CHECK_EQ(broadcast_send(tx, &value), n ? n : -EPIPE);
	if (n == 0) {
		drop_item(&value);
		return;
	}
	m.tail++;
	wake_listeners();
}

static void step_try_recv(struct listener *l)
{
	long missed = -1, expected;
	uint64_t told = UINT64_MAX;
	int max = 1 + below(MANY);

	expected = expected_read(l, max, &missed);
	if (max == 1)
		CHECK_EQ(broadcast_try_recv(&l->rx, l->slot, &told),
			 expected > 0 ? 0 : expected ? expected : -EAGAIN);
	else
		CHECK_EQ(broadcast_try_recv_many(&l->rx, l->slot, max, &told),
			 expected ? expected : -EAGAIN);
	CHECK_EQ(told, missed);
	consume(l, expected);
}

static void step_poll(struct listener *l)
{
	long missed = 0, expected;
	int waker_no = below(2);
	bool many;

	if (!l->waiting)
		l->waiting = below(2) ? broadcast_recv(&l->recv, &l->rx, l->slot)
				      : broadcast_recv_many(&l->many, &l->rx, l->slot, MANY);
	many = l->waiting == &l->many.future;
	expected = expected_read(l, many ? MANY : 1, &missed);
	CHECK_EQ(t_poll(l->waiting, &l->w[waker_no]), expected ? POLL_READY : POLL_PENDING);
	l->is_queued = expected == 0;
	l->waker_no = waker_no;
	if (expected == 0)
		return;
	l->waiting = NULL;
	CHECK_EQ(many ? l->many.err : l->recv.err, expected > 0 ? 0 : expected);
	if (many)
		CHECK_EQ(l->many.n, expected > 0 ? expected : 0);
	if (expected == -EOVERFLOW)
		CHECK_EQ(many ? l->many.missed : l->recv.missed, missed);
	consume(l, expected);
}

static void step_cancel(struct listener *l)
{
	if (l->waiting)
		future_drop(l->waiting);
	l->waiting = NULL;
	l->is_queued = false;
}

static void step_leave(struct listener *l)
{
	step_cancel(l);
	broadcast_receiver_drop(&l->rx);
	if (n_receivers() == 0)
		wake_closing();
}

static void step_come(struct listener *l)
{
	int other = below(N_RX), sender = below(N_TX);

	if (m.l[other].rx.chan)
		l->rx = broadcast_resubscribe(&m.l[other].rx);
	else if (m.tx[sender].chan)
		l->rx = broadcast_subscribe(&m.tx[sender]);
	l->next = m.tail;
}

/* The future borrows the first sender. */
static void step_closed(void)
{
	if (!future_is_live(&m.closed.future))
		broadcast_closed(&m.closed, &m.tx[0]);
	m.closing_queued = n_receivers() > 0;
	CHECK_EQ(t_poll(&m.closed.future, &m.closed_w),
		 m.closing_queued ? POLL_PENDING : POLL_READY);
}

static void step_sender_goes(int i)
{
	bool was_last = m.tx[i].chan && n_senders() == 1;

	if (i == 0) {
		future_drop(&m.closed.future);
		m.closing_queued = false;
	}
	broadcast_sender_drop(&m.tx[i]);
	if (was_last)
		wake_listeners();
}

/* A slot without a sender gets one, if that is possible; a sender goes, but seldom. */
static void step_sender(int i)
{
	long n = n_senders();

	if (!m.tx[i].chan && m.weak.chan) {
		m.tx[i] = broadcast_upgrade(&m.weak);
		CHECK_EQ(m.tx[i].chan != NULL, n > 0);
	} else if (!m.tx[i].chan && m.tx[(i + 1) % N_TX].chan) {
		m.tx[i] = broadcast_sender_clone(&m.tx[(i + 1) % N_TX]);
	} else if (m.tx[i].chan && below(4) == 0) {
		step_sender_goes(i);
	} else if (m.weak.chan) {
		broadcast_weak_sender_drop(&m.weak);
	} else if (m.tx[i].chan) {
		m.weak = broadcast_downgrade(&m.tx[i]);
	}
}

static void step(void)
{
	struct listener *l = &m.l[below(N_RX)];
	int what = below(100);

	m.sick = below(8); /* above 3: none */
	m.illness = below(2) ? -EIO : -EAGAIN;
	if (what < 40)
		step_send(&m.tx[below(N_TX)]);
	else if (what < 48)
		step_sender(below(N_TX));
	else if (what < 52 && m.tx[0].chan)
		step_closed();
	else if (!l->rx.chan)
		step_come(l);
	else if (what < 56)
		step_leave(l);
	else if (what < 60)
		step_cancel(l);
	else if (what < 70)
		step_try_recv(l);
	else
		step_poll(l);
}

static void end_round(void)
{
	for (int i = 0; i < N_TX; i++)
		step_sender_goes(i);
	for (int i = 0; i < N_RX; i++)
		step_leave(&m.l[i]);
	check_all();
	broadcast_weak_sender_drop(&m.weak);
	CHECK_EQ(t_mem_live(), 0);
	for (long value = 0; value < m.tail && !m.plain; value++)
		CHECK_EQ(m.n_alive[value], 0);
}

static void run_round(uint32_t seed)
{
	size_t capacity = 1 + seed % 7;

	t_mem_begin();
	memset(&m, 0, sizeof m);
	m.rand.state = seed;
	m.capacity = capacity <= 2 ? (long)capacity : capacity <= 4 ? 4 : 8;
	m.plain = seed % 3 == 0;
	CHECK_EQ(broadcast_open(&m.tx[0], seed % 2 ? &m.l[0].rx : NULL, long, capacity,
				m.plain ? NULL : clone_item, m.plain ? NULL : drop_item),
		 0);
	for (int i = 0; i < ROUND_STEPS; i++) {
		step();
		check_all();
	}
	end_round();
}

TEST(broadcast_model, a_hundred_thousand_random_steps_agree_with_a_naive_model)
{
	for (uint32_t seed = 1; seed <= N_STEPS / ROUND_STEPS; seed++)
		run_round(seed);
}
