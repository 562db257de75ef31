/* broadcast: falling behind, row by row of Tokio's suite; and the lengths of what is to be read. */
#include "broadcast_scene.h"

#include "base/rand.h"

/* BEH sync_broadcast::send_slow_rx */
TEST(broadcast_lag, a_slow_receiver_reads_all_that_is_kept_in_order_later)
{
	struct scene s;

	begin(&s, 16);
	s.rx2 = broadcast_subscribe(&s.tx);
	for (int i = 1; i <= 10; i++) {
		send(&s, i, 2);
		hears(&s.rx, i);
	}
	for (int i = 1; i <= 10; i++)
		hears(&s.rx2, i);
	CHECK_EQ(says(&s.rx2), -EAGAIN);
	end(&s);
}

/* BEH sync_broadcast::lagging_rx */
/* BEH sync_broadcast::lag_is_per_receiver */
TEST(broadcast_lag, who_is_overrun_is_told_once_and_goes_on_with_the_oldest_kept)
{
	struct scene s;

	begin(&s, 2);
	s.rx2 = broadcast_subscribe(&s.tx);
	send(&s, 1, 2);
	hears(&s.rx, 1);
	send(&s, 2, 2);
	hears(&s.rx, 2);
	send(&s, 3, 2);
	hears(&s.rx, 3); /* who keeps up never hears of the other's lag */
	misses(&s.rx2, 1);
	hears(&s.rx2, 2);
	hears(&s.rx2, 3);
	CHECK_EQ(says(&s.rx2), -EAGAIN);
	end(&s);
}

/* BEH sync_broadcast::single_capacity_recvs_after_drop_2 */
/* BEH sync_broadcast::single_slot_capacity_lag_semantics */
TEST(broadcast_lag, a_ring_of_one_keeps_the_last_value_and_the_end_takes_no_slot)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 1, 1);
	send(&s, 2, 1);
	broadcast_sender_drop(&s.tx);
	misses(&s.rx, 1);
	hears(&s.rx, 2);
	CHECK_EQ(says(&s.rx), -EPIPE);
	end(&s);
}

/* BEH sync_broadcast::dropping_sender_does_not_overwrite */
/* BEH sync_broadcast::slow_receiver_within_capacity_does_not_lag */
TEST(broadcast_lag, a_backlog_as_large_as_the_ring_is_no_lag)
{
	struct scene s;

	begin(&s, 2);
	send(&s, 1, 1);
	send(&s, 2, 1);
	broadcast_sender_drop(&s.tx);
	hears(&s.rx, 1);
	hears(&s.rx, 2);
	CHECK_EQ(says(&s.rx), -EPIPE);
	end(&s);
}

/* BEH sync_broadcast::lagging_receiver_recovers_after_wrap_closed_1 */
/* BEH sync_broadcast::lagging_receiver_recovers_after_wrap_closed_2 */
/* BEH sync_broadcast::lagging_receiver_recovers_after_wrap_open */
/* BEH sync_broadcast::lagged_count_matches_number_of_overwritten_messages */
TEST(broadcast_lag, the_lag_is_what_was_overwritten_open_or_closed)
{
	for (int closed = 0; closed < 2; closed++)
		for (int extra = 1; extra <= 9; extra++) {
			struct scene s;

			begin(&s, 4);
			for (int i = 1; i <= 4 + extra; i++)
				send(&s, i, 1);
			if (closed)
				broadcast_sender_drop(&s.tx);
			misses(&s.rx, (uint64_t)extra);
			for (int i = 1; i <= 4; i++)
				hears(&s.rx, extra + i);
			CHECK_EQ(says(&s.rx), closed ? -EPIPE : -EAGAIN);
			end(&s);
		}
}

/* BEH sync_broadcast::lag_uses_power_of_two_buffer_length */
TEST(broadcast_lag, the_capacity_is_rounded_up_to_a_power_of_two)
{
	struct scene s;

	begin(&s, 3);
	for (int i = 1; i <= 4; i++)
		send(&s, i, 1);
	hears(&s.rx, 1);
	send(&s, 5, 1);
	send(&s, 6, 1);
	misses(&s.rx, 1);
	hears(&s.rx, 3);
	end(&s);
}

/* BEH sync_broadcast::receiver_len_with_lagged */
/* BEH sync_broadcast::receiver_len_after_lag_error_advances_cursor */
TEST(broadcast_lag, the_length_counts_what_was_missed_until_that_is_told)
{
	struct scene s;

	begin(&s, 2);
	for (int i = 1; i <= 5; i++)
		send(&s, i, 1);
	CHECK_EQ(broadcast_receiver_len(&s.rx), 5);
	misses(&s.rx, 3);
	CHECK_EQ(broadcast_receiver_len(&s.rx), 2);
	hears(&s.rx, 4);
	CHECK_EQ(broadcast_receiver_len(&s.rx), 1);
	end(&s);
}

/* BEH sync_broadcast::lag_again_before_reading_retained_messages */
TEST(broadcast_lag, being_overrun_again_is_told_again)
{
	struct scene s;

	begin(&s, 2);
	for (int i = 1; i <= 4; i++)
		send(&s, i, 1);
	misses(&s.rx, 2);
	send(&s, 5, 1);
	misses(&s.rx, 1);
	hears(&s.rx, 4);
	hears(&s.rx, 5);
	end(&s);
}

/* BEH sync_broadcast::async_recv_lagged_then_resumes_from_oldest_retained */
TEST(broadcast_lag, awaiting_tells_the_lag_in_the_same_way)
{
	struct scene s;

	begin(&s, 2);
	for (int i = 1; i <= 3; i++)
		send(&s, i, 1);
	CHECK_EQ(t_poll(broadcast_recv(&s.recv, &s.rx, &s.value), &s.a), POLL_READY);
	CHECK_EQ(s.recv.err, -EOVERFLOW);
	CHECK_EQ(s.recv.missed, 1);
	CHECK_EQ(t_poll(broadcast_recv(&s.recv, &s.rx, &s.value), &s.a), POLL_READY);
	CHECK_EQ(s.recv.err, 0);
	CHECK_EQ(s.value, 2);
	end(&s);
}

/* BEH sync_broadcast::sender_len */
TEST(broadcast_lag, the_senders_length_is_the_slowest_receivers)
{
	struct scene s;

	begin(&s, 4);
	s.rx2 = broadcast_subscribe(&s.tx);
	CHECK_EQ(broadcast_sender_len(&s.tx), 0);
	for (int i = 1; i <= 3; i++)
		send(&s, i, 2);
	CHECK_EQ(broadcast_sender_len(&s.tx), 3);
	hears(&s.rx, 1);
	hears(&s.rx, 2);
	CHECK_EQ(broadcast_sender_len(&s.tx), 3);
	hears(&s.rx2, 1);
	hears(&s.rx2, 2);
	hears(&s.rx2, 3);
	CHECK_EQ(broadcast_sender_len(&s.tx), 1);
	broadcast_receiver_drop(&s.rx);
	CHECK_EQ(broadcast_sender_len(&s.tx), 0);
	for (int i = 4; i <= 10; i++)
		send(&s, i, 1);
	CHECK_EQ(broadcast_sender_len(&s.tx), 4); /* no more than the ring */
	end(&s);
}

/* BEH sync_broadcast::sender_len_random */
TEST(broadcast_lag, the_senders_length_is_right_after_any_thousand_steps)
{
	struct rand r = { 11 };
	struct scene s;
	long value;

	begin(&s, 16);
	s.rx2 = broadcast_subscribe(&s.tx);
	for (int i = 0; i < 1000; i++) {
		size_t len, len2, expected;

		switch (rand_below(&r, 4)) {
		case 0:
			broadcast_try_recv(&s.rx, &value, NULL);
			break;
		case 1:
			broadcast_try_recv(&s.rx2, &value, NULL);
			break;
		default:
			send(&s, i, 2);
		}
		len = broadcast_receiver_len(&s.rx);
		len2 = broadcast_receiver_len(&s.rx2);
		expected = len > len2 ? len : len2;
		CHECK_EQ(broadcast_sender_len(&s.tx), expected < 16 ? expected : 16);
	}
	end(&s);
}
