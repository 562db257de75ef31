/*
 * broadcast: what Tokio's suite asserts of it, row by row. What can go wrong is in
 * test_broadcast_model.c.
 */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "base/rand.h"
#include "sync/broadcast.h"

struct scene {
	struct broadcast_sender tx;
	struct broadcast_receiver rx, rx2;
	struct broadcast_recv recv, recv2;
	struct broadcast_closed closed;
	struct t_waker a, b;
	int value;
};

static void begin(struct scene *s, size_t capacity)
{
	t_mem_begin();
	*s = (struct scene){ .value = -1 };
	CHECK_EQ(broadcast_open(&s->tx, &s->rx, int, capacity, NULL, NULL), 0);
}

static void end(struct scene *s)
{
	broadcast_sender_drop(&s->tx);
	broadcast_receiver_drop(&s->rx);
	broadcast_receiver_drop(&s->rx2);
	CHECK_EQ(t_held(&s->a) + t_held(&s->b), 0);
	CHECK_EQ(t_mem_live(), 0);
}

static void send(struct scene *s, int value, long n)
{
	CHECK_EQ(broadcast_send(&s->tx, &value), n);
}

static void hears(struct broadcast_receiver *rx, int expected)
{
	int value = -1;

	CHECK_EQ(broadcast_try_recv(rx, &value, NULL), 0);
	CHECK_EQ(value, expected);
}

static void misses(struct broadcast_receiver *rx, uint64_t expected)
{
	uint64_t missed = 0;
	int value;

	CHECK_EQ(broadcast_try_recv(rx, &value, &missed), -EOVERFLOW);
	CHECK_EQ(missed, expected);
}

static int says(struct broadcast_receiver *rx)
{
	int value;

	return broadcast_try_recv(rx, &value, NULL);
}

/* BEH sync_broadcast::send_two_recv */
TEST(broadcast, each_receiver_gets_a_copy_and_send_says_how_many)
{
	struct scene s;

	begin(&s, 16);
	s.rx2 = broadcast_subscribe(&s.tx);
	CHECK_EQ(says(&s.rx), -EAGAIN);
	CHECK_EQ(says(&s.rx2), -EAGAIN);
	send(&s, 1, 2);
	hears(&s.rx, 1);
	hears(&s.rx2, 1);
	CHECK_EQ(says(&s.rx), -EAGAIN);
	CHECK_EQ(says(&s.rx2), -EAGAIN);
	end(&s);
}

/* BEH sync_broadcast::send_recv_bounded */
TEST(broadcast, a_pending_receive_is_woken_and_gets_the_value)
{
	struct scene s;

	begin(&s, 16);
	CHECK_EQ(t_poll(broadcast_recv(&s.recv, &s.rx, &s.value), &s.a), POLL_PENDING);
	send(&s, 1, 1);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&s.recv.future, &s.a), POLL_READY);
	CHECK_EQ(s.recv.err, 0);
	CHECK_EQ(s.value, 1);
	end(&s);
}

/* BEH sync_broadcast::send_two_recv_bounded */
TEST(broadcast, one_send_wakes_both_and_the_next_only_who_waits_again)
{
	struct scene s;

	begin(&s, 16);
	s.rx2 = broadcast_subscribe(&s.tx);
	CHECK_EQ(t_poll(broadcast_recv(&s.recv, &s.rx, &s.value), &s.a), POLL_PENDING);
	CHECK_EQ(t_poll(broadcast_recv(&s.recv2, &s.rx2, &s.value), &s.b), POLL_PENDING);
	send(&s, 1, 2);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_wakes(&s.b), 1);
	CHECK_EQ(t_poll(&s.recv.future, &s.a), POLL_READY);
	CHECK_EQ(t_poll(&s.recv2.future, &s.b), POLL_READY);
	CHECK_EQ(t_poll(broadcast_recv(&s.recv, &s.rx, &s.value), &s.a), POLL_PENDING);
	send(&s, 2, 2);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_wakes(&s.b), 0);
	CHECK_EQ(t_poll(&s.recv.future, &s.a), POLL_READY);
	CHECK_EQ(s.value, 2);
	hears(&s.rx2, 2);
	end(&s);
}

/* BEH sync_broadcast::change_tasks */
TEST(broadcast, polled_under_another_waker_it_wakes_only_that_one)
{
	struct scene s;

	begin(&s, 1);
	CHECK_EQ(t_poll(broadcast_recv(&s.recv, &s.rx, &s.value), &s.a), POLL_PENDING);
	CHECK_EQ(t_poll(&s.recv.future, &s.b), POLL_PENDING);
	CHECK_EQ(t_held(&s.a), 0);
	send(&s, 1, 1);
	CHECK_EQ(t_wakes(&s.a), 0);
	CHECK_EQ(t_wakes(&s.b), 1);
	CHECK_EQ(t_poll(&s.recv.future, &s.b), POLL_READY);
	end(&s);
}

/* BEH sync_broadcast::send_slow_rx */
TEST(broadcast, a_slow_receiver_reads_all_that_is_kept_in_order_later)
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

static int n_alive;

static int clone_counted(void *dst, const void *src)
{
	*(int *)dst = *(const int *)src;
	n_alive++;
	return *(const int *)src == 13 ? (n_alive--, -EIO) : 0;
}

static void drop_counted(void *item)
{
	(void)item;
	n_alive--;
}

static void begin_counted(struct scene *s, size_t capacity)
{
	t_mem_begin();
	n_alive = 0;
	*s = (struct scene){ .value = -1 };
	CHECK_EQ(broadcast_open(&s->tx, &s->rx, int, capacity, clone_counted, drop_counted), 0);
}

static void send_counted(struct scene *s, int value)
{
	n_alive++;
	CHECK(broadcast_send(&s->tx, &value) > 0);
}

/* BEH sync_broadcast::drop_rx_while_values_remain */
/* BEH sync_broadcast::unconsumed_messages_are_dropped */
TEST(broadcast, what_nobody_will_read_any_more_is_destroyed_once)
{
	struct scene s;

	begin_counted(&s, 16);
	s.rx2 = broadcast_subscribe(&s.tx);
	send_counted(&s, 1);
	send_counted(&s, 2);
	hears(&s.rx, 1);
	drop_counted(NULL); /* our copy */
	hears(&s.rx2, 1);
	drop_counted(NULL); /* the original, which the last reader was given */
	CHECK_EQ(n_alive, 1);
	broadcast_receiver_drop(&s.rx2);
	CHECK_EQ(n_alive, 1);
	broadcast_receiver_drop(&s.rx);
	CHECK_EQ(n_alive, 0);
	end(&s);
}

/* BEH sync_broadcast::lagging_rx */
/* BEH sync_broadcast::lag_is_per_receiver */
TEST(broadcast, who_is_overrun_is_told_once_and_goes_on_with_the_oldest_kept)
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

/* BEH sync_broadcast::send_no_rx */
TEST(broadcast, without_receivers_a_send_fails_and_works_again_after_subscribe)
{
	struct scene s;

	begin(&s, 16);
	broadcast_receiver_drop(&s.rx);
	send(&s, 1, -EPIPE);
	s.rx = broadcast_subscribe(&s.tx);
	CHECK_EQ(says(&s.rx), -EAGAIN);
	send(&s, 2, 1);
	hears(&s.rx, 2);
	end(&s);
}

/* BEH sync_broadcast::zero_capacity */
/* BEH sync_broadcast::capacity_too_big */
TEST(broadcast, impossible_capacities_are_refused)
{
	struct broadcast_sender tx;
	struct broadcast_receiver rx;

	t_mem_begin();
	CHECK_EQ(broadcast_open(&tx, &rx, int, 0, NULL, NULL), -EINVAL);
	CHECK_EQ(broadcast_open(&tx, &rx, int, SIZE_MAX / 2 + 1, NULL, NULL), -EINVAL);
	CHECK_EQ(broadcast_open(&tx, &rx, int, SIZE_MAX / 2, NULL, NULL), -ENOMEM);
	CHECK_EQ(broadcast_open(&tx, &rx, char[BROADCAST_ITEM_MAX + 1], 1, NULL, NULL), -EINVAL);
	t_mem_fail(0);
	CHECK_EQ(broadcast_open(&tx, &rx, int, 1, NULL, NULL), -ENOMEM);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH sync_broadcast::panic_in_clone */
TEST(broadcast, a_copy_that_fails_loses_only_that_value)
{
	struct scene s;
	int values[4];

	begin_counted(&s, 16);
	s.rx2 = broadcast_subscribe(&s.tx);
	send_counted(&s, 1);
	send_counted(&s, 13); /* cannot be copied */
	send_counted(&s, 2);
	CHECK_EQ(broadcast_try_recv_many(&s.rx, values, 4, NULL), 1);
	CHECK_EQ(says(&s.rx), -EIO);
	hears(&s.rx, 2);
	n_alive -= 2;
	CHECK_EQ(broadcast_try_recv_many(&s.rx2, values, 4, NULL), 3); /* originals need no copy */
	n_alive -= 3;
	CHECK_EQ(n_alive, 0);
	end(&s);
}

/* BEH sync_broadcast::single_capacity_recvs_after_drop_2 */
/* BEH sync_broadcast::single_slot_capacity_lag_semantics */
TEST(broadcast, a_ring_of_one_keeps_the_last_value_and_the_end_takes_no_slot)
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
TEST(broadcast, a_backlog_as_large_as_the_ring_is_no_lag)
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
TEST(broadcast, the_lag_is_what_was_overwritten_open_or_closed)
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
TEST(broadcast, the_capacity_is_rounded_up_to_a_power_of_two)
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
TEST(broadcast, the_length_counts_what_was_missed_until_that_is_told)
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
TEST(broadcast, being_overrun_again_is_told_again)
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
TEST(broadcast, awaiting_tells_the_lag_in_the_same_way)
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

/* BEH sync_broadcast::resubscribe_points_to_tail */
/* BEH sync_broadcast::resubscribe_lagged */
/* BEH sync_broadcast::resubscribe_to_closed_channel */
TEST(broadcast, resubscribing_begins_at_the_end_and_disturbs_nobody)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 1, 1);
	send(&s, 2, 1);
	s.rx2 = broadcast_resubscribe(&s.rx);
	CHECK_EQ(broadcast_receiver_len(&s.rx2), 0);
	CHECK_EQ(says(&s.rx2), -EAGAIN); /* not lagged, as the other is */
	misses(&s.rx, 1);
	hears(&s.rx, 2);
	send(&s, 3, 2);
	hears(&s.rx2, 3);
	hears(&s.rx, 3);
	broadcast_receiver_drop(&s.rx2);
	broadcast_sender_drop(&s.tx);
	s.rx2 = broadcast_resubscribe(&s.rx);
	CHECK_EQ(says(&s.rx2), -EPIPE);
	end(&s);
}

/* BEH sync_broadcast::sender_len */
TEST(broadcast, the_senders_length_is_the_slowest_receivers)
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
TEST(broadcast, the_senders_length_is_right_after_any_thousand_steps)
{
	struct rand r = { 11 };
	struct scene s;
	int value;

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

/* BEH sync_broadcast::receiver_recv_is_cooperative */
TEST(broadcast, sending_and_receiving_in_a_loop_yields_by_its_budget)
{
	unsigned budget = CONTEXT_BUDGET;
	struct scene s;

	begin(&s, 2);
	for (unsigned i = 0; i < CONTEXT_BUDGET; i++) {
		send(&s, 1, 1);
		broadcast_recv(&s.recv, &s.rx, &s.value);
		CHECK_EQ(t_poll_budget(&s.recv.future, &s.a, &budget), POLL_READY);
	}
	send(&s, 1, 1);
	broadcast_recv(&s.recv, &s.rx, &s.value);
	CHECK_EQ(t_poll_budget(&s.recv.future, &s.a, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.a), 1);
	end(&s);
}

/* BEH sync_broadcast::broadcast_sender_closed */
TEST(broadcast, a_sender_learns_that_the_last_receiver_has_gone)
{
	struct scene s;

	begin(&s, 4);
	s.rx2 = broadcast_subscribe(&s.tx);
	CHECK_EQ(t_poll(broadcast_closed(&s.closed, &s.tx), &s.a), POLL_PENDING);
	broadcast_receiver_drop(&s.rx);
	CHECK_EQ(t_wakes(&s.a), 0);
	broadcast_receiver_drop(&s.rx2);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&s.closed.future, &s.a), POLL_READY);
	end(&s);
}

/* BEH sync_broadcast::broadcast_sender_closed_with_extra_subscribe */
TEST(broadcast, who_subscribes_before_the_sender_looks_keeps_it_open)
{
	struct scene s;

	begin(&s, 4);
	CHECK_EQ(t_poll(broadcast_closed(&s.closed, &s.tx), &s.a), POLL_PENDING);
	broadcast_receiver_drop(&s.rx);
	CHECK_EQ(t_wakes(&s.a), 1);
	s.rx = broadcast_subscribe(&s.tx);
	CHECK_EQ(t_poll(&s.closed.future, &s.a), POLL_PENDING);
	broadcast_receiver_drop(&s.rx);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&s.closed.future, &s.a), POLL_READY);
	end(&s);
}

/* BEH sync_broadcast::broadcast_sender_new_must_be_closed */
TEST(broadcast, opened_without_a_receiver_it_is_closed_until_one_subscribes)
{
	struct scene s = { 0 };

	t_mem_begin();
	CHECK_EQ(broadcast_open(&s.tx, NULL, int, 4, NULL, NULL), 0);
	CHECK_EQ(t_poll(broadcast_closed(&s.closed, &s.tx), &s.a), POLL_READY);
	send(&s, 1, -EPIPE);
	s.rx = broadcast_subscribe(&s.tx);
	CHECK_EQ(t_poll(broadcast_closed(&s.closed, &s.tx), &s.a), POLL_PENDING);
	future_drop(&s.closed.future);
	end(&s);
}

/*
 * --- Weak senders
 * -------------------------------------------------------------------------------
 */

/* BEH sync_broadcast_weak::weak_sender */
/* BEH sync_broadcast_weak::downgrade_upgrade_sender_failure */
TEST(broadcast_weak, a_weak_sender_sends_by_way_of_a_strong_one_while_there_is_one)
{
	struct broadcast_weak_sender weak;
	struct broadcast_sender strong;
	struct scene s;

	begin(&s, 4);
	weak = broadcast_downgrade(&s.tx);
	strong = broadcast_upgrade(&weak);
	CHECK(strong.chan);
	CHECK_EQ(broadcast_send(&strong, &(int){ 3 }), 1);
	broadcast_sender_drop(&strong);
	broadcast_sender_drop(&s.tx);
	CHECK(!broadcast_upgrade(&weak).chan);
	hears(&s.rx, 3);
	CHECK_EQ(says(&s.rx), -EPIPE);
	broadcast_weak_sender_drop(&weak);
	end(&s);
}

/* BEH sync_broadcast_weak::downgrade_drop_upgrade */
TEST(broadcast_weak, the_weak_form_of_a_clone_fails_with_all_the_others)
{
	struct broadcast_weak_sender weak;
	struct broadcast_sender clone;
	struct scene s;

	begin(&s, 4);
	clone = broadcast_sender_clone(&s.tx);
	weak = broadcast_downgrade(&clone);
	broadcast_sender_drop(&clone);
	broadcast_sender_drop(&s.tx);
	CHECK(!broadcast_upgrade(&weak).chan);
	broadcast_weak_sender_drop(&weak);
	end(&s);
}

/* BEH sync_broadcast_weak::test_tx_count_weak_sender */
/* BEH sync_broadcast_weak::sender_weak_count_when_downgraded */
/* BEH sync_broadcast_weak::sender_strong_count_when_dropped */
/* BEH sync_broadcast_weak::sender_weak_count_when_dropped */
/* BEH sync_broadcast_weak::sender_strong_and_weak_conut */
TEST(broadcast_weak, both_kinds_are_counted_through_clone_downgrade_and_drop)
{
	struct broadcast_weak_sender weak, weak2;
	struct broadcast_sender clone;
	struct scene s;

	begin(&s, 4);
	CHECK_EQ(broadcast_n_senders(&s.tx), 1);
	weak = broadcast_downgrade(&s.tx);
	CHECK_EQ(broadcast_n_senders(&s.tx), 1);
	CHECK_EQ(broadcast_n_weak_senders(&s.tx), 1);
	weak2 = broadcast_weak_sender_clone(&weak);
	clone = broadcast_upgrade(&weak2);
	CHECK_EQ(broadcast_n_senders(&s.tx), 2);
	CHECK_EQ(broadcast_n_weak_senders(&s.tx), 2);
	broadcast_weak_sender_drop(&weak);
	broadcast_weak_sender_drop(&weak2);
	broadcast_sender_drop(&clone);
	CHECK_EQ(broadcast_n_senders(&s.tx), 1);
	CHECK_EQ(broadcast_n_weak_senders(&s.tx), 0);
	CHECK_EQ(broadcast_n_receivers(&s.tx), 1);
	end(&s);
}
