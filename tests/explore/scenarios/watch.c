/* watch: the latest value, seen by all, and the ends of either side. */
#include "sync/watch.h"

#include "explore/scenarios/scene.h"

enum { N_RECEIVERS = 5 };

static struct watch_sender tx, more_tx[2];
static struct watch_receiver rx[N_RECEIVERS];
static struct watch_changed changed;
static struct watch_wait_for waiting;
static int got, err;

static int copy(void *dst, const void *src)
{
	*(int **)dst = value(**(int *const *)src);
	return 0;
}

static void setup(void)
{
	int *p = value(0);

	CHECK_EQ(watch_open(&tx, &rx[0], int *, &p, copy, value_drop), 0);
	for (int i = 0; i < 2; i++)
		more_tx[i] = (struct watch_sender){ 0 };
	for (int i = 1; i < N_RECEIVERS; i++)
		rx[i] = (struct watch_receiver){ 0 };
	got = -1;
	err = 1;
}

static void setup_five(void)
{
	setup();
	for (int i = 1; i < N_RECEIVERS; i++)
		rx[i] = watch_receiver_clone(&rx[0]);
}

static void setup_three_senders(void)
{
	setup();
	for (int i = 0; i < 2; i++)
		more_tx[i] = watch_sender_clone(&tx);
}

static void setup_two_receivers(void)
{
	setup();
	rx[1] = watch_receiver_clone(&rx[0]);
}

static void finish(void)
{
	watch_sender_drop(&tx);
	for (int i = 0; i < N_RECEIVERS; i++)
		watch_receiver_drop(&rx[i]);
}

static int send(int n)
{
	int *p = value(n), failed = watch_send(&tx, &p);

	if (failed)
		value_drop(&p);
	return failed;
}

static void send_one(void)
{
	CHECK_EQ(send(1), 0);
}

static void send_one_and_two(void)
{
	CHECK_EQ(send(1), 0);
	CHECK_EQ(send(2), 0);
}

static void send_if_anybody_receives(void)
{
	int failed = send(1);

	CHECK(failed == 0 || failed == -EPIPE);
}

static void send_and_drop(void)
{
	send_one();
	watch_sender_drop(&tx);
}

static int get(int i)
{
	int *p;

	CHECK_EQ(watch_get(&rx[i], &p), 0);
	return value_take(p);
}

static void await_change(int i)
{
	explore_await(watch_changed(&changed, &rx[i]));
	err = changed.err;
}

static void all_five_see_it(void)
{
	for (int i = 0; i < N_RECEIVERS; i++) {
		await_change(i);
		CHECK_EQ(err, 0);
		CHECK_EQ(get(i), 1);
	}
}

/* BEH src/sync/tests/loom_watch::smoke */
SCENARIO(watch_send_seen_by_five, .setup = setup_five, .thread = { send_one, all_five_see_it },
	 .check = finish);

/* --- Until it is what one waits for --- */

static bool is_two(const void *item, void *arg)
{
	(void)arg;
	return **(int *const *)item == 2;
}

static bool is_one_or_more(const void *item, void *arg)
{
	(void)arg;
	return **(int *const *)item >= 1;
}

static void wait_for(bool (*is_wanted)(const void *, void *))
{
	int *p = NULL;

	explore_await(watch_wait_for(&waiting, &rx[0], &p, is_wanted, NULL));
	err = waiting.err;
	if (!err)
		got = value_take(p);
}

static void wait_for_two(void)
{
	wait_for(is_two);
	CHECK_EQ(err, 0);
	CHECK_EQ(got, 2);
	CHECK_EQ(watch_has_changed(&rx[0]), 0);
}

static void wait_for_one_or_more(void)
{
	wait_for(is_one_or_more);
	CHECK_EQ(err, 0);
	CHECK(got == 1 || got == 2);
}

static void wait_for_two_in_vain(void)
{
	wait_for(is_two);
	CHECK_EQ(err, -EPIPE);
}

/* BEH src/sync/tests/loom_watch::wait_for_test */
SCENARIO(watch_wait_for_a_value, .setup = setup, .thread = { send_one_and_two, wait_for_two },
	 .check = finish);
/* BEH src/sync/tests/loom_watch::wait_for_returns_correct_value */
SCENARIO(watch_wait_for_returns_what_it_accepted, .setup = setup, .check = finish,
	 .thread = { send_one_and_two, wait_for_one_or_more });
SCENARIO(watch_wait_for_against_last_sender, .setup = setup, .check = finish,
	 .thread = { send_and_drop, wait_for_two_in_vain });

static bool set_one(void *item, void *arg)
{
	(void)arg;
	**(int **)item = 1;
	return true;
}

static void modify(void)
{
	CHECK(watch_modify(&tx, set_one, NULL));
}

SCENARIO(watch_wait_for_against_modify, .setup = setup, .check = finish,
	 .thread = { modify, wait_for_one_or_more });

/* --- Ends --- */

static void drop_tx(void)
{
	watch_sender_drop(&tx);
}

static void drop_second_tx(void)
{
	watch_sender_drop(&more_tx[0]);
}

static void drop_third_tx(void)
{
	watch_sender_drop(&more_tx[1]);
}

static void await_the_end(void)
{
	await_change(0);
	CHECK_EQ(err, -EPIPE);
	CHECK_EQ(watch_has_changed(&rx[0]), -EPIPE);
}

static void await_change_then_the_end(void)
{
	await_change(0);
	CHECK_EQ(err, 0);
	CHECK_EQ(get(0), 1);
	await_the_end();
}

/* BEH src/sync/tests/loom_watch::multiple_sender_drop_concurrently */
SCENARIO(watch_three_senders_drop, .setup = setup_three_senders, .check = finish,
	 .thread = { drop_tx, drop_second_tx, drop_third_tx, await_the_end });
SCENARIO(watch_send_and_drop_against_changed, .setup = setup, .check = finish,
	 .thread = { send_and_drop, await_change_then_the_end });

static void drop_rx(void)
{
	watch_receiver_drop(&rx[0]);
}

static void drop_second_rx(void)
{
	watch_receiver_drop(&rx[1]);
}

static void await_closed(void)
{
	struct watch_closed closed;

	explore_await(watch_closed(&closed, &tx));
	CHECK(watch_is_closed(&tx));
	CHECK_EQ(send(1), -EPIPE);
	watch_sender_drop(&tx);
}

static void poll_changed_and_drop(void)
{
	struct watch_changed *c = frame_new(watch_changed);

	if (explore_poll(watch_changed(c, &rx[1]), explore_me()) == POLL_PENDING)
		future_drop(&c->future);
	frame_free(c);
	watch_receiver_drop(&rx[1]);
}

static void await_one_change(void)
{
	await_change(0);
	CHECK_EQ(err, 0);
}

SCENARIO(watch_closed_against_receivers_drop, .setup = setup_two_receivers, .check = finish,
	 .thread = { await_closed, drop_rx, drop_second_rx });
SCENARIO(watch_send_against_receiver_drop, .setup = setup, .check = finish,
	 .thread = { send_if_anybody_receives, drop_rx });
SCENARIO(watch_send_against_changed_dropped, .setup = setup_two_receivers, .check = finish,
	 .thread = { send_one, poll_changed_and_drop, await_one_change });
SCENARIO(watch_all_handles_drop, .setup = setup_two_receivers,
	 .thread = { drop_tx, drop_rx, drop_second_rx });

/* The last receiver goes while the sender is at work with the lock open. */
static void send_if_and_drop(void)
{
	send_if_anybody_receives();
	watch_sender_drop(&tx);
}

static void await_change_and_drop(void)
{
	await_change(0);
	watch_receiver_drop(&rx[0]);
}

SCENARIO(watch_send_and_drop_against_last_receiver, .setup = setup,
	 .thread = { send_if_and_drop, await_change_and_drop });
SCENARIO(watch_last_sender_against_last_receiver, .setup = setup,
	 .thread = { drop_tx, await_change_and_drop });
