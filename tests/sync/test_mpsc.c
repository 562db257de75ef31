/* The channel, one step at a time: order, fullness, waiting, and the two ends. */
#include "mpsc_scene.h"

/* BEH sync_mpsc::send_recv_with_buffer */
/* BEH sync_mpsc::send_recv_stream_with_buffer */
/* BEH futures-rs/futures-channel/channel::sequence */
/* BEH futures-rs/futures-channel/channel::drop_sender */
TEST(mpsc, items_arrive_in_order_and_then_comes_the_end)
{
	struct scene s = scene(16);
	struct t_waker w = t_waker();
	struct mpsc_permit permit = reserve(&s, 1);
	struct mpsc_recv r;
	int value = 1;

	mpsc_permit_send(&permit, &value);
	send(&s, 2);
	mpsc_sender_drop(&s.tx);
	for (int i = 1; i <= 2; i++) {
		CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &value), &w), POLL_READY);
		CHECK_EQ(r.err, 0);
		CHECK_EQ(value, i);
	}
	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &value), &w), POLL_READY);
	CHECK_EQ(r.err, -EPIPE);
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

/* BEH sync_mpsc::send_recv_unbounded */
TEST(mpsc, an_unbounded_channel_keeps_the_order_and_never_waits)
{
	struct scene s = scene(0);
	struct t_waker w = t_waker();
	struct mpsc_send send;
	int value;

	for (value = 0; value < 1000; value++) {
		if (value % 2) {
			CHECK_EQ(mpsc_send_now(&s.tx, &value), 0);
		} else {
			CHECK_EQ(t_poll(mpsc_send(&send, &s.tx, &value), &w), POLL_READY);
			CHECK_EQ(send.err, 0);
		}
	}
	mpsc_sender_drop(&s.tx);
	for (int i = 0; i < 1000; i++)
		receive(&s, i);
	receive_fails(&s, -EPIPE);
	scene_end(&s);
}

/* BEH sync_mpsc::buffer_gteq_one */
TEST(mpsc, a_capacity_of_zero_or_of_too_much_is_refused)
{
	struct scene s;

	t_mem_begin();
	CHECK_EQ(mpsc_open(&s.tx, &s.rx, int, 0, NULL), -EINVAL);
	CHECK_EQ(mpsc_open(&s.tx, &s.rx, int, (size_t)UINT32_MAX + 1, NULL), -EINVAL);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH sync_mpsc::try_send_fail */
TEST(mpsc, a_full_channel_says_so_until_something_is_received)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_recv r;
	int value;

	send(&s, 1);
	send_fails(&s, -EAGAIN);
	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &value), &w), POLL_READY);
	CHECK_EQ(value, 1);
	send(&s, 2);
	mpsc_sender_drop(&s.tx);
	receive(&s, 2);
	receive_fails(&s, -EPIPE);
	scene_end(&s);
}

/* BEH sync_mpsc::try_recv_bounded */
/* BEH futures-rs/futures-channel/mpsc-close::bounded_try_recv_after_none */
TEST(mpsc, trying_to_receive_says_empty_or_ended)
{
	struct scene s = scene(5);

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5; i++)
			send(&s, i);
		send_fails(&s, -EAGAIN);
		for (int i = 0; i < 5; i++)
			receive(&s, i);
		receive_fails(&s, -EAGAIN);
	}
	for (int i = 0; i < 3; i++)
		send(&s, i);
	mpsc_sender_drop(&s.tx);
	for (int i = 0; i < 3; i++)
		receive(&s, i);
	receive_fails(&s, -EPIPE);
	receive_fails(&s, -EPIPE);
	scene_end(&s);
}

/* BEH sync_mpsc::try_recv_close_while_empty_bounded */
/* BEH futures-rs/futures-channel/mpsc-close::unbounded_try_next_after_none */
/* BEH futures-rs/futures-channel/mpsc-close::unbounded_try_recv_after_none */
TEST(mpsc, an_empty_channel_ends_with_its_last_sender)
{
	for (size_t capacity = 0; capacity <= 5; capacity += 5) {
		struct scene s = scene(capacity);

		receive_fails(&s, -EAGAIN);
		mpsc_sender_drop(&s.tx);
		receive_fails(&s, -EPIPE);
		receive_fails(&s, -EPIPE);
		scene_end(&s);
	}
}

/* BEH sync_mpsc::tx_close_gets_none */
/* BEH futures-rs/futures-channel/mpsc::tx_close_gets_none */
TEST(mpsc, a_waiting_receiver_is_woken_by_the_end)
{
	struct scene s = scene(10);
	struct t_waker w = t_waker();
	struct mpsc_recv r;
	int value;

	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &value), &w), POLL_PENDING);
	mpsc_sender_drop(&s.tx);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r.future, &w), POLL_READY);
	CHECK_EQ(r.err, -EPIPE);
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

/* BEH futures-rs/futures-channel/mpsc::send_recv */
TEST(mpsc, a_waiting_receiver_is_woken_once_for_all_that_comes_before_it_looks)
{
	struct scene s = scene(4);
	struct t_waker w = t_waker();
	struct mpsc_recv r;
	int value;

	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &value), &w), POLL_PENDING);
	send(&s, 1);
	send(&s, 2);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r.future, &w), POLL_READY);
	CHECK_EQ(value, 1);
	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &value), &w), POLL_READY);
	CHECK_EQ(value, 2);
	CHECK_EQ(t_wakes(&w), 0);
	scene_end(&s);
}

TEST(mpsc, the_waker_of_the_last_poll_is_the_one_that_is_woken)
{
	struct scene s = scene(1);
	struct t_waker first = t_waker(), second = t_waker();
	struct mpsc_recv r;
	struct mpsc_send send_two;
	int value, two = 2;

	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &value), &first), POLL_PENDING);
	CHECK_EQ(t_poll(&r.future, &first), POLL_PENDING);
	CHECK_EQ(first.clones, 1);
	CHECK_EQ(t_poll(&r.future, &second), POLL_PENDING);
	CHECK_EQ(t_held(&first), 0);
	send(&s, 1);
	CHECK_EQ(t_wakes(&first), 0);
	CHECK_EQ(t_wakes(&second), 1);
	future_drop(&r.future);

	CHECK_EQ(t_poll(mpsc_send(&send_two, &s.tx, &two), &first), POLL_PENDING);
	CHECK_EQ(t_poll(&send_two.future, &second), POLL_PENDING);
	CHECK_EQ(t_held(&first), 0);
	receive(&s, 1);
	CHECK_EQ(t_wakes(&first), 0);
	CHECK_EQ(t_wakes(&second), 1);
	CHECK_EQ(t_poll(&send_two.future, &second), POLL_READY);
	CHECK_EQ(t_held(&second), 0);
	scene_end(&s);
}

/* BEH futures-rs/futures-channel/mpsc::send_backpressure_multi_senders */
TEST(mpsc, waiting_senders_are_served_in_the_order_of_their_coming)
{
	struct scene s = scene(2);
	struct t_waker w[4] = { 0 };
	struct mpsc_send wait[4];
	int value[4] = { 2, 3, 4, 5 };

	send(&s, 0);
	send(&s, 1);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(t_poll(mpsc_send(&wait[i], &s.tx, &value[i]), &w[i]), POLL_PENDING);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(t_wakes(&w[i]), 0);
		receive(&s, i);
		CHECK_EQ(t_wakes(&w[i]), 1);
		send_fails(&s, -EAGAIN);
	}
	for (int i = 3; i >= 0; i--) {
		CHECK_EQ(t_poll(&wait[i].future, &w[i]), POLL_READY);
		CHECK_EQ(wait[i].err, 0);
		CHECK_EQ(t_held(&w[i]), 0);
	}
	receive(&s, 4);
	receive(&s, 5);
	scene_end(&s);
}

TEST(mpsc, a_receiver_takes_the_items_of_waiting_senders_before_any_of_them_runs)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_send wait[20];
	int value[20];

	send(&s, -1);
	for (int i = 0; i < 20; i++) {
		value[i] = i;
		CHECK_EQ(t_poll(mpsc_send(&wait[i], &s.tx, &value[i]), &w), POLL_PENDING);
	}
	for (int i = -1; i < 20; i++)
		receive(&s, i);
	receive_fails(&s, -EAGAIN);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(t_poll(&wait[i].future, &w), POLL_READY);
	scene_end(&s);
}

/* BEH futures-rs/futures-channel/mpsc::send_shared_recv */
/* BEH futures-rs/futures-channel/mpsc-close::multiple_senders_disconnect */
TEST(mpsc, the_channel_lasts_as_long_as_one_of_its_senders)
{
	for (size_t capacity = 0; capacity <= 16; capacity += 16) {
		struct scene s = scene(capacity);
		struct mpsc_sender other = mpsc_sender_clone(&s.tx);
		int value = 2;

		CHECK_EQ(mpsc_n_senders(&other), 2);
		CHECK(mpsc_same_channel(&s.tx, &other));
		send(&s, 1);
		mpsc_sender_drop(&s.tx);
		mpsc_sender_drop(&s.tx);
		CHECK_EQ(mpsc_try_send(&other, &value), 0);
		CHECK_EQ(mpsc_n_senders(&other), 1);
		receive(&s, 1);
		receive(&s, 2);
		receive_fails(&s, -EAGAIN);
		mpsc_sender_drop(&other);
		receive_fails(&s, -EPIPE);
		scene_end(&s);
	}
}

TEST(mpsc, two_channels_are_not_the_same)
{
	struct scene a = scene(1), b;

	CHECK_EQ(mpsc_open(&b.tx, &b.rx, int, 1, NULL), 0);
	CHECK(!mpsc_same_channel(&a.tx, &b.tx));
	mpsc_receiver_drop(&a.rx);
	mpsc_sender_drop(&a.tx);
	scene_end(&b);
}

/* BEH sync_mpsc::test_tx_capacity */
TEST(mpsc, the_capacity_falls_with_each_permit_and_each_item)
{
	struct scene s = scene(10), u;
	struct mpsc_permit permit;

	CHECK_EQ(mpsc_capacity(&s.tx), 10);
	permit = reserve(&s, 1);
	CHECK_EQ(mpsc_capacity(&s.tx), 9);
	CHECK_EQ(mpsc_max_capacity(&s.tx), 10);
	send(&s, 0);
	send(&s, 0);
	CHECK_EQ(mpsc_capacity(&s.tx), 7);
	mpsc_permit_drop(&permit);
	CHECK_EQ(mpsc_capacity(&s.tx), 8);
	receive(&s, 0);
	CHECK_EQ(mpsc_capacity(&s.tx), 9);
	CHECK_EQ(mpsc_max_capacity(&s.tx), 10);
	scene_end(&s);

	u = scene(0);
	send(&u, 0);
	CHECK_EQ(mpsc_capacity(&u.tx), SIZE_MAX);
	CHECK_EQ(mpsc_max_capacity(&u.tx), SIZE_MAX);
	scene_end(&u);
}

TEST(mpsc, send_now_is_for_unbounded_channels_alone)
{
	struct scene s = scene(1);
	int value = 1;

	CHECK_EQ(mpsc_send_now(&s.tx, &value), -EINVAL);
	CHECK(mpsc_is_empty(&s.rx));
	scene_end(&s);
}

struct pair {
	const char *name;
	long value;
};

struct large {
	int value[25];
};

TEST(mpsc, items_of_any_size_arrive_whole)
{
	struct mpsc_sender tx;
	struct mpsc_receiver rx;
	struct pair pair = { "seven", 7 };
	struct large large = { { 0 } };
	char letter = 0;

	CHECK_EQ(mpsc_open(&tx, &rx, struct pair, 3, NULL), 0);
	CHECK_EQ(mpsc_try_send(&tx, &pair), 0);
	pair = (struct pair){ 0 };
	CHECK_EQ(mpsc_try_recv(&rx, &pair), 0);
	CHECK_STR(pair.name, "seven");
	CHECK_EQ(pair.value, 7);
	mpsc_sender_drop(&tx);
	mpsc_receiver_drop(&rx);

	CHECK_EQ(mpsc_open_unbounded(&tx, &rx, struct large, NULL), 0);
	for (int i = 0; i < 100; i++) {
		large.value[24] = i;
		CHECK_EQ(mpsc_try_send(&tx, &large), 0);
	}
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(mpsc_try_recv(&rx, &large), 0);
		CHECK_EQ(large.value[24], i);
	}
	mpsc_sender_drop(&tx);
	mpsc_receiver_drop(&rx);

	CHECK_EQ(mpsc_open(&tx, &rx, char, 1, NULL), 0);
	letter = 'x';
	CHECK_EQ(mpsc_try_send(&tx, &letter), 0);
	letter = 0;
	CHECK_EQ(mpsc_try_recv(&rx, &letter), 0);
	CHECK_EQ(letter, 'x');
	mpsc_sender_drop(&tx);
	mpsc_receiver_drop(&rx);
}

TEST(mpsc, every_future_respects_the_budget)
{
	struct scene s = scene(2);
	struct t_waker w = t_waker();
	struct mpsc_send send_one;
	struct mpsc_recv r;
	struct mpsc_recv_many many;
	struct mpsc_reserve reserve_one;
	struct mpsc_closed closed;
	int value = 1;
	struct future *f[5];
	unsigned budget;

	send(&s, 1);
	f[0] = mpsc_recv(&r, &s.rx, &value);
	f[1] = mpsc_send(&send_one, &s.tx, &value);
	f[2] = mpsc_recv_many(&many, &s.rx, &value, 1);
	f[3] = mpsc_reserve(&reserve_one, &s.tx, 1);
	f[4] = mpsc_closed(&closed, &s.tx);
	for (int i = 0; i < 5; i++) {
		budget = 0;
		CHECK_EQ(t_poll_budget(f[i], &w, &budget), POLL_PENDING);
		CHECK_EQ(t_wakes(&w), 1);
		if (i == 4)
			mpsc_close(&s.rx);
		budget = 5;
		CHECK_EQ(t_poll_budget(f[i], &w, &budget), POLL_READY);
		CHECK_EQ(budget, 4);
	}
	mpsc_permit_drop(&reserve_one.permit);
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

TEST_BUG(mpsc, an_item_of_the_wrong_type_is_a_bug)
{
	struct scene s = scene(1);
	double wrong = 1;

	mpsc_try_send(&s.tx, &wrong);
}

TEST_BUG(mpsc, a_slot_of_the_wrong_type_is_a_bug)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_recv r;
	char wrong;

	t_poll(mpsc_recv(&r, &s.rx, &wrong), &w);
}

TEST_BUG(mpsc, two_futures_waiting_on_one_receiver_are_a_bug)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_recv a, b;
	int value;

	t_poll(mpsc_recv(&a, &s.rx, &value), &w);
	t_poll(mpsc_recv(&b, &s.rx, &value), &w);
}

TEST_BUG(mpsc, giving_up_a_receiver_that_is_waited_on_is_a_bug)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_recv r;
	int value;

	t_poll(mpsc_recv(&r, &s.rx, &value), &w);
	mpsc_receiver_drop(&s.rx);
}

TEST_BUG(mpsc, giving_up_the_last_sender_while_it_waits_is_a_bug)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_send wait;
	int value = 1;

	send(&s, 1);
	t_poll(mpsc_send(&wait, &s.tx, &value), &w);
	mpsc_sender_drop(&s.tx);
}
