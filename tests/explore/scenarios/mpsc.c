/* mpsc: slots and items between threads, and every way in which a channel ends. */
#include "sync/mpsc.h"

#include "explore/scenarios/scene.h"
#include "sync/semaphore.h"

enum { N_SENDERS = 3 };

static struct mpsc_sender tx[N_SENDERS];
static struct mpsc_receiver rx;
static struct mpsc_send sending[N_SENDERS];
static struct mpsc_recv recv;
static struct semaphore ready;
static int results[N_SENDERS];
static int received[8], n_received, end;

static void setup_with(size_t capacity)
{
	if (capacity)
		CHECK_EQ(mpsc_open(&tx[0], &rx, int *, capacity, value_drop), 0);
	else
		CHECK_EQ(mpsc_open_unbounded(&tx[0], &rx, int *, value_drop), 0);
	for (int i = 1; i < N_SENDERS; i++)
		tx[i] = (struct mpsc_sender){ 0 };
	for (int i = 0; i < N_SENDERS; i++)
		results[i] = 1;
	n_received = 0;
	end = 1;
	CHECK_EQ(semaphore_init(&ready, 0), 0);
}

static void setup_one(void)
{
	setup_with(1);
}

static void setup_one_for_two(void)
{
	setup_with(1);
	tx[1] = mpsc_sender_clone(&tx[0]);
}

static void setup_two_for_two(void)
{
	setup_with(2);
	tx[1] = mpsc_sender_clone(&tx[0]);
}

static void setup_one_for_three(void)
{
	setup_one_for_two();
	tx[2] = mpsc_sender_clone(&tx[0]);
}

static void setup_unbounded(void)
{
	setup_with(0);
}

static void setup_unbounded_for_two(void)
{
	setup_with(0);
	tx[1] = mpsc_sender_clone(&tx[0]);
}

static void setup_unbounded_for_three(void)
{
	setup_unbounded_for_two();
	tx[2] = mpsc_sender_clone(&tx[0]);
}

/* --- Senders --- */

static void send_as(int i)
{
	int *p = value(i);

	explore_await(mpsc_send(&sending[i], &tx[i], &p));
	results[i] = sending[i].err;
	if (results[i])
		value_drop(&p);
	mpsc_sender_drop(&tx[i]);
}

static void send_first(void)
{
	send_as(0);
}

static void send_second(void)
{
	send_as(1);
}

static void try_to_send(int i)
{
	int *p = value(i);

	results[i] = mpsc_try_send(&tx[i], &p);
	if (results[i])
		value_drop(&p);
	mpsc_sender_drop(&tx[i]);
}

static void try_first(void)
{
	try_to_send(0);
}

static void try_second(void)
{
	try_to_send(1);
}

/* Polled once, and dropped: `err` says whether the item is sent. */
static void poll_send_and_drop(void)
{
	struct mpsc_send *s = frame_new(mpsc_send);
	int *p = value(1);

	if (explore_poll(mpsc_send(s, &tx[1], &p), explore_me()) == POLL_PENDING)
		future_drop(&s->future);
	results[1] = s->err;
	frame_free(s);
	if (results[1])
		value_drop(&p);
	mpsc_sender_drop(&tx[1]);
}

static void drop_first(void)
{
	mpsc_sender_drop(&tx[0]);
}

static void drop_second(void)
{
	mpsc_sender_drop(&tx[1]);
}

static void drop_third(void)
{
	mpsc_sender_drop(&tx[2]);
}

static void await_closed_as(int i)
{
	struct mpsc_closed closed;

	explore_await(mpsc_closed(&closed, &tx[i]));
	CHECK(mpsc_sender_is_closed(&tx[i]));
	mpsc_sender_drop(&tx[i]);
}

static void await_closed_first(void)
{
	await_closed_as(0);
}

static void await_closed_second(void)
{
	await_closed_as(1);
}

static void poll_closed_and_drop(void)
{
	struct mpsc_closed *closed = frame_new(mpsc_closed);

	if (explore_poll(mpsc_closed(closed, &tx[1]), explore_me()) == POLL_PENDING)
		future_drop(&closed->future);
	frame_free(closed);
	mpsc_sender_drop(&tx[1]);
}

/* --- The receiver --- */

static int receive(void)
{
	int *p = NULL;

	explore_await(mpsc_recv(&recv, &rx, &p));
	if (recv.err == 0)
		received[n_received++] = value_take(p);
	return recv.err;
}

static void receive_all(void)
{
	while ((end = receive()) == 0)
		;
	mpsc_receiver_drop(&rx);
}

static void receive_one_and_drop(void)
{
	end = receive();
	mpsc_receiver_drop(&rx);
}

static void close_and_receive_all(void)
{
	mpsc_close(&rx);
	receive_all();
}

static void drop_receiver(void)
{
	mpsc_receiver_drop(&rx);
}

static void poll_and_drop_receiver(void)
{
	struct mpsc_recv *r = frame_new(mpsc_recv);
	int *p = NULL;

	if (explore_poll(mpsc_recv(r, &rx, &p), explore_me()) == POLL_PENDING)
		future_drop(&r->future);
	else if (r->err == 0)
		received[n_received++] = value_take(p);
	frame_free(r);
	mpsc_receiver_drop(&rx);
}

static void receive_many(void)
{
	struct mpsc_recv_many many;
	int *items[4];

	do {
		explore_await(mpsc_recv_many(&many, &rx, items, 4));
		for (size_t i = 0; i < many.n; i++)
			received[n_received++] = value_take(items[i]);
	} while (many.err == 0);
	end = many.err;
	mpsc_receiver_drop(&rx);
}

/* --- What comes out --- */

static int n_sent(void)
{
	int n = 0;

	for (int i = 0; i < N_SENDERS; i++)
		n += results[i] == 0;
	return n;
}

static void all_that_was_sent_has_come(void)
{
	CHECK_EQ(end, -EPIPE);
	CHECK_EQ(n_received, n_sent());
	for (int i = 0; i < n_received; i++)
		CHECK_EQ(results[received[i]], 0);
}

static void both_have_come(void)
{
	all_that_was_sent_has_come();
	CHECK_EQ(n_received, 2);
	CHECK(received[0] != received[1]);
}

static void ended(void)
{
	CHECK_EQ(end, -EPIPE);
	CHECK_EQ(n_received, 0);
}

/* The receiver went away early: what it did not take was destroyed, or is the sender's. */
static void no_more_came_than_were_sent(void)
{
	CHECK(n_received <= n_sent());
}

SCENARIO(mpsc_two_sends_through_one_slot, .setup = setup_one_for_two, .check = both_have_come,
	 .thread = { send_first, send_second, receive_all });
SCENARIO(mpsc_two_sends_through_two_slots, .setup = setup_two_for_two, .check = both_have_come,
	 .thread = { send_first, send_second, receive_all });
SCENARIO(mpsc_two_sends_against_recv_many, .setup = setup_one_for_two, .check = both_have_come,
	 .thread = { send_first, send_second, receive_many });
SCENARIO(mpsc_two_tries_through_one_slot, .setup = setup_one_for_two,
	 .check = all_that_was_sent_has_come, .thread = { try_first, try_second, receive_all });
SCENARIO(mpsc_send_dropped_in_line, .setup = setup_one_for_two, .check = all_that_was_sent_has_come,
	 .thread = { send_first, poll_send_and_drop, receive_all });
SCENARIO(mpsc_two_sends_against_close, .setup = setup_one_for_two,
	 .check = all_that_was_sent_has_come,
	 .thread = { send_first, send_second, close_and_receive_all });
SCENARIO(mpsc_two_sends_against_receiver_drop, .setup = setup_one_for_two,
	 .check = no_more_came_than_were_sent,
	 .thread = { send_first, send_second, receive_one_and_drop });
SCENARIO(mpsc_send_against_recv_dropped, .setup = setup_one, .check = no_more_came_than_were_sent,
	 .thread = { send_first, poll_and_drop_receiver });
SCENARIO(mpsc_unbounded_sends, .setup = setup_unbounded_for_two, .check = both_have_come,
	 .thread = { send_first, send_second, receive_all });
SCENARIO(mpsc_sender_drop_against_recv, .setup = setup_one, .check = ended,
	 .thread = { drop_first, receive_all });
SCENARIO(mpsc_both_ends_drop, .setup = setup_one_for_two,
	 .thread = { drop_first, drop_second, drop_receiver });

/* BEH src/sync/tests/loom_mpsc::dropping_tx */
SCENARIO(mpsc_three_senders_drop, .setup = setup_one_for_three, .check = ended,
	 .thread = { drop_first, drop_second, drop_third, receive_all });
/* BEH src/sync/tests/loom_mpsc::dropping_unbounded_tx */
SCENARIO(mpsc_three_unbounded_senders_drop, .setup = setup_unbounded_for_three, .check = ended,
	 .thread = { drop_first, drop_second, drop_third, receive_all });
/* BEH src/sync/tests/loom_mpsc::closing_unbounded_tx */
SCENARIO(mpsc_unbounded_send_and_drop, .setup = setup_unbounded,
	 .check = all_that_was_sent_has_come, .thread = { send_first, receive_all });
/* BEH src/sync/tests/loom_mpsc::closing_bounded_rx */
SCENARIO(mpsc_receiver_drop_wakes_both, .setup = setup_one_for_two,
	 .thread = { await_closed_first, await_closed_second, drop_receiver });
/* BEH src/sync/tests/loom_mpsc::closing_unbounded_rx */
SCENARIO(mpsc_unbounded_receiver_drop_wakes_both, .setup = setup_unbounded_for_two,
	 .thread = { await_closed_first, await_closed_second, drop_receiver });
/* BEH src/sync/tests/loom_mpsc::closing_and_sending */
SCENARIO(mpsc_closed_against_send_and_recv, .setup = setup_one_for_two,
	 .check = no_more_came_than_were_sent,
	 .thread = { send_first, await_closed_second, receive_one_and_drop });
SCENARIO(mpsc_closed_dropped_against_receiver_drop, .setup = setup_one_for_two,
	 .thread = { await_closed_first, poll_closed_and_drop, drop_receiver });

/* --- Where the receiver can know how many there are --- */

static void try_and_say_so(void)
{
	int *p = value(0);

	results[0] = mpsc_try_send(&tx[0], &p);
	CHECK_EQ(results[0], 0);
	semaphore_release(&ready, 1);
}

static void acquire(void)
{
	struct semaphore_acquire a;

	explore_await(semaphore_acquire(&a, &ready, 1));
}

/* What has been sent is there; and the slot that is free, is free. */
static void try_to_receive_two(void)
{
	for (int i = 0; i < 2; i++) {
		int *p;

		acquire();
		CHECK_EQ(mpsc_try_recv(&rx, &p), 0);
		value_drop(&p);
	}
	mpsc_receiver_drop(&rx);
}

static void try_two_and_say_so(void)
{
	try_and_say_so();
	try_and_say_so();
	mpsc_sender_drop(&tx[0]);
}

static void setup_two(void)
{
	setup_with(2);
}

/* BEH src/sync/tests/loom_mpsc::try_recv */
SCENARIO(mpsc_try_recv_finds_what_was_sent, .setup = setup_two,
	 .thread = { try_two_and_say_so, try_to_receive_two });

static void send_and_look(void)
{
	try_and_say_so();
	CHECK(mpsc_len(&rx) > 0);
}

static void send_second_now(void)
{
	try_second();
}

static void drop_all(void)
{
	mpsc_sender_drop(&tx[0]);
	mpsc_receiver_drop(&rx);
}

/* BEH src/sync/tests/loom_mpsc::len_nonzero_after_send */
SCENARIO(mpsc_len_after_send, .setup = setup_two_for_two, .check = drop_all,
	 .thread = { send_and_look, send_second_now });

/* Items are in the channel, the last sender goes, and they stay as many. */
static size_t n_items;

static void fill(size_t n)
{
	setup_unbounded();
	n_items = n;
	for (size_t i = 0; i < n; i++) {
		int *p = value(0);

		CHECK_EQ(mpsc_send_now(&tx[0], &p), 0);
	}
}

static void fill_none(void)
{
	fill(0);
}

static void fill_one(void)
{
	fill(1);
}

static void fill_block(void)
{
	fill(32);
}

static void fill_block_and_one(void)
{
	fill(33);
}

static void look_twice(void)
{
	CHECK_EQ(mpsc_len(&rx), n_items);
	CHECK_EQ(mpsc_is_empty(&rx), n_items == 0);
}

/* BEH src/sync/tests/loom_mpsc::len_during_close_0 */
SCENARIO(mpsc_len_while_closing_empty, .setup = fill_none, .check = drop_receiver,
	 .thread = { drop_first, look_twice });
/* BEH src/sync/tests/loom_mpsc::len_during_close_1 */
SCENARIO(mpsc_len_while_closing_one, .setup = fill_one, .check = drop_receiver,
	 .thread = { drop_first, look_twice });
/* BEH src/sync/tests/loom_mpsc::len_during_close_block_cap */
SCENARIO(mpsc_len_while_closing_a_block, .setup = fill_block, .check = drop_receiver,
	 .thread = { drop_first, look_twice });
/* BEH src/sync/tests/loom_mpsc::len_during_close_block_cap_plus_1 */
SCENARIO(mpsc_len_while_closing_a_block_and_one, .setup = fill_block_and_one,
	 .check = drop_receiver, .thread = { drop_first, look_twice });

/* --- Permits --- */

static struct mpsc_reserve reserving;

static void reserve_and_send(void)
{
	int *p = value(0);

	explore_await(mpsc_reserve(&reserving, &tx[0], 1));
	results[0] = reserving.err;
	if (results[0])
		value_drop(&p);
	else
		mpsc_permit_send(&reserving.permit, &p);
	mpsc_sender_drop(&tx[0]);
}

static void reserve_two_and_drop(void)
{
	explore_await(mpsc_reserve(&reserving, &tx[0], 2));
	CHECK(reserving.err == 0 || reserving.err == -EPIPE);
	if (reserving.err == 0)
		mpsc_permit_drop(&reserving.permit);
	mpsc_sender_drop(&tx[0]);
}

static void poll_reserve_and_drop(void)
{
	struct mpsc_reserve *r = frame_new(mpsc_reserve);

	if (explore_poll(mpsc_reserve(r, &tx[0], 1), explore_me()) == POLL_PENDING)
		future_drop(&r->future);
	else if (r->err == 0)
		mpsc_permit_drop(&r->permit);
	frame_free(r);
	mpsc_sender_drop(&tx[0]);
}

SCENARIO(mpsc_permit_against_close, .setup = setup_one_for_two, .check = all_that_was_sent_has_come,
	 .thread = { reserve_and_send, send_second, close_and_receive_all });
SCENARIO(mpsc_permit_against_receiver_drop, .setup = setup_one,
	 .check = no_more_came_than_were_sent, .thread = { reserve_and_send, drop_receiver });
SCENARIO(mpsc_two_permits_against_send, .setup = setup_two_for_two,
	 .check = all_that_was_sent_has_come,
	 .thread = { reserve_two_and_drop, send_second, receive_all });
SCENARIO(mpsc_reserve_dropped_hands_on, .setup = setup_one_for_two,
	 .check = all_that_was_sent_has_come,
	 .thread = { poll_reserve_and_drop, send_second, receive_all });
