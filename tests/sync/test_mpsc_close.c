/* Closing, and the values that nobody will read. */
#include "mpsc_scene.h"

/* BEH futures-rs/futures-channel/mpsc::recv_close_gets_none */
/* BEH async-channel/bounded::recv_after_close */
TEST(mpsc_close, closing_fails_everybody_who_sends_or_wants_to)
{
	struct scene s = scene(1);
	struct t_waker w[3] = { 0 };
	struct mpsc_send wait, late;
	struct mpsc_reserve reserve_one;
	int value = 2;

	send(&s, 1);
	CHECK_EQ(t_poll(mpsc_send(&wait, &s.tx, &value), &w[0]), POLL_PENDING);
	CHECK_EQ(t_poll(mpsc_reserve(&reserve_one, &s.tx, 1), &w[1]), POLL_PENDING);
	CHECK(!mpsc_sender_is_closed(&s.tx));
	mpsc_close(&s.rx);
	mpsc_close(&s.rx);
	CHECK(mpsc_sender_is_closed(&s.tx));
	CHECK_EQ(t_wakes(&w[0]), 1);
	CHECK_EQ(t_wakes(&w[1]), 1);
	CHECK_EQ(t_poll(&wait.future, &w[0]), POLL_READY);
	CHECK_EQ(wait.err, -EPIPE);
	CHECK_EQ(t_poll(&reserve_one.future, &w[1]), POLL_READY);
	CHECK_EQ(reserve_one.err, -EPIPE);
	CHECK_EQ(t_poll(mpsc_send(&late, &s.tx, &value), &w[2]), POLL_READY);
	CHECK_EQ(late.err, -EPIPE);
	send_fails(&s, -EPIPE);
	receive(&s, 1);
	receive_fails(&s, -EPIPE);
	scene_end(&s);
}

/* BEH async-channel/bounded::close_wakes_receiver */
/* BEH async-channel/unbounded::close_wakes_receiver */
TEST(mpsc_close, a_waiting_receiver_of_an_empty_channel_is_woken_by_its_own_close)
{
	for (size_t capacity = 0; capacity < 2; capacity++) {
		struct scene s = scene(capacity);
		struct t_waker w = t_waker();
		struct mpsc_recv r;
		int slot;

		CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &slot), &w), POLL_PENDING);
		mpsc_close(&s.rx);
		CHECK_EQ(t_wakes(&w), 1);
		CHECK_EQ(t_poll(&r.future, &w), POLL_READY);
		CHECK_EQ(r.err, -EPIPE);
		scene_end(&s);
	}
}

TEST(mpsc_close, more_waiters_than_fit_in_one_batch_all_learn_of_it)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_send wait[50];
	struct mpsc_closed closed[50];
	int value = 0;

	send(&s, 1);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(t_poll(mpsc_send(&wait[i], &s.tx, &value), &w), POLL_PENDING);
		CHECK_EQ(t_poll(mpsc_closed(&closed[i], &s.tx), &w), POLL_PENDING);
	}
	mpsc_receiver_drop(&s.rx);
	CHECK_EQ(t_wakes(&w), 100);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(t_poll(&wait[i].future, &w), POLL_READY);
		CHECK_EQ(wait[i].err, -EPIPE);
		CHECK_EQ(t_poll(&closed[i].future, &w), POLL_READY);
	}
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

TEST(mpsc_close, senders_can_wait_until_nobody_receives)
{
	for (int drop = 0; drop <= 1; drop++) {
		struct scene s = scene(1);
		struct t_waker first = t_waker(), second = t_waker();
		struct mpsc_closed closed, after;

		CHECK_EQ(t_poll(mpsc_closed(&closed, &s.tx), &first), POLL_PENDING);
		CHECK_EQ(t_poll(&closed.future, &first), POLL_PENDING);
		CHECK_EQ(first.clones, 1);
		CHECK_EQ(t_poll(&closed.future, &second), POLL_PENDING);
		CHECK_EQ(t_held(&first), 0);
		send(&s, 1);
		receive(&s, 1);
		CHECK_EQ(t_wakes(&second), 0);
		if (drop)
			mpsc_receiver_drop(&s.rx);
		else
			mpsc_close(&s.rx);
		CHECK_EQ(t_wakes(&second), 1);
		CHECK_EQ(t_poll(&closed.future, &second), POLL_READY);
		CHECK_EQ(t_poll(mpsc_closed(&after, &s.tx), &second), POLL_READY);
		CHECK_EQ(t_held(&second), 0);
		scene_end(&s);
	}
}

/* BEH sync_mpsc::release_waker_on_rx_drop */
TEST(mpsc_close, the_receiver_leaves_no_waker_behind)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_recv r;
	int slot;

	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &slot), &w), POLL_PENDING);
	CHECK_EQ(t_held(&w), 1);
	future_drop(&r.future);
	CHECK_EQ(t_held(&w), 0);
	mpsc_receiver_drop(&s.rx);
	CHECK_EQ(t_held(&w), 0);
	CHECK_EQ(t_wakes(&w), 0);
	scene_end(&s);
}

/* --- Values that nobody will read --- */

static int n_destroyed, last_destroyed;
static void (*on_destroy)(void);
static struct scene *re_entered;

static void destroy(void *item)
{
	n_destroyed++;
	last_destroyed = *(int *)item;
	if (on_destroy)
		on_destroy();
}

static struct scene scene_of_values(size_t capacity)
{
	n_destroyed = 0;
	on_destroy = NULL;
	return scene_with_drop(capacity, destroy);
}

/* BEH sync_mpsc::dropping_rx_closes_channel */
/* BEH futures-rs/futures-channel/channel::drop_order */
/* BEH futures-rs/futures-channel/mpsc-close::single_receiver_drop_closes_channel_and_drains */
TEST(mpsc_close, giving_up_the_receiver_destroys_what_is_queued_once_and_in_order)
{
	static const size_t capacity[] = { 0, 128 };

	for (int c = 0; c < 2; c++) {
		struct scene s = scene_of_values(capacity[c]);
		struct t_waker w = t_waker();
		struct mpsc_reserve late;

		for (int i = 0; i < 100; i++)
			send(&s, i);
		receive(&s, 0);
		mpsc_receiver_drop(&s.rx);
		CHECK_EQ(n_destroyed, 99);
		CHECK_EQ(last_destroyed, 99);
		CHECK_EQ(t_poll(mpsc_reserve(&late, &s.tx, 1), &w), POLL_READY);
		CHECK_EQ(late.err, -EPIPE);
		scene_end(&s);
		CHECK_EQ(n_destroyed, 99);
	}
}

/* BEH sync_mpsc::dropping_rx_closes_channel_for_try */
/* BEH async-channel/bounded::send_after_close */
TEST(mpsc_close, without_a_receiver_every_way_of_sending_says_closed)
{
	struct scene s = scene_of_values(8), u;
	int value = 2;

	send(&s, 1);
	mpsc_receiver_drop(&s.rx);
	CHECK_EQ(n_destroyed, 1);
	send_fails(&s, -EPIPE);
	reserve_fails(&s, 1, -EPIPE);
	CHECK(mpsc_sender_is_closed(&s.tx));
	CHECK_EQ(n_destroyed, 1);
	scene_end(&s);

	u = scene_of_values(0);
	mpsc_receiver_drop(&u.rx);
	CHECK_EQ(mpsc_send_now(&u.tx, &value), -EPIPE);
	CHECK_EQ(n_destroyed, 0);
	scene_end(&u);
}

TEST(mpsc_close, what_is_queued_outlives_the_senders_and_is_destroyed_with_the_receiver)
{
	struct scene s = scene_of_values(0);

	for (int i = 0; i < 1000; i++)
		send(&s, i);
	mpsc_sender_drop(&s.tx);
	CHECK_EQ(n_destroyed, 0);
	scene_end(&s);
	CHECK_EQ(n_destroyed, 1000);
}

static void use_every_function(void)
{
	struct mpsc_permit permit;
	int value = 1;

	CHECK_EQ(mpsc_try_send(&re_entered->tx, &value), -EPIPE);
	CHECK_EQ(mpsc_try_reserve(&re_entered->tx, 1, &permit), -EPIPE);
	CHECK_EQ(mpsc_max_capacity(&re_entered->tx), 8);
	if (n_destroyed == 3)
		mpsc_sender_drop(&re_entered->tx);
	if (n_destroyed >= 3)
		on_destroy = NULL;
}

/* BEH sync_mpsc::drop_all_elements_during_panic */
TEST(mpsc_close, a_destructor_that_uses_the_channel_does_not_stop_the_rest)
{
	struct scene s = scene_of_values(8);

	for (int i = 0; i < 8; i++)
		send(&s, i);
	re_entered = &s;
	on_destroy = use_every_function;
	mpsc_receiver_drop(&s.rx);
	CHECK_EQ(n_destroyed, 8);
	scene_end(&s);
}

TEST(mpsc_close, a_value_that_could_not_be_sent_is_still_the_senders)
{
	struct scene s = scene_of_values(1);
	struct t_waker w = t_waker();
	struct mpsc_send wait;
	int value = 2;

	send(&s, 1);
	send_fails(&s, -EAGAIN);
	CHECK_EQ(t_poll(mpsc_send(&wait, &s.tx, &value), &w), POLL_PENDING);
	mpsc_receiver_drop(&s.rx);
	CHECK_EQ(n_destroyed, 1);
	CHECK_EQ(t_poll(&wait.future, &w), POLL_READY);
	CHECK_EQ(wait.err, -EPIPE);
	scene_end(&s);
	CHECK_EQ(n_destroyed, 1);
}

TEST(mpsc_close, a_waiting_item_that_was_taken_is_destroyed_like_any_other)
{
	struct scene s = scene_of_values(1);
	struct t_waker w = t_waker();
	struct mpsc_send wait;
	int value = 2;

	send(&s, 1);
	CHECK_EQ(t_poll(mpsc_send(&wait, &s.tx, &value), &w), POLL_PENDING);
	receive(&s, 1);
	mpsc_receiver_drop(&s.rx);
	CHECK_EQ(n_destroyed, 1);
	CHECK_EQ(last_destroyed, 2);
	CHECK_EQ(t_poll(&wait.future, &w), POLL_READY);
	CHECK_EQ(wait.err, 0);
	scene_end(&s);
}
