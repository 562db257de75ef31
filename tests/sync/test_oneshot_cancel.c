/*
 * The oneshot at the worst moment: dropped futures, every ending, and wakers that use the channel.
 */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "base/mem.h"
#include "sync/oneshot.h"

/* A value is a number on the heap, so that one that is lost, or destroyed twice, is noticed. */
struct scene {
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	struct oneshot_recv recv;
	struct oneshot_closed closed;
	int *slot;
};

static int n_dropped;

static int *make(int value)
{
	int *p = mem_alloc(sizeof *p);

	CHECK(p);
	*p = value;
	return p;
}

static void drop_made(void *item)
{
	mem_free(*(int **)item, sizeof(int));
	n_dropped++;
}

static void begin(struct scene *s)
{
	t_mem_begin();
	*s = (struct scene){ 0 };
	n_dropped = 0;
	CHECK_EQ(oneshot_open(&s->tx, &s->rx, int *, drop_made), 0);
}

/*
 * Gives up what is left; then there is nothing left, and `n` values were destroyed by the channel.
 */
static void end(struct scene *s, int n)
{
	oneshot_sender_drop(&s->tx);
	oneshot_receiver_drop(&s->rx);
	CHECK_EQ(t_mem_live(), 0);
	CHECK_EQ(n_dropped, n);
}

static void send(struct scene *s, int value)
{
	int *p = make(value);

	CHECK_EQ(oneshot_send(&s->tx, &p), 0);
	CHECK_PTR(s->tx.chan, NULL);
}

static void send_is_refused(struct scene *s)
{
	int *p = make(0);

	CHECK_EQ(oneshot_send(&s->tx, &p), -EPIPE);
	CHECK_PTR(s->tx.chan, NULL);
	mem_free(p, sizeof *p);
}

static void use_up(struct scene *s, int expected)
{
	CHECK_EQ(*s->slot, expected);
	mem_free(s->slot, sizeof *s->slot);
	s->slot = NULL;
}

static enum poll poll_recv(struct scene *s, struct t_waker *w)
{
	if (!future_is_live(&s->recv.future))
		oneshot_recv(&s->recv, &s->rx, &s->slot);
	return t_poll(&s->recv.future, w);
}

static enum poll poll_closed(struct scene *s, struct t_waker *w)
{
	if (!future_is_live(&s->closed.future))
		oneshot_closed(&s->closed, &s->tx);
	return t_poll(&s->closed.future, w);
}

/* --- Every ending --- */

TEST(oneshot_endings, a_value_that_is_received_is_the_receivers)
{
	struct scene s;
	struct t_waker w = t_waker();

	begin(&s);
	send(&s, 1);
	CHECK_EQ(poll_recv(&s, &w), POLL_READY);
	use_up(&s, 1);
	end(&s, 0);

	begin(&s);
	send(&s, 2);
	oneshot_close(&s.rx);
	CHECK_EQ(oneshot_try_recv(&s.rx, &s.slot), 0);
	use_up(&s, 2);
	end(&s, 0);
}

TEST(oneshot_endings, a_value_that_is_not_received_is_destroyed_with_the_receiver)
{
	struct scene s;

	begin(&s);
	send(&s, 1);
	oneshot_receiver_drop(&s.rx);
	CHECK_EQ(n_dropped, 1);
	CHECK_EQ(t_mem_live(), 0);
	end(&s, 1);

	begin(&s);
	send(&s, 1);
	oneshot_close(&s.rx);
	CHECK_EQ(n_dropped, 0);
	end(&s, 1);
}

/* BEH futures-rs/futures-channel/oneshot::close */
TEST(oneshot_endings, a_value_that_is_refused_stays_the_senders)
{
	struct scene s;

	begin(&s);
	oneshot_receiver_drop(&s.rx);
	send_is_refused(&s);
	CHECK_EQ(t_mem_live(), 0);
	end(&s, 0);

	begin(&s);
	oneshot_close(&s.rx);
	send_is_refused(&s);
	end(&s, 0);
}

TEST(oneshot_endings, without_a_value_either_end_may_go_first)
{
	struct scene s;

	begin(&s);
	oneshot_sender_drop(&s.tx);
	end(&s, 0);
	begin(&s);
	oneshot_receiver_drop(&s.rx);
	end(&s, 0);
	end(&s, 0); /* ends that are given up may be given up again */
}

struct large {
	unsigned char bytes[1000];
};

TEST(oneshot_endings, values_of_all_sizes_arrive_as_they_are)
{
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	struct large large, got_large = { 0 };
	char small = 7, got_small = 0;

	t_mem_begin();
	for (size_t i = 0; i < sizeof large; i++)
		large.bytes[i] = (unsigned char)(i * 7);
	CHECK_EQ(oneshot_open(&tx, &rx, struct large, NULL), 0);
	CHECK_EQ(oneshot_send(&tx, &large), 0);
	CHECK_EQ(oneshot_try_recv(&rx, &got_large), 0);
	CHECK(memcmp(&large, &got_large, sizeof large) == 0);
	oneshot_receiver_drop(&rx);
	CHECK_EQ(oneshot_open(&tx, &rx, char, NULL), 0);
	CHECK_EQ(oneshot_send(&tx, &small), 0);
	CHECK_EQ(oneshot_try_recv(&rx, &got_small), 0);
	CHECK_EQ(got_small, small);
	oneshot_receiver_drop(&rx);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(oneshot_endings, ends_that_could_not_be_opened_may_be_given_up)
{
	struct scene s = { 0 };

	t_mem_begin();
	t_mem_fail(0);
	n_dropped = 0;
	CHECK_EQ(oneshot_open(&s.tx, &s.rx, int *, drop_made), -ENOMEM);
	end(&s, 0);
}

/* --- Waiting for the receiver to go --- */

/* BEH futures-rs/futures-channel/oneshot::smoke_poll */
/* BEH futures-rs/futures-channel/oneshot::is_canceled */
TEST(oneshot_closed, it_is_pending_until_the_receiver_goes_and_ready_ever_after)
{
	struct scene s;
	struct t_waker w = t_waker();

	begin(&s);
	CHECK(!oneshot_is_closed(&s.tx));
	CHECK_EQ(poll_closed(&s, &w), POLL_PENDING);
	CHECK_EQ(poll_closed(&s, &w), POLL_PENDING);
	CHECK_EQ(w.clones, 1);
	oneshot_receiver_drop(&s.rx);
	CHECK(oneshot_is_closed(&s.tx));
	CHECK_EQ(poll_closed(&s, &w), POLL_READY);
	CHECK_EQ(poll_closed(&s, &w), POLL_READY);
	CHECK_EQ(t_held(&w), 0);
	end(&s, 0);
}

/* BEH futures-rs/futures-channel/oneshot::cancel_notifies */
/* BEH futures-rs/futures-channel/oneshot::close_wakes */
TEST(oneshot_closed, a_receiver_that_goes_and_one_that_closes_both_wake_it_once)
{
	struct scene s;
	struct t_waker w = t_waker();

	for (int closes = 0; closes <= 1; closes++) {
		begin(&s);
		CHECK_EQ(poll_closed(&s, &w), POLL_PENDING);
		if (closes)
			oneshot_close(&s.rx);
		oneshot_receiver_drop(&s.rx);
		CHECK_EQ(t_wakes(&w), 1);
		CHECK_EQ(poll_closed(&s, &w), POLL_READY);
		CHECK_EQ(t_held(&w), 0);
		end(&s, 0);
	}
}

TEST(oneshot_closed, both_futures_yield_by_their_budget)
{
	struct scene s;
	struct t_waker w = t_waker();
	unsigned budget = CONTEXT_BUDGET;

	begin(&s);
	oneshot_close(&s.rx);
	for (unsigned i = 0; i < CONTEXT_BUDGET; i++)
		CHECK_EQ(t_poll_budget(oneshot_closed(&s.closed, &s.tx), &w, &budget), POLL_READY);
	CHECK_EQ(t_poll_budget(oneshot_closed(&s.closed, &s.tx), &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	future_drop(&s.closed.future);
	oneshot_recv(&s.recv, &s.rx, &s.slot);
	CHECK_EQ(t_poll_budget(&s.recv.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&s.recv.future, &w, &budget), POLL_READY);
	CHECK_EQ(s.recv.err, -EPIPE);
	CHECK_EQ(budget, 0);
	CHECK_EQ(t_held(&w), 0);
	end(&s, 0);
}

/* --- Dropped at the wrong moment --- */

TEST(oneshot_cancel, a_dropped_receive_says_so_and_the_value_can_still_be_had)
{
	struct scene s;
	struct t_waker w = t_waker();

	begin(&s);
	future_drop(oneshot_recv(&s.recv, &s.rx, &s.slot));
	CHECK_EQ(s.recv.err, -ECANCELED);
	CHECK_EQ(poll_recv(&s, &w), POLL_PENDING);
	send(&s, 1);
	CHECK_EQ(t_wakes(&w), 1);
	future_drop(&s.recv.future); /* notified, and not polled */
	CHECK_EQ(s.recv.err, -ECANCELED);
	CHECK(!oneshot_is_terminated(&s.rx));
	CHECK_EQ(poll_recv(&s, &w), POLL_READY);
	use_up(&s, 1);
	CHECK_EQ(t_held(&w), 0);
	end(&s, 0);
}

TEST(oneshot_cancel, one_that_was_never_polled_takes_nothing_from_one_that_waits)
{
	struct scene s;
	struct oneshot_recv idle_recv;
	struct oneshot_closed idle_closed;
	struct t_waker w = t_waker();

	begin(&s);
	CHECK_EQ(poll_recv(&s, &w), POLL_PENDING);
	CHECK_EQ(poll_closed(&s, &w), POLL_PENDING);
	future_drop(oneshot_recv(&idle_recv, &s.rx, &s.slot));
	future_drop(oneshot_closed(&idle_closed, &s.tx));
	CHECK_EQ(t_held(&w), 2);
	oneshot_close(&s.rx);
	CHECK_EQ(t_wakes(&w), 2);
	future_drop(&s.closed.future);
	CHECK_EQ(poll_recv(&s, &w), POLL_READY);
	end(&s, 0);
}

TEST(oneshot_cancel, a_receive_that_waits_is_woken_when_its_own_end_is_closed)
{
	struct scene s;
	struct t_waker w = t_waker();

	begin(&s);
	CHECK_EQ(poll_recv(&s, &w), POLL_PENDING);
	oneshot_close(&s.rx);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(poll_recv(&s, &w), POLL_READY);
	CHECK_EQ(s.recv.err, -EPIPE);
	CHECK_EQ(t_held(&w), 0);
	end(&s, 0);
}

TEST_BUG(oneshot_cancel, two_futures_that_wait_at_one_end_are_a_bug)
{
	struct scene s;
	struct oneshot_recv second;
	struct t_waker w = t_waker(), other = t_waker();

	begin(&s);
	poll_recv(&s, &w);
	t_poll(oneshot_recv(&second, &s.rx, &s.slot), &other);
}

TEST_BUG(oneshot_cancel, a_second_send_is_a_bug)
{
	struct scene s;

	begin(&s);
	send(&s, 1);
	send(&s, 2);
}

/* What ends the wait, after the second poll. */
static enum { BY_SEND, BY_SENDER_DROP, BY_CLOSE, N_WAYS } way;

static bool recv_within(unsigned k)
{
	struct scene s;
	struct t_waker w[2] = { 0 };
	bool ready = false;

	begin(&s);
	oneshot_recv(&s.recv, &s.rx, &s.slot);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&s.recv.future, &w[i % 2]) == POLL_READY;
		if (i == 1 && way == BY_SEND)
			send(&s, 1);
		else if (i == 1 && way == BY_SENDER_DROP)
			oneshot_sender_drop(&s.tx);
		else if (i == 1)
			oneshot_close(&s.rx);
	}
	future_drop(&s.recv.future);
	CHECK_EQ(t_held(&w[0]) + t_held(&w[1]), 0);
	CHECK_EQ(s.recv.err, !ready ? -ECANCELED : way == BY_SEND ? 0 : -EPIPE);
	CHECK_EQ(oneshot_is_terminated(&s.rx), ready);
	if (ready && way == BY_SEND)
		use_up(&s, 1);
	end(&s, !ready && k == 2 && way == BY_SEND);
	return ready;
}

TEST(oneshot_cancel, recv_at_every_poll_whatever_ends_it)
{
	for (way = 0; way < N_WAYS; way++)
		t_cancel_at_every_poll(recv_within);
}

static bool closed_within(unsigned k)
{
	struct scene s;
	struct t_waker w[2] = { 0 };
	bool ready = false;

	begin(&s);
	oneshot_closed(&s.closed, &s.tx);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&s.closed.future, &w[i % 2]) == POLL_READY;
		if (i == 1 && way == BY_CLOSE)
			oneshot_close(&s.rx);
		else if (i == 1)
			oneshot_receiver_drop(&s.rx);
	}
	future_drop(&s.closed.future);
	CHECK_EQ(t_held(&w[0]) + t_held(&w[1]), 0);
	if (k < 2)
		send(&s, 1);
	else
		send_is_refused(&s);
	end(&s, k < 2);
	return ready;
}

TEST(oneshot_cancel, closed_at_every_poll)
{
	for (way = 0; way < N_WAYS; way++)
		t_cancel_at_every_poll(closed_within);
}
