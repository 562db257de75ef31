/* mpsc: weak senders, against the last sender, the last permit and the receiver. */
#include "sync/mpsc.h"

#include "explore/scenarios/scene.h"

static struct mpsc_sender tx;
static struct mpsc_receiver rx;
static struct mpsc_permit permit;
static struct mpsc_weak_sender weak;
static int n_sent, n_received;

static void setup(void)
{
	CHECK_EQ(mpsc_open(&tx, &rx, int *, 2, value_drop), 0);
	weak = mpsc_downgrade(&tx);
	permit = (struct mpsc_permit){ 0 };
	n_sent = n_received = 0;
}

static void setup_permit(void)
{
	setup();
	CHECK_EQ(mpsc_try_reserve(&tx, 1, &permit), 0);
	mpsc_sender_drop(&tx);
}

static void drop_sender(void)
{
	mpsc_sender_drop(&tx);
}

static void drop_permit(void)
{
	mpsc_permit_drop(&permit);
}

static void drop_receiver(void)
{
	mpsc_receiver_drop(&rx);
}

static void upgrade_and_send(void)
{
	struct mpsc_sender again = mpsc_upgrade(&weak);
	int *p = value(7);

	mpsc_weak_sender_drop(&weak);
	if (again.chan && mpsc_try_send(&again, &p) == 0)
		n_sent++;
	else
		value_drop(&p);
	mpsc_sender_drop(&again);
}

static void receive_all(void)
{
	struct mpsc_recv *r = frame_new(mpsc_recv);
	int *p;

	for (;;) {
		explore_await(mpsc_recv(r, &rx, &p));
		if (r->err)
			break;
		CHECK_EQ(value_take(p), 7);
		n_received++;
	}
	CHECK_EQ(mpsc_n_senders(&rx), 0);
	frame_free(r);
	mpsc_receiver_drop(&rx);
}

static void all_was_received(void)
{
	CHECK_EQ(n_received, n_sent);
}

SCENARIO(mpsc_weak_upgrade_against_the_last_sender, .setup = setup,
	 .thread = { upgrade_and_send, drop_sender, receive_all }, .check = all_was_received);
SCENARIO(mpsc_weak_upgrade_against_the_last_permit, .setup = setup_permit,
	 .thread = { upgrade_and_send, drop_permit, receive_all }, .check = all_was_received);
SCENARIO(mpsc_weak_all_handles_go_at_once, .setup = setup,
	 .thread = { upgrade_and_send, drop_sender, drop_receiver });
