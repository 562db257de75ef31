/* oneshot: the one value, the one wait, and either end going away. */
#include "sync/oneshot.h"

#include "explore/scenarios/scene.h"

static struct oneshot_sender tx;
static struct oneshot_receiver rx;
static struct oneshot_recv recv;
static struct oneshot_closed closed;
static struct handover handover;
static struct sleeper stranger;
static int *received;
static int sent, got;

static void setup(void)
{
	CHECK_EQ(oneshot_open(&tx, &rx, int *, value_drop), 0);
	received = NULL;
	sent = got = 1;
	handover = (struct handover){ 0 };
	stranger = (struct sleeper){ 0 };
}

/* --- The sender --- */

static void send(void)
{
	int *p = value(5);

	sent = oneshot_send(&tx, &p);
	if (sent)
		value_drop(&p);
}

static void drop_sender(void)
{
	oneshot_sender_drop(&tx);
}

static void await_closed(void)
{
	explore_await(oneshot_closed(&closed, &tx));
	CHECK(oneshot_is_closed(&tx));
	oneshot_sender_drop(&tx);
}

static void poll_closed_then_send(void)
{
	struct oneshot_closed *c = frame_new(oneshot_closed);

	if (explore_poll(oneshot_closed(c, &tx), explore_me()) == POLL_PENDING)
		future_drop(&c->future);
	frame_free(c);
	send();
}

/* --- The receiver --- */

static void drop_receiver(void)
{
	oneshot_receiver_drop(&rx);
}

static void receive(void)
{
	explore_await(oneshot_recv(&recv, &rx, &received));
	got = recv.err;
	oneshot_receiver_drop(&rx);
}

static void close_and_receive(void)
{
	oneshot_close(&rx);
	receive();
}

static void close_and_try(void)
{
	oneshot_close(&rx);
	got = oneshot_try_recv(&rx, &received);
	CHECK(got == 0 || got == -EPIPE);
	oneshot_receiver_drop(&rx);
}

static void poll_and_drop(void)
{
	struct oneshot_recv *r = frame_new(oneshot_recv);

	if (explore_poll(oneshot_recv(r, &rx, &received), explore_me()) == POLL_PENDING)
		future_drop(&r->future);
	got = r->err;
	frame_free(r);
	oneshot_receiver_drop(&rx);
}

/* --- Either wait, begun by one thread and ended by another --- */

static void begin_to_receive(void)
{
	explore_poll(oneshot_recv(&recv, &rx, &received), &stranger);
	hand_over(&handover);
}

static void go_on_receiving(void)
{
	take_over(&handover);
	if (!future_is_over(&recv.future))
		explore_await(&recv.future);
	got = recv.err;
	oneshot_receiver_drop(&rx);
}

static void begin_to_await_closed(void)
{
	explore_poll(oneshot_closed(&closed, &tx), &stranger);
	hand_over(&handover);
}

static void go_on_awaiting_closed(void)
{
	take_over(&handover);
	if (!future_is_over(&closed.future))
		explore_await(&closed.future);
	oneshot_sender_drop(&tx);
}

/* --- What comes out --- */

static void value_has_come(void)
{
	CHECK_EQ(sent, 0);
	CHECK_EQ(got, 0);
	CHECK_EQ(value_take(received), 5);
}

static void none_has_come(void)
{
	CHECK_EQ(got, -EPIPE);
	CHECK_PTR(received, NULL);
}

/* If sending said 0 and the receiver did not get it, it was destroyed: the heap knows. */
static void value_has_come_or_not(void)
{
	if (got == 0) {
		CHECK_EQ(sent, 0);
		CHECK_EQ(value_take(received), 5);
	}
}

static void value_has_come_if_sent(void)
{
	CHECK_EQ(got, sent);
	value_has_come_or_not();
}

/* BEH src/sync/tests/loom_oneshot::smoke */
SCENARIO(oneshot_send_against_recv, .setup = setup, .thread = { send, receive },
	 .check = value_has_come);
SCENARIO(oneshot_sender_drop_against_recv, .setup = setup, .thread = { drop_sender, receive },
	 .check = none_has_come);
/* BEH src/sync/tests/loom_oneshot::changing_rx_task */
SCENARIO(oneshot_recv_changes_threads, .setup = setup, .check = value_has_come,
	 .thread = { send, begin_to_receive, go_on_receiving });
/* BEH src/sync/tests/loom_oneshot::try_recv_close */
SCENARIO(oneshot_send_against_close_and_try, .setup = setup, .thread = { send, close_and_try },
	 .check = value_has_come_if_sent);
/* BEH src/sync/tests/loom_oneshot::recv_closed */
SCENARIO(oneshot_send_against_close_and_recv, .setup = setup, .thread = { send, close_and_receive },
	 .check = value_has_come_if_sent);
/* BEH src/sync/tests/loom_oneshot::changing_tx_task */
SCENARIO(oneshot_closed_changes_threads, .setup = setup,
	 .thread = { drop_receiver, begin_to_await_closed, go_on_awaiting_closed });
/* BEH src/sync/tests/loom_oneshot::drop_rx_after_poll */
SCENARIO(oneshot_send_against_poll_and_drop, .setup = setup, .thread = { send, poll_and_drop },
	 .check = value_has_come_or_not);
SCENARIO(oneshot_send_against_receiver_drop, .setup = setup, .thread = { send, drop_receiver });
SCENARIO(oneshot_both_ends_drop, .setup = setup, .thread = { drop_sender, drop_receiver });
SCENARIO(oneshot_closed_against_receiver_drop, .setup = setup,
	 .thread = { await_closed, drop_receiver });
SCENARIO(oneshot_closed_against_close, .setup = setup,
	 .thread = { await_closed, close_and_receive }, .check = none_has_come);
SCENARIO(oneshot_closed_dropped_against_recv, .setup = setup, .check = value_has_come,
	 .thread = { poll_closed_then_send, receive });
SCENARIO(oneshot_closed_dropped_against_close, .setup = setup, .check = value_has_come_if_sent,
	 .thread = { poll_closed_then_send, close_and_receive });
