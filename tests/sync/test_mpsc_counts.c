/* What the receiver can ask: is it closed, is it empty, how many are there. */
#include "mpsc_scene.h"

/* Each question is asked of a bounded and of an unbounded channel. */
static const size_t both[] = { 0, 100 };
#define FOR_BOTH(capacity)                                                                         \
	for (size_t i_ = 0, capacity; i_ < 2 && (capacity = both[i_], true); i_++)

static void send_n(struct scene *s, int n)
{
	for (int i = 0; i < n; i++)
		send(s, i);
}

/* BEH sync_mpsc::test_rx_is_closed_when_calling_close_with_sender */
/* BEH sync_mpsc::test_rx_unbounded_is_closed_when_calling_close_with_sender */
TEST(mpsc_counts, closing_closes_although_there_is_a_sender)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);

		CHECK(!mpsc_receiver_is_closed(&s.rx));
		mpsc_close(&s.rx);
		CHECK(mpsc_receiver_is_closed(&s.rx));
		scene_end(&s);
	}
}

/* BEH sync_mpsc::test_rx_is_closed_when_dropping_all_senders */
/* BEH sync_mpsc::test_rx_unbounded_is_closed_when_dropping_all_senders */
/* BEH sync_mpsc::test_rx_unbounded_is_not_closed_when_there_are_senders */
TEST(mpsc_counts, it_is_closed_when_all_senders_are_gone_and_not_before)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);
		struct mpsc_sender more[3];

		for (int i = 0; i < 3; i++)
			more[i] = mpsc_sender_clone(&s.tx);
		mpsc_sender_drop(&s.tx);
		for (int i = 0; i < 3; i++) {
			CHECK(!mpsc_receiver_is_closed(&s.rx));
			mpsc_sender_drop(&more[i]);
		}
		CHECK(mpsc_receiver_is_closed(&s.rx));
		scene_end(&s);
	}
}

/* BEH sync_mpsc::test_rx_is_not_closed_when_there_are_senders_and_buffer_filled */
TEST(mpsc_counts, a_full_channel_is_not_closed)
{
	struct scene s = scene(10);

	send_n(&s, 10);
	CHECK(!mpsc_receiver_is_closed(&s.rx));
	scene_end(&s);
}

/* BEH sync_mpsc::test_rx_is_closed_when_there_are_no_senders_and_there_are_messages */
/* BEH sync_mpsc::test_rx_unbounded_is_closed_when_there_are_no_senders_and_there_are_messages */
/* BEH sync_mpsc::test_rx_unbounded_is_closed_when_there_are_messages_and_close_is_called */
TEST(mpsc_counts, it_is_closed_although_there_are_items_left)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity), c;

		send_n(&s, 10);
		mpsc_sender_drop(&s.tx);
		CHECK(mpsc_receiver_is_closed(&s.rx));
		scene_end(&s);

		c = scene(capacity);
		send_n(&c, 10);
		mpsc_close(&c.rx);
		CHECK(mpsc_receiver_is_closed(&c.rx));
		scene_end(&c);
	}
}

/* BEH sync_mpsc::test_rx_is_not_closed_when_there_are_permits_but_not_senders */
TEST(mpsc_counts, a_permit_keeps_it_open_without_any_sender)
{
	struct scene s = scene(10);
	struct mpsc_permit permit = reserve(&s, 1);

	mpsc_sender_drop(&s.tx);
	CHECK(!mpsc_receiver_is_closed(&s.rx));
	receive_fails(&s, -EAGAIN);
	mpsc_permit_drop(&permit);
	CHECK(mpsc_receiver_is_closed(&s.rx));
	receive_fails(&s, -EPIPE);
	scene_end(&s);
}

/* BEH sync_mpsc::test_rx_is_empty_when_no_messages_were_sent */
/* BEH sync_mpsc::test_rx_is_not_empty_when_there_are_messages_in_the_buffer */
/* BEH sync_mpsc::test_rx_is_not_empty_when_the_buffer_is_full */
/* BEH sync_mpsc::test_rx_is_not_empty_when_all_but_one_messages_are_consumed */
/* BEH sync_mpsc::test_rx_is_empty_when_all_messages_are_consumed */
/* BEH sync_mpsc::test_rx_unbounded_is_empty_when_no_messages_were_sent */
/* BEH sync_mpsc::test_rx_unbounded_is_not_empty_when_there_are_messages_in_the_buffer */
/* BEH sync_mpsc::test_rx_unbounded_is_not_empty_when_all_but_one_messages_are_consumed */
TEST(mpsc_counts, it_is_empty_before_the_first_item_and_after_the_last)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);

		CHECK(mpsc_is_empty(&s.rx));
		for (int i = 0; i < 100; i++) {
			send(&s, i);
			CHECK(!mpsc_is_empty(&s.rx));
		}
		for (int i = 0; i < 100; i++) {
			CHECK(!mpsc_is_empty(&s.rx));
			receive(&s, i);
		}
		CHECK(mpsc_is_empty(&s.rx));
		scene_end(&s);
	}
}

/* BEH sync_mpsc::test_rx_unbounded_is_empty_all_senders_are_dropped_and_messages_consumed */
TEST(mpsc_counts, it_is_empty_when_it_has_been_drained_after_the_end)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);

		send_n(&s, 10);
		mpsc_sender_drop(&s.tx);
		for (int i = 0; i < 10; i++)
			receive(&s, i);
		CHECK(mpsc_is_empty(&s.rx));
		scene_end(&s);
	}
}

/* BEH sync_mpsc::test_is_empty_32_msgs */
TEST(mpsc_counts, emptiness_is_right_at_every_boundary_of_blocks)
{
	struct scene s = scene(0);

	for (int n = 1; n <= 100; n++) {
		send_n(&s, n);
		for (int i = 0; i < n; i++) {
			CHECK(!mpsc_is_empty(&s.rx));
			receive(&s, i);
		}
		CHECK(mpsc_is_empty(&s.rx));
		receive_fails(&s, -EAGAIN);
	}
	scene_end(&s);
}

/* BEH sync_mpsc::test_rx_len_on_empty_channel */
/* BEH sync_mpsc::test_rx_len_on_empty_channel_without_senders */
/* BEH sync_mpsc::test_rx_unbounded_len_on_empty_channel */
/* BEH sync_mpsc::test_rx_unbounded_len_on_empty_channel_without_senders */
TEST(mpsc_counts, the_end_is_not_an_item)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);

		CHECK_EQ(mpsc_len(&s.rx), 0);
		mpsc_sender_drop(&s.tx);
		CHECK_EQ(mpsc_len(&s.rx), 0);
		scene_end(&s);
	}
}

/* BEH sync_mpsc::test_rx_len_on_filled_channel */
/* BEH sync_mpsc::test_rx_len_on_filled_channel_without_senders */
/* BEH sync_mpsc::test_rx_unbounded_len_with_multiple_messages */
/* BEH sync_mpsc::test_rx_unbounded_len_with_multiple_messages_and_dropped_senders */
TEST(mpsc_counts, a_hundred_items_are_a_hundred_with_or_without_senders)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);

		send_n(&s, 100);
		CHECK_EQ(mpsc_len(&s.rx), 100);
		mpsc_sender_drop(&s.tx);
		CHECK_EQ(mpsc_len(&s.rx), 100);
		scene_end(&s);
	}
}

/* BEH sync_mpsc::test_rx_len_when_consuming_all_messages */
/* BEH sync_mpsc::test_rx_unbounded_len_when_consuming_all_messages */
TEST(mpsc_counts, the_length_follows_each_send_and_each_receive)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);

		for (int i = 0; i < 100; i++) {
			CHECK_EQ(mpsc_len(&s.rx), i);
			send(&s, i);
		}
		for (int i = 0; i < 100; i++) {
			CHECK_EQ(mpsc_len(&s.rx), 100 - i);
			receive(&s, i);
		}
		CHECK_EQ(mpsc_len(&s.rx), 0);
		scene_end(&s);
	}
}

/* BEH sync_mpsc::test_rx_len_when_close_is_called */
/* BEH sync_mpsc::test_rx_len_when_close_is_called_before_dropping_sender */
/* BEH sync_mpsc::test_rx_len_when_close_is_called_after_dropping_sender */
/* BEH sync_mpsc::test_rx_unbounded_len_when_close_is_called */
/* BEH sync_mpsc::test_rx_unbounded_len_when_close_is_called_before_dropping_sender */
TEST(mpsc_counts, neither_closing_nor_losing_senders_changes_the_length)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity), t;

		send(&s, 1);
		mpsc_close(&s.rx);
		CHECK_EQ(mpsc_len(&s.rx), 1);
		mpsc_sender_drop(&s.tx);
		CHECK_EQ(mpsc_len(&s.rx), 1);
		scene_end(&s);

		t = scene(capacity);
		send(&t, 1);
		mpsc_sender_drop(&t.tx);
		mpsc_close(&t.rx);
		CHECK_EQ(mpsc_len(&t.rx), 1);
		scene_end(&t);
	}
}
