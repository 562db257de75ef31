/* broadcast: one ring for all, and who falls behind is told by how much. */
#include "sync/broadcast.h"

#include "explore/scenarios/scene.h"

static struct broadcast_sender tx, second_tx;
static struct broadcast_receiver rx[2];
static struct broadcast_recv recv[2];
static struct broadcast_closed closed;
static int n_received[2], n_missed[2], last[2];

static int copy(void *dst, const void *src)
{
	*(int **)dst = value(**(int *const *)src);
	return 0;
}

static void setup_with(size_t capacity, bool with_two)
{
	CHECK_EQ(broadcast_open(&tx, &rx[0], int *, capacity, copy, value_drop), 0);
	rx[1] = (struct broadcast_receiver){ 0 };
	second_tx = (struct broadcast_sender){ 0 };
	if (with_two)
		rx[1] = broadcast_subscribe(&tx);
	for (int i = 0; i < 2; i++)
		n_received[i] = n_missed[i] = last[i] = 0;
}

static void setup(void)
{
	setup_with(4, false);
}

static void setup_two(void)
{
	setup_with(4, true);
}

static void setup_small(void)
{
	setup_with(2, true);
}

static void setup_two_senders(void)
{
	setup_with(2, false);
	second_tx = broadcast_sender_clone(&tx);
}

static bool send(struct broadcast_sender *from, int n)
{
	int *p = value(n);
	bool is_sent = broadcast_send(from, &p) > 0;

	if (!is_sent)
		value_drop(&p);
	return is_sent;
}

static void send_two(void)
{
	send(&tx, 1);
	send(&tx, 2);
	broadcast_sender_drop(&tx);
}

static void send_three(void)
{
	send(&tx, 1);
	send(&tx, 2);
	send(&tx, 3);
	broadcast_sender_drop(&tx);
}

static void send_three_more(void)
{
	send(&second_tx, 1);
	send(&second_tx, 2);
	send(&second_tx, 3);
	broadcast_sender_drop(&second_tx);
}

/* False: closed. */
static bool receive(int i)
{
	int *p = NULL;

	explore_await(broadcast_recv(&recv[i], &rx[i], &p));
	if (recv[i].err == -EOVERFLOW) {
		n_missed[i] += (int)recv[i].missed;
		return true;
	}
	if (recv[i].err == -EPIPE)
		return false;
	CHECK_EQ(recv[i].err, 0);
	last[i] = value_take(p);
	n_received[i]++;
	return true;
}

static void receive_all(int i)
{
	while (receive(i))
		;
	broadcast_receiver_drop(&rx[i]);
}

static void receive_all_first(void)
{
	receive_all(0);
}

static void receive_all_second(void)
{
	receive_all(1);
}

static void drop_first(void)
{
	broadcast_receiver_drop(&rx[0]);
}

static void drop_second(void)
{
	broadcast_receiver_drop(&rx[1]);
}

static void poll_and_drop_second(void)
{
	struct broadcast_recv *r = frame_new(broadcast_recv);
	int *p = NULL;

	if (explore_poll(broadcast_recv(r, &rx[1], &p), explore_me()) == POLL_PENDING)
		future_drop(&r->future);
	else if (r->err == 0)
		value_drop(&p);
	frame_free(r);
	broadcast_receiver_drop(&rx[1]);
}

static void both_got_two(void)
{
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(n_received[i], 2);
		CHECK_EQ(n_missed[i], 0);
		CHECK_EQ(last[i], 2);
	}
}

static void first_got_two(void)
{
	CHECK_EQ(n_received[0], 2);
	CHECK_EQ(n_missed[0], 0);
}

static void first_accounts_for_three(void)
{
	CHECK_EQ(n_received[0] + n_missed[0], 3);
	CHECK_EQ(last[0], 3);
}

static void both_account_for_three(void)
{
	first_accounts_for_three();
	CHECK_EQ(n_received[1] + n_missed[1], 3);
	CHECK_EQ(last[1], 3);
}

static void first_accounts_for_six(void)
{
	CHECK_EQ(n_received[0] + n_missed[0], 6);
}

/* BEH src/sync/tests/loom_broadcast::broadcast_send */
SCENARIO(broadcast_two_senders, .setup = setup_two_senders, .check = first_accounts_for_six,
	 .thread = { send_three, send_three_more, receive_all_first }, .max_bound = 2);
/* BEH src/sync/tests/loom_broadcast::broadcast_two */
SCENARIO(broadcast_two_receivers, .setup = setup_two, .check = both_got_two,
	 .thread = { send_two, receive_all_first, receive_all_second });
/* BEH src/sync/tests/loom_broadcast::broadcast_wrap */
SCENARIO(broadcast_wraps_around, .setup = setup_small, .check = both_account_for_three,
	 .thread = { send_three, receive_all_first, receive_all_second }, .max_bound = 2);
/* BEH src/sync/tests/loom_broadcast::drop_rx */
SCENARIO(broadcast_receiver_drop_beside_another, .setup = setup_two, .check = first_got_two,
	 .thread = { send_two, receive_all_first, drop_second });
SCENARIO(broadcast_recv_dropped_beside_another, .setup = setup_two, .check = first_got_two,
	 .thread = { send_two, receive_all_first, poll_and_drop_second });
/* BEH src/sync/tests/loom_broadcast::drop_multiple_rx_with_overflow */
SCENARIO(broadcast_receivers_drop_while_it_overflows, .setup = setup_small,
	 .thread = { send_three, drop_first, drop_second });

/* --- Ends --- */

static void await_closed(void)
{
	explore_await(broadcast_closed(&closed, &tx));
	CHECK_EQ(broadcast_n_receivers(&tx), 0);
	broadcast_sender_drop(&tx);
}

static void drop_sender(void)
{
	broadcast_sender_drop(&tx);
}

static void got_none(void)
{
	CHECK_EQ(n_received[0], 0);
}

static bool is_sent;

static void upgrade_and_send(void)
{
	struct broadcast_weak_sender weak = { second_tx.chan };
	struct broadcast_sender strong = broadcast_upgrade(&weak);

	is_sent = strong.chan && send(&strong, 1);
	broadcast_sender_drop(&strong);
	broadcast_weak_sender_drop(&weak);
}

static void setup_weak(void)
{
	setup();
	second_tx.chan = broadcast_downgrade(&tx).chan;
}

/* Nobody was told of the end before there was one. */
static void got_what_was_sent(void)
{
	CHECK_EQ(n_received[0], is_sent);
}

SCENARIO(broadcast_closed_against_receivers_drop, .setup = setup_two,
	 .thread = { await_closed, drop_first, drop_second });
SCENARIO(broadcast_sender_drop_against_recv, .setup = setup, .check = got_none,
	 .thread = { drop_sender, receive_all_first });
SCENARIO(broadcast_all_handles_drop, .setup = setup_two,
	 .thread = { drop_sender, drop_first, drop_second });
SCENARIO(broadcast_upgrade_against_last_sender, .setup = setup_weak, .check = got_what_was_sent,
	 .thread = { drop_sender, upgrade_and_send, receive_all_first });

/* --- Two words are copied without a call: the short way --- */

struct pair {
	long a, b;
};

static struct pair pairs[2];

static void setup_pairs(void)
{
	CHECK_EQ(broadcast_open(&tx, &rx[0], struct pair, 2, NULL, NULL), 0);
	rx[1] = broadcast_subscribe(&tx);
	for (int i = 0; i < 2; i++)
		n_received[i] = n_missed[i] = 0;
}

static void send_pairs(void)
{
	for (long i = 1; i <= 3; i++)
		broadcast_send(&tx, (&(struct pair){ i, -i }));
	broadcast_sender_drop(&tx);
}

static void receive_pairs(int i)
{
	for (;;) {
		explore_await(broadcast_recv(&recv[i], &rx[i], &pairs[i]));
		if (recv[i].err == -EPIPE)
			break;
		if (recv[i].err == -EOVERFLOW) {
			n_missed[i] += (int)recv[i].missed;
			continue;
		}
		n_received[i]++;
		CHECK_EQ(pairs[i].a, -pairs[i].b);
		CHECK_EQ(pairs[i].a, n_received[i] + n_missed[i]);
	}
	broadcast_receiver_drop(&rx[i]);
}

static void receive_pairs_first(void)
{
	receive_pairs(0);
}

static void drop_pairs(void)
{
	broadcast_receiver_drop(&rx[1]);
}

static void accounts_for_three_pairs(void)
{
	CHECK_EQ(n_received[0] + n_missed[0], 3);
}

SCENARIO(broadcast_of_pairs, .setup = setup_pairs, .check = accounts_for_three_pairs,
	 .thread = { send_pairs, receive_pairs_first, drop_pairs });
