/* mpsc: what one sends comes in the order of its sending, whoever sends besides. */
#include "sync/mpsc.h"

#include "explore/scenarios/scene.h"

static struct mpsc_sender tx[2];
static struct mpsc_receiver rx;

static void setup(size_t capacity)
{
	if (capacity)
		CHECK_EQ(mpsc_open(&tx[0], &rx, int, capacity, NULL), 0);
	else
		CHECK_EQ(mpsc_open_unbounded(&tx[0], &rx, int, NULL), 0);
	tx[1] = (struct mpsc_sender){ 0 };
}

static void setup_unbounded(void)
{
	setup(0);
}

static void setup_of_one(void)
{
	setup(1);
}

static void setup_for_two(void)
{
	setup(0);
	tx[1] = mpsc_sender_clone(&tx[0]);
}

/* Even numbers are the first one's, odd ones the second's. */
static void send_two(int who)
{
	for (int i = 0; i < 2; i++) {
		struct mpsc_send *s = frame_new(mpsc_send);
		int item = 2 * i + who;

		explore_await(mpsc_send(s, &tx[who], &item));
		CHECK_EQ(s->err, 0);
		frame_free(s);
	}
	mpsc_sender_drop(&tx[who]);
}

static void first_sends_two(void)
{
	send_two(0);
}

static void second_sends_two(void)
{
	send_two(1);
}

static void receive_all(void)
{
	struct mpsc_recv *r = frame_new(mpsc_recv);
	int last[2] = { -1, -1 }, item;

	for (;;) {
		explore_await(mpsc_recv(r, &rx, &item));
		if (r->err)
			break;
		CHECK(item > last[item % 2]);
		last[item % 2] = item;
	}
	CHECK_EQ(last[0], 2);
	CHECK(last[1] == -1 || last[1] == 3);
	frame_free(r);
	mpsc_receiver_drop(&rx);
}

/* BEH concurrent-queue/loom::spsc */
SCENARIO(mpsc_order_of_one_sender, .setup = setup_unbounded, .thread = { first_sends_two, receive_all });
SCENARIO(mpsc_order_of_one_sender_through_one_slot, .setup = setup_of_one,
	 .thread = { first_sends_two, receive_all });
/* BEH src/sync/tests/loom_list::smoke */
SCENARIO(mpsc_order_of_two_senders, .setup = setup_for_two,
	 .thread = { first_sends_two, second_sends_two, receive_all });
