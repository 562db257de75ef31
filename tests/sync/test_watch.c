/* watch: what Tokio's suite asserts of it, row by row; then what can go wrong at any moment. */
#include "watch_scene.h"

/* BEH sync_watch::single_rx_recv */
TEST(watch, the_first_value_is_no_change_and_the_last_one_outlives_the_sender)
{
	struct scene s;

	begin(&s, 1);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_PENDING);
	CHECK_EQ(get(&s.rx), 1);
	send(&s, 2);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&s.changed.future, &s.a), POLL_READY);
	CHECK_EQ(s.changed.err, 0);
	CHECK_EQ(get(&s.rx), 2);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_PENDING);
	watch_sender_drop(&s.tx);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&s.changed.future, &s.a), POLL_READY);
	CHECK_EQ(s.changed.err, -EPIPE);
	CHECK_EQ(get(&s.rx), 2);
	end(&s);
}

/* BEH sync_watch::rx_version_underflow */
/* BEH sync_watch::rx_mark_changed */
TEST(watch, mark_changed_concerns_one_receiver_and_may_be_called_twice)
{
	struct scene s;

	begin(&s, 1);
	s.rx2 = watch_receiver_clone(&s.rx);
	watch_mark_changed(&s.rx);
	watch_mark_changed(&s.rx);
	CHECK_EQ(watch_has_changed(&s.rx), 1);
	CHECK_EQ(watch_has_changed(&s.rx2), 0);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_READY);
	CHECK_EQ(t_poll(watch_changed(&s.changed2, &s.rx2), &s.b), POLL_PENDING);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_PENDING);
	send(&s, 2);
	CHECK_EQ(t_poll(&s.changed.future, &s.a), POLL_READY);
	CHECK_EQ(t_poll(&s.changed2.future, &s.b), POLL_READY);
	end(&s);
}

/* BEH sync_watch::rx_mark_unchanged */
TEST(watch, mark_unchanged_hides_the_value_until_the_next)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 2);
	watch_mark_unchanged(&s.rx);
	CHECK_EQ(watch_has_changed(&s.rx), 0);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_PENDING);
	send(&s, 3);
	CHECK_EQ(t_poll(&s.changed.future, &s.a), POLL_READY);
	CHECK_EQ(get(&s.rx), 3);
	end(&s);
}

/* BEH sync_watch::multi_rx */
TEST(watch, each_receiver_sees_the_newest_value_and_not_those_between)
{
	struct scene s;

	begin(&s, 1);
	s.rx2 = watch_receiver_clone(&s.rx);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_PENDING);
	send(&s, 2);
	CHECK_EQ(t_poll(&s.changed.future, &s.a), POLL_READY);
	CHECK_EQ(get(&s.rx), 2);
	send(&s, 3);
	send(&s, 4);
	CHECK_EQ(t_poll(watch_changed(&s.changed2, &s.rx2), &s.b), POLL_READY);
	CHECK_EQ(get(&s.rx2), 4);
	CHECK_EQ(t_poll(watch_changed(&s.changed2, &s.rx2), &s.b), POLL_PENDING);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_READY);
	CHECK_EQ(get(&s.rx), 4);
	future_drop(&s.changed2.future);
	end(&s);
}

/* BEH sync_watch::rx_observes_final_value */
/* BEH sync_watch::changed_errors_on_closed_channel_with_seen_value */
TEST(watch, the_last_value_before_the_end_is_seen_and_then_the_end)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 2);
	watch_sender_drop(&s.tx);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_READY);
	CHECK_EQ(s.changed.err, 0);
	CHECK_EQ(get(&s.rx), 2);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_READY);
	CHECK_EQ(s.changed.err, -EPIPE);
	end(&s);
}

/* BEH sync_watch::poll_close */
TEST(watch, a_sender_learns_that_the_last_receiver_has_gone)
{
	struct scene s;

	begin(&s, 1);
	s.rx2 = watch_receiver_clone(&s.rx);
	CHECK_EQ(t_poll(watch_closed(&s.closed, &s.tx), &s.a), POLL_PENDING);
	watch_receiver_drop(&s.rx);
	CHECK_EQ(t_wakes(&s.a), 0);
	watch_receiver_drop(&s.rx2);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&s.closed.future, &s.a), POLL_READY);
	CHECK(watch_is_closed(&s.tx));
	CHECK_EQ(watch_send(&s.tx, &(int){ 2 }), -EPIPE);
	end(&s);
}

/* BEH sync_watch::borrow_and_update */
TEST(watch, reading_with_update_counts_as_seen_and_reading_alone_does_not)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 2);
	CHECK_EQ(get(&s.rx), 2);
	CHECK_EQ(watch_has_changed(&s.rx), 1);
	CHECK_EQ(watch_get_update(&s.rx, &s.value), 0);
	CHECK_EQ(s.value, 2);
	CHECK_EQ(watch_has_changed(&s.rx), 0);
	end(&s);
}

/* BEH sync_watch::reopened_after_subscribe */
TEST(watch, subscribing_opens_it_again)
{
	struct scene s;

	begin(&s, 1);
	watch_receiver_drop(&s.rx);
	CHECK(watch_is_closed(&s.tx));
	watch_replace(&s.tx, &(int){ 5 });
	s.rx = watch_subscribe(&s.tx);
	CHECK(!watch_is_closed(&s.tx));
	CHECK_EQ(get(&s.rx), 5);
	CHECK_EQ(watch_has_changed(&s.rx), 0);
	send(&s, 6);
	CHECK_EQ(watch_has_changed(&s.rx), 1);
	end(&s);
}

/* BEH sync_watch::multiple_sender */
/* BEH sync_watch::receiver_is_notified_when_last_sender_is_dropped */
TEST(watch, several_senders_are_seen_in_order_and_only_the_last_ends_it)
{
	struct scene s;
	struct watch_sender other;

	begin(&s, 1);
	other = watch_sender_clone(&s.tx);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_PENDING);
	send(&s, 2);
	CHECK_EQ(t_poll(&s.changed.future, &s.a), POLL_READY);
	CHECK_EQ(get(&s.rx), 2);
	CHECK_EQ(watch_send(&other, &(int){ 3 }), 0);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_READY);
	CHECK_EQ(get(&s.rx), 3);
	t_wakes(&s.a);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_PENDING);
	watch_sender_drop(&s.tx);
	CHECK_EQ(t_wakes(&s.a), 0);
	watch_sender_drop(&other);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&s.changed.future, &s.a), POLL_READY);
	CHECK_EQ(s.changed.err, -EPIPE);
	end(&s);
}

/* --- The budget --- */

/* Polls a future that is built anew each time until the budget of 128 is used up; it then waits. */
static void check_yields(struct scene *s, struct future *(*build)(struct scene *))
{
	unsigned budget = CONTEXT_BUDGET;

	for (unsigned i = 0; i < CONTEXT_BUDGET; i++)
		CHECK_EQ(t_poll_budget(build(s), &s->a, &budget), POLL_READY);
	t_wakes(&s->a);
	CHECK_EQ(t_poll_budget(build(s), &s->a, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&s->a), 1);
}

static struct future *build_changed(struct scene *s)
{
	return watch_changed(&s->changed, &s->rx);
}

static struct future *build_sent_changed(struct scene *s)
{
	send(s, 2);
	return watch_changed(&s->changed, &s->rx);
}

static struct future *build_closed(struct scene *s)
{
	return watch_closed(&s->closed, &s->tx);
}

/* BEH sync_watch::receiver_changed_is_cooperative */
/* BEH sync_watch::receiver_changed_is_cooperative_ok */
/* BEH sync_watch::sender_closed_is_cooperative */
TEST(watch, what_is_always_ready_yields_by_its_budget)
{
	struct scene s;

	begin(&s, 1);
	check_yields(&s, build_sent_changed);
	future_drop(&s.changed.future);
	watch_sender_drop(&s.tx);
	watch_mark_unchanged(&s.rx);
	check_yields(&s, build_changed);
	future_drop(&s.changed.future);
	end(&s);

	begin(&s, 1);
	watch_receiver_drop(&s.rx);
	check_yields(&s, build_closed);
	future_drop(&s.closed.future);
	end(&s);
}

/* BEH sync_watch::has_changed_errors_on_closed_channel_with_unseen_value */
/* BEH sync_watch::has_changed_errors_on_closed_channel_with_seen_value */
TEST(watch, has_changed_says_that_the_channel_is_closed_seen_or_not)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 2);
	watch_sender_drop(&s.tx);
	CHECK_EQ(watch_has_changed(&s.rx), -EPIPE);
	CHECK_EQ(watch_get_update(&s.rx, &s.value), 0);
	CHECK_EQ(watch_has_changed(&s.rx), -EPIPE);
	end(&s);
}

/* --- At any moment --- */

static bool changed_within(unsigned k)
{
	struct scene s;
	bool ready = false;

	begin(&s, 1);
	watch_changed(&s.changed, &s.rx);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&s.changed.future, i % 2 ? &s.b : &s.a) == POLL_READY;
		if (i == 1)
			send(&s, 2);
	}
	future_drop(&s.changed.future);
	CHECK_EQ(t_held(&s.a) + t_held(&s.b), 0);
	CHECK_EQ(watch_has_changed(&s.rx), k == 2); /* not seen: nothing was lost */
	end(&s);
	return ready;
}

TEST(watch, a_wait_for_a_change_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(changed_within);
}

static bool closed_within(unsigned k)
{
	struct scene s;
	bool ready = false;

	begin(&s, 1);
	watch_closed(&s.closed, &s.tx);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&s.closed.future, i % 2 ? &s.b : &s.a) == POLL_READY;
		if (i == 1)
			watch_receiver_drop(&s.rx);
	}
	future_drop(&s.closed.future);
	end(&s);
	return ready;
}

TEST(watch, a_wait_for_the_end_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(closed_within);
}

static void send_again(void *arg)
{
	struct scene *s = arg;

	s->a.on_wake = NULL; /* once is enough */
	send(s, 9);
}

TEST(watch, a_waker_may_send_on_the_channel_that_wakes_it)
{
	struct scene s;

	begin(&s, 1);
	s.a = (struct t_waker){ .on_wake = send_again, .arg = &s };
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &s.a), POLL_PENDING);
	send(&s, 2);
	CHECK_EQ(t_poll(&s.changed.future, &s.a), POLL_READY);
	CHECK_EQ(get(&s.rx), 9);
	end(&s);
}

TEST(watch, forty_receivers_are_each_woken_once)
{
	struct watch_changed changed[40];
	struct watch_receiver rx[40];
	struct t_waker w[40];
	struct scene s;

	begin(&s, 1);
	for (int i = 0; i < 40; i++) {
		w[i] = t_waker();
		rx[i] = watch_receiver_clone(&s.rx);
		CHECK_EQ(t_poll(watch_changed(&changed[i], &rx[i]), &w[i]), POLL_PENDING);
	}
	send(&s, 2);
	for (int i = 0; i < 40; i++) {
		CHECK_EQ(t_wakes(&w[i]), 1);
		CHECK_EQ(t_poll(&changed[i].future, &w[i]), POLL_READY);
		CHECK_EQ(t_held(&w[i]), 0);
		watch_receiver_drop(&rx[i]);
	}
	end(&s);
}

TEST(watch, no_memory_and_too_large_values_are_error_values)
{
	struct watch_sender tx;
	struct watch_receiver rx;
	struct { char c[WATCH_ITEM_MAX + 1]; } large = { { 0 } };

	t_mem_begin();
	t_mem_fail(0);
	CHECK_EQ(watch_open(&tx, &rx, int, &(int){ 1 }, NULL, NULL), -ENOMEM);
	CHECK_EQ(watch__open(&tx, &rx, sizeof large, &large, sizeof large, NULL, NULL), -EINVAL);
	CHECK_EQ(t_mem_live(), 0);
}
