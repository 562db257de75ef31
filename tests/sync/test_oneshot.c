/* oneshot: what Tokio's suite asserts of it, row by row; then what can go wrong at any moment. */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/oneshot.h"

struct pair {
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	struct oneshot_recv recv;
	struct oneshot_closed closed;
	struct t_waker a, b;
	int slot;
};

static unsigned n_dropped;

static void count_drop(void *item)
{
	(void)item;
	n_dropped++;
}

static void begin(struct pair *p)
{
	t_mem_begin();
	*p = (struct pair){ .slot = -1 };
	n_dropped = 0;
	CHECK_EQ(oneshot_open(&p->tx, &p->rx, int, count_drop), 0);
}

static void end(struct pair *p)
{
	oneshot_sender_drop(&p->tx);
	oneshot_receiver_drop(&p->rx);
	CHECK_EQ(t_held(&p->a) + t_held(&p->b), 0);
	CHECK_EQ(t_mem_live(), 0);
}

static enum poll recv_poll(struct pair *p, struct t_waker *w)
{
	if (!future_is_live(&p->recv.future))
		oneshot_recv(&p->recv, &p->rx, &p->slot);
	return t_poll(&p->recv.future, w);
}

/* BEH sync_oneshot::send_recv */
TEST(oneshot, a_pending_receiver_is_woken_and_gets_the_value)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_PENDING);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 1 }), 0);
	CHECK_EQ(t_wakes(&p.a), 1);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_READY);
	CHECK_EQ(p.recv.err, 0);
	CHECK_EQ(p.slot, 1);
	end(&p);
}

/* BEH sync_oneshot::async_send_recv */
TEST(oneshot, a_value_sent_before_the_await_is_received)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 1 }), 0);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_READY);
	CHECK_EQ(p.slot, 1);
	CHECK_EQ(p.a.clones, 0);
	end(&p);
}

/* BEH sync_oneshot::close_tx */
TEST(oneshot, a_sender_that_goes_wakes_the_receiver_with_an_error)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_PENDING);
	oneshot_sender_drop(&p.tx);
	CHECK_EQ(t_wakes(&p.a), 1);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_READY);
	CHECK_EQ(p.recv.err, -EPIPE);
	end(&p);
}

/* BEH sync_oneshot::close_rx */
/* BEH sync_oneshot::async_rx_closed */
TEST(oneshot, a_receiver_that_goes_wakes_the_sender_and_nothing_can_be_sent)
{
	struct pair p;

	begin(&p);
	oneshot_closed(&p.closed, &p.tx);
	CHECK_EQ(t_poll(&p.closed.future, &p.a), POLL_PENDING);
	CHECK(!oneshot_is_closed(&p.tx));
	oneshot_receiver_drop(&p.rx);
	CHECK_EQ(t_wakes(&p.a), 1);
	CHECK_EQ(t_poll(&p.closed.future, &p.a), POLL_READY);
	CHECK(oneshot_is_closed(&p.tx));
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 1 }), -EPIPE);
	CHECK_EQ(n_dropped, 0); /* the value is still the caller's */
	end(&p);
}

/* BEH sync_oneshot::explicit_close_poll */
TEST(oneshot, close_after_send_still_yields_the_value_and_close_before_it_refuses)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
	oneshot_close(&p.rx);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_READY);
	CHECK_EQ(p.recv.err, 0);
	CHECK_EQ(p.slot, 17);
	end(&p);

	begin(&p);
	oneshot_closed(&p.closed, &p.tx);
	CHECK_EQ(t_poll(&p.closed.future, &p.a), POLL_PENDING);
	oneshot_close(&p.rx);
	CHECK_EQ(t_wakes(&p.a), 1);
	CHECK_EQ(t_poll(&p.closed.future, &p.a), POLL_READY);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 19 }), -EPIPE);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_READY);
	CHECK_EQ(p.recv.err, -EPIPE);
	end(&p);
}

/* BEH sync_oneshot::explicit_close_try_recv */
TEST(oneshot, the_same_is_so_without_waiting)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(oneshot_try_recv(&p.rx, &p.slot), -EAGAIN);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
	oneshot_close(&p.rx);
	CHECK_EQ(oneshot_try_recv(&p.rx, &p.slot), 0);
	CHECK_EQ(p.slot, 17);
	end(&p);

	begin(&p);
	oneshot_close(&p.rx);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 19 }), -EPIPE);
	CHECK_EQ(oneshot_try_recv(&p.rx, &p.slot), -EPIPE);
	end(&p);
}

/* BEH sync_oneshot::close_try_recv_poll */
TEST_BUG(oneshot, awaiting_after_try_recv_has_told_the_end_is_a_bug)
{
	struct pair p;

	begin(&p);
	oneshot_close(&p.rx);
	oneshot_try_recv(&p.rx, &p.slot);
	recv_poll(&p, &p.a);
}

/* BEH sync_oneshot::try_recv_after_completion */
/* BEH sync_oneshot::try_recv_after_completion_await */
TEST(oneshot, what_has_been_received_is_not_received_again)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
	CHECK_EQ(oneshot_try_recv(&p.rx, &p.slot), 0);
	CHECK_EQ(oneshot_try_recv(&p.rx, &p.slot), -EPIPE);
	end(&p);

	begin(&p);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_READY);
	CHECK_EQ(oneshot_try_recv(&p.rx, &p.slot), -EPIPE);
	CHECK_EQ(n_dropped, 0);
	end(&p);
}

/* BEH sync_oneshot::drops_tasks */
TEST(oneshot, both_wakers_are_given_back_when_the_ends_go)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_PENDING);
	CHECK_EQ(t_poll(oneshot_closed(&p.closed, &p.tx), &p.b), POLL_PENDING);
	CHECK_EQ(t_held(&p.a), 1);
	CHECK_EQ(t_held(&p.b), 1);
	future_drop(&p.recv.future);
	future_drop(&p.closed.future);
	CHECK_EQ(t_held(&p.a), 0);
	CHECK_EQ(t_held(&p.b), 0);
	end(&p);
}

/* BEH sync_oneshot::receiver_changes_task */
TEST(oneshot, a_receiver_polled_under_another_waker_wakes_only_that_one)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(recv_poll(&p, &p.a), POLL_PENDING);
	CHECK_EQ(recv_poll(&p, &p.b), POLL_PENDING);
	CHECK_EQ(t_held(&p.a), 0);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 1 }), 0);
	CHECK_EQ(t_wakes(&p.a), 0);
	CHECK_EQ(t_wakes(&p.b), 1);
	CHECK_EQ(recv_poll(&p, &p.b), POLL_READY);
	end(&p);
}

/* BEH sync_oneshot::sender_changes_task */
TEST(oneshot, a_sender_polled_under_another_waker_wakes_only_that_one)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(t_poll(oneshot_closed(&p.closed, &p.tx), &p.a), POLL_PENDING);
	CHECK_EQ(t_poll(&p.closed.future, &p.b), POLL_PENDING);
	CHECK_EQ(t_held(&p.a), 0);
	oneshot_close(&p.rx);
	CHECK_EQ(t_wakes(&p.a), 0);
	CHECK_EQ(t_wakes(&p.b), 1);
	CHECK_EQ(t_poll(&p.closed.future, &p.b), POLL_READY);
	end(&p);
}

/* BEH sync_oneshot::receiver_is_terminated_send */
/* BEH sync_oneshot::receiver_is_terminated_try_recv */
/* BEH sync_oneshot::receiver_is_terminated_drop */
/* BEH sync_oneshot::receiver_is_terminated_rx_close */
TEST(oneshot, it_is_terminated_only_when_its_end_has_been_told)
{
	struct pair p;

	for (int way = 0; way < 4; way++) {
		begin(&p);
		CHECK(!oneshot_is_terminated(&p.rx));
		if (way < 2)
			CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
		else if (way == 2)
			oneshot_sender_drop(&p.tx);
		else
			oneshot_close(&p.rx);
		CHECK(!oneshot_is_terminated(&p.rx));
		if (way == 1)
			CHECK_EQ(oneshot_try_recv(&p.rx, &p.slot), 0);
		else
			CHECK_EQ(recv_poll(&p, &p.a), POLL_READY);
		CHECK(oneshot_is_terminated(&p.rx));
		end(&p);
	}
}

/* BEH sync_oneshot::receiver_is_empty_send */
/* BEH sync_oneshot::receiver_is_empty_try_recv */
/* BEH sync_oneshot::receiver_is_empty_drop */
/* BEH sync_oneshot::receiver_is_empty_rx_close */
TEST(oneshot, it_is_empty_but_between_send_and_receive)
{
	struct pair p;

	for (int way = 0; way < 4; way++) {
		begin(&p);
		CHECK(oneshot_is_empty(&p.rx));
		if (way < 2)
			CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
		else if (way == 2)
			oneshot_sender_drop(&p.tx);
		else
			oneshot_close(&p.rx);
		CHECK_EQ(oneshot_is_empty(&p.rx), way >= 2);
		if (way == 1)
			CHECK_EQ(oneshot_try_recv(&p.rx, &p.slot), 0);
		else
			CHECK_EQ(recv_poll(&p, &p.a), POLL_READY);
		CHECK(oneshot_is_empty(&p.rx));
		end(&p);
	}
}

/* --- At any moment --- */

TEST(oneshot, a_value_that_nobody_takes_is_destroyed_once)
{
	struct pair p;

	begin(&p);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
	oneshot_receiver_drop(&p.rx);
	CHECK_EQ(n_dropped, 1);
	end(&p);
	CHECK_EQ(n_dropped, 1);
}

/* Sends after the second poll; the receive is dropped after the k-th. */
static bool received_within(unsigned k)
{
	struct pair p;
	bool ready = false;

	begin(&p);
	oneshot_recv(&p.recv, &p.rx, &p.slot);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&p.recv.future, i % 2 ? &p.b : &p.a) == POLL_READY;
		if (i == 1)
			CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
	}
	future_drop(&p.recv.future);
	CHECK_EQ(t_held(&p.a) + t_held(&p.b), 0);
	end(&p);
	CHECK_EQ(n_dropped, k == 2); /* sent, and not taken */
	return ready;
}

TEST(oneshot, a_receive_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(received_within);
}

static void close_and_look(void *arg)
{
	struct pair *p = arg;

	CHECK(oneshot_is_empty(&p->rx)); /* takes the channel's lock */
	oneshot_close(&p->rx);
}

TEST(oneshot, its_wakers_may_call_it)
{
	struct pair p;

	begin(&p);
	p.a = (struct t_waker){
		.on_wake = close_and_look,
		.on_clone = close_and_look,
		.on_drop = close_and_look,
		.arg = &p,
	};
	CHECK_EQ(recv_poll(&p, &p.a), POLL_READY); /* the clone has closed it */
	CHECK_EQ(p.recv.err, -EPIPE);
	end(&p);
}

TEST(oneshot, no_memory_is_an_error_value)
{
	struct oneshot_sender tx;
	struct oneshot_receiver rx;

	t_mem_begin();
	t_mem_fail(0);
	CHECK_EQ(oneshot_open(&tx, &rx, int, NULL), -ENOMEM);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(oneshot, with_no_budget_left_it_waits_for_its_turn)
{
	struct pair p;
	unsigned budget = 0;

	begin(&p);
	CHECK_EQ(oneshot_send(&p.tx, &(int){ 17 }), 0);
	oneshot_recv(&p.recv, &p.rx, &p.slot);
	CHECK_EQ(t_poll_budget(&p.recv.future, &p.a, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&p.a), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&p.recv.future, &p.a, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
	end(&p);
}

TEST_BUG(oneshot, a_value_of_another_size_is_a_bug)
{
	struct pair p;

	begin(&p);
	oneshot_send(&p.tx, &(char){ 1 });
}
