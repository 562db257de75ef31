/*
 * broadcast: what Tokio's suite asserts of it, row by row. Its rows about falling behind are in
 * test_broadcast_lag.c.
 */
#include "broadcast_scene.h"

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

static int n_alive;

static int clone_counted(void *dst, const void *src)
{
	*(long *)dst = *(const long *)src;
	n_alive++;
	return *(const long *)src == 13 ? (n_alive--, -EIO) : 0;
}

static void drop_counted(void *item)
{
	(void)item;
	n_alive--;
}

static void begin_counted(struct scene *s, size_t capacity)
{
	n_alive = 0;
	begin_with(s, capacity, clone_counted, drop_counted);
}

static void send_counted(struct scene *s, long value)
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
	long values[4];

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
	CHECK_EQ(broadcast_open(&s.tx, NULL, long, 4, NULL, NULL), 0);
	CHECK_EQ(t_poll(broadcast_closed(&s.closed, &s.tx), &s.a), POLL_READY);
	send(&s, 1, -EPIPE);
	s.rx = broadcast_subscribe(&s.tx);
	CHECK_EQ(t_poll(broadcast_closed(&s.closed, &s.tx), &s.a), POLL_PENDING);
	future_drop(&s.closed.future);
	end(&s);
}

/* --- Weak senders --- */

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
	CHECK_EQ(broadcast_send(&strong, &(long){ 3 }), 1);
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
