/* Permits: slots first, items later. */
#include "mpsc_scene.h"

static enum poll poll_reserve(struct mpsc_reserve *r, struct scene *s, size_t n, struct t_waker *w)
{
	return t_poll(mpsc_reserve(r, &s->tx, n), w);
}

/* Polls a reservation that has been granted, and returns its permit. */
static struct mpsc_permit granted(struct mpsc_reserve *r, struct t_waker *w)
{
	CHECK_EQ(t_wakes(w), 1);
	CHECK_EQ(t_poll(&r->future, w), POLL_READY);
	CHECK_EQ(r->err, 0);
	return r->permit;
}

/* BEH sync_mpsc::reserve_disarm */
TEST(mpsc_permit, permits_bound_the_channel_and_are_handed_on_in_order)
{
	struct scene s = scene(2);
	struct t_waker w[4] = { 0 };
	struct mpsc_permit a, b, c;
	struct mpsc_reserve third, fourth;
	int value = 1;

	a = reserve(&s, 1);
	b = reserve(&s, 1);
	CHECK_EQ(poll_reserve(&third, &s, 1, &w[2]), POLL_PENDING);
	CHECK_EQ(poll_reserve(&fourth, &s, 1, &w[3]), POLL_PENDING);
	mpsc_permit_send(&a, &value);
	CHECK_EQ(t_wakes(&w[2]), 0);
	receive(&s, 1);
	CHECK_EQ(t_wakes(&w[3]), 0);
	c = granted(&third, &w[2]);
	mpsc_permit_drop(&b);
	mpsc_permit_drop(&c);
	c = granted(&fourth, &w[3]);
	mpsc_permit_drop(&c);
	CHECK_EQ(mpsc_capacity(&s.tx), 2);
	scene_end(&s);
}

/* BEH sync_mpsc::start_send_past_cap */
TEST(mpsc_permit, a_slot_assigned_to_a_dropped_waiter_goes_to_the_next)
{
	struct scene s = scene(1);
	struct t_waker w[2] = { 0 };
	struct mpsc_reserve first, second;
	struct mpsc_permit permit;
	int value = 2;

	send(&s, 1);
	CHECK_EQ(poll_reserve(&first, &s, 1, &w[0]), POLL_PENDING);
	CHECK_EQ(poll_reserve(&second, &s, 1, &w[1]), POLL_PENDING);
	receive(&s, 1);
	CHECK_EQ(t_wakes(&w[0]), 1);
	CHECK_EQ(t_wakes(&w[1]), 0);
	future_drop(&first.future);
	permit = granted(&second, &w[1]);
	mpsc_permit_send(&permit, &value);
	mpsc_sender_drop(&s.tx);
	receive(&s, 2);
	receive_fails(&s, -EPIPE);
	scene_end(&s);
}

/* BEH sync_mpsc::send_recv_buffer_limited */
TEST(mpsc_permit, with_one_slot_a_reservation_waits_for_a_receive)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_reserve r;
	struct mpsc_permit permit = reserve(&s, 1);
	int value = 1;

	send_fails(&s, -EAGAIN);
	mpsc_permit_send(&permit, &value);
	CHECK_EQ(poll_reserve(&r, &s, 1, &w), POLL_PENDING);
	receive(&s, 1);
	permit = granted(&r, &w);
	send_fails(&s, -EAGAIN);
	mpsc_permit_send(&permit, &(int){ 2 });
	send_fails(&s, -EAGAIN);
	receive(&s, 2);
	scene_end(&s);
}

/* BEH sync_mpsc::try_reserve_fails */
TEST(mpsc_permit, trying_to_reserve_fails_while_a_permit_is_out)
{
	struct scene s = scene(1);
	struct mpsc_permit permit = reserve(&s, 1);

	reserve_fails(&s, 1, -EAGAIN);
	send_fails(&s, -EAGAIN);
	mpsc_permit_drop(&permit);
	mpsc_permit_drop(&permit);
	permit = reserve(&s, 1);
	mpsc_permit_drop(&permit);
	scene_end(&s);
}

/* BEH sync_mpsc::drop_permit_releases_permit */
TEST(mpsc_permit, dropping_a_permit_wakes_the_next_reservation)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_reserve r;
	struct mpsc_permit permit = reserve(&s, 1);

	CHECK_EQ(poll_reserve(&r, &s, 1, &w), POLL_PENDING);
	mpsc_permit_drop(&permit);
	permit = granted(&r, &w);
	mpsc_permit_drop(&permit);
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

TEST(mpsc_permit, dropping_a_permit_sends_the_item_of_a_waiting_sender)
{
	struct scene s = scene(1);
	struct t_waker sender = t_waker(), receiver = t_waker();
	struct mpsc_permit permit = reserve(&s, 1);
	struct mpsc_send wait;
	struct mpsc_recv r;
	int value = 7, slot = 0;

	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &slot), &receiver), POLL_PENDING);
	CHECK_EQ(t_poll(mpsc_send(&wait, &s.tx, &value), &sender), POLL_PENDING);
	mpsc_permit_drop(&permit);
	CHECK_EQ(t_wakes(&receiver), 1);
	CHECK_EQ(t_wakes(&sender), 1);
	CHECK_EQ(t_poll(&r.future, &receiver), POLL_READY);
	CHECK_EQ(slot, 7);
	CHECK_EQ(t_poll(&wait.future, &sender), POLL_READY);
	CHECK_EQ(mpsc_capacity(&s.tx), 1);
	scene_end(&s);
}

/* BEH sync_mpsc::reserve_many_above_cap */
/* BEH sync_mpsc::try_reserve_many_edge_cases */
TEST(mpsc_permit, more_slots_than_the_channel_has_are_refused_at_once)
{
	struct scene s = scene(3), u;
	struct t_waker w = t_waker();
	struct mpsc_reserve r;
	const size_t too_many[] = { 4, UINT32_MAX, (size_t)UINT32_MAX + 2, SIZE_MAX };

	for (int i = 0; i < 4; i++) {
		reserve_fails(&s, too_many[i], -EINVAL);
		CHECK_EQ(poll_reserve(&r, &s, too_many[i], &w), POLL_READY);
		CHECK_EQ(r.err, -EINVAL);
		CHECK_PTR(r.permit.chan, NULL);
	}
	mpsc_close(&s.rx);
	for (int i = 0; i < 4; i++) {
		reserve_fails(&s, too_many[i], -EPIPE);
		CHECK_EQ(poll_reserve(&r, &s, too_many[i], &w), POLL_READY);
		CHECK_EQ(r.err, -EPIPE);
	}
	scene_end(&s);

	u = scene(0);
	reserve_fails(&u, 1, -EINVAL);
	scene_end(&u);
}

/* BEH sync_mpsc::try_reserve_many_zero */
/* BEH sync_mpsc::reserve_many_zero */
TEST(mpsc_permit, no_slots_are_had_even_when_full_but_not_when_closed)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_reserve r;
	struct mpsc_permit permit;

	send(&s, 1);
	permit = reserve(&s, 0);
	CHECK_EQ(permit.n, 0);
	mpsc_permit_drop(&permit);
	CHECK_EQ(poll_reserve(&r, &s, 0, &w), POLL_READY);
	CHECK_EQ(r.err, 0);
	mpsc_permit_drop(&r.permit);
	mpsc_close(&s.rx);
	reserve_fails(&s, 0, -EPIPE);
	CHECK_EQ(poll_reserve(&r, &s, 0, &w), POLL_READY);
	CHECK_EQ(r.err, -EPIPE);
	scene_end(&s);
}

/* BEH sync_mpsc::reserve_many_and_send */
/* BEH sync_mpsc::try_reserve_many_and_send */
TEST(mpsc_permit, a_permit_for_many_sends_them_in_order)
{
	struct scene s = scene(100);
	struct t_waker w = t_waker();
	struct mpsc_reserve r;
	struct mpsc_permit permit;

	for (int round = 0; round < 2; round++) {
		if (round == 0) {
			CHECK_EQ(poll_reserve(&r, &s, 100, &w), POLL_READY);
			permit = r.permit;
		} else {
			permit = reserve(&s, 100);
		}
		for (int i = 0; i < 100; i++) {
			CHECK_EQ(permit.n, 100 - i);
			mpsc_permit_send(&permit, &i);
		}
		CHECK_PTR(permit.chan, NULL);
		for (int i = 0; i < 100; i++)
			receive(&s, i);
		receive_fails(&s, -EAGAIN);
	}
	scene_end(&s);
}

/* BEH sync_mpsc::reserve_many_on_closed_channel */
/* BEH sync_mpsc::try_reserve_many_on_closed_channel */
TEST(mpsc_permit, a_closed_channel_has_no_slots_for_anybody)
{
	struct scene s = scene(100);
	struct t_waker w = t_waker();
	struct mpsc_reserve r;

	mpsc_receiver_drop(&s.rx);
	CHECK_EQ(poll_reserve(&r, &s, 10, &w), POLL_READY);
	CHECK_EQ(r.err, -EPIPE);
	reserve_fails(&s, 10, -EPIPE);
	scene_end(&s);
}

TEST(mpsc_permit, whoever_wants_many_collects_them_and_is_not_overtaken)
{
	struct scene s = scene(3);
	struct t_waker w[2] = { 0 };
	struct mpsc_reserve many;
	struct mpsc_send later;
	struct mpsc_permit permit;
	int value = 9;

	for (int i = 0; i < 2; i++)
		send(&s, i);
	CHECK_EQ(poll_reserve(&many, &s, 3, &w[0]), POLL_PENDING);
	CHECK_EQ(mpsc_capacity(&s.tx), 0);
	CHECK_EQ(t_poll(mpsc_send(&later, &s.tx, &value), &w[1]), POLL_PENDING);
	receive(&s, 0);
	CHECK_EQ(t_wakes(&w[0]), 0);
	receive(&s, 1);
	CHECK_EQ(t_wakes(&w[1]), 0);
	permit = granted(&many, &w[0]);
	CHECK_EQ(permit.n, 3);
	mpsc_permit_drop(&permit);
	CHECK_EQ(t_wakes(&w[1]), 1);
	CHECK_EQ(t_poll(&later.future, &w[1]), POLL_READY);
	receive(&s, 9);
	CHECK_EQ(mpsc_capacity(&s.tx), 3);
	scene_end(&s);
}

TEST(mpsc_permit, whoever_gives_up_collecting_leaves_its_slots_to_the_next_in_line)
{
	struct scene s = scene(3);
	struct t_waker w[3] = { 0 };
	struct mpsc_permit held = reserve(&s, 1), permit;
	struct mpsc_reserve many, pair;
	struct mpsc_send later;
	int value = 9;

	CHECK_EQ(poll_reserve(&many, &s, 3, &w[0]), POLL_PENDING);
	CHECK_EQ(t_poll(mpsc_send(&later, &s.tx, &value), &w[1]), POLL_PENDING);
	CHECK_EQ(poll_reserve(&pair, &s, 2, &w[2]), POLL_PENDING);
	future_drop(&many.future);
	CHECK_EQ(t_wakes(&w[1]), 1);
	CHECK_EQ(t_wakes(&w[2]), 0);
	mpsc_permit_drop(&held);
	permit = granted(&pair, &w[2]);
	CHECK_EQ(t_poll(&later.future, &w[1]), POLL_READY);
	mpsc_permit_drop(&permit);
	receive(&s, 9);
	CHECK_EQ(mpsc_capacity(&s.tx), 3);
	scene_end(&s);
}

TEST(mpsc_permit, one_permit_for_many_can_satisfy_more_waiters_than_fit_in_one_batch)
{
	struct scene s = scene(100);
	struct t_waker w = t_waker();
	struct mpsc_permit all = reserve(&s, 100);
	struct mpsc_send wait[60];
	int value[60];

	for (int i = 0; i < 60; i++) {
		value[i] = i;
		CHECK_EQ(t_poll(mpsc_send(&wait[i], &s.tx, &value[i]), &w), POLL_PENDING);
	}
	mpsc_permit_drop(&all);
	CHECK_EQ(t_wakes(&w), 60);
	CHECK_EQ(mpsc_capacity(&s.tx), 40);
	for (int i = 0; i < 60; i++) {
		CHECK_EQ(t_poll(&wait[i].future, &w), POLL_READY);
		receive(&s, i);
	}
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

TEST_BUG(mpsc_permit, sending_more_than_was_reserved_is_a_bug)
{
	struct scene s = scene(2);
	struct mpsc_permit permit = reserve(&s, 1);

	mpsc_permit_send(&permit, &(int){ 1 });
	mpsc_permit_send(&permit, &(int){ 2 });
}

TEST_BUG(mpsc_permit, sending_the_wrong_type_through_a_permit_is_a_bug)
{
	struct scene s = scene(2);
	struct mpsc_permit permit = reserve(&s, 1);

	mpsc_permit_send(&permit, &(char){ 1 });
}
