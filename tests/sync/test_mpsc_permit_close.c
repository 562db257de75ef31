/* What becomes of permits, and of those who wait for one, when the channel closes. */
#include "mpsc_scene.h"

static enum poll poll_reserve(struct mpsc_reserve *r, struct scene *s, size_t n, struct t_waker *w)
{
	return t_poll(mpsc_reserve(r, &s->tx, n), w);
}

/* Closes a channel that cannot end yet, and waits for that. */
static void close_and_wait(struct scene *s, struct mpsc_recv *r, int *slot, struct t_waker *w)
{
	mpsc_close(&s->rx);
	CHECK_EQ(t_poll(mpsc_recv(r, &s->rx, slot), w), POLL_PENDING);
	receive_fails(s, -EAGAIN);
}

static void has_ended(struct mpsc_recv *r, struct t_waker *w)
{
	CHECK_EQ(t_wakes(w), 1);
	CHECK_EQ(t_poll(&r->future, w), POLL_READY);
	CHECK_EQ(r->err, -EPIPE);
}

/* BEH sync_mpsc::recv_close_gets_none_reserved */
TEST(mpsc_permit_close, closing_fails_the_waiting_but_a_permit_still_delivers)
{
	struct scene s = scene(1);
	struct t_waker waits = t_waker(), receiver = t_waker();
	struct mpsc_permit permit = reserve(&s, 1);
	struct mpsc_reserve late;
	struct mpsc_recv r;
	int value = 123, slot = 0;

	CHECK_EQ(poll_reserve(&late, &s, 1, &waits), POLL_PENDING);
	close_and_wait(&s, &r, &slot, &receiver);
	CHECK_EQ(t_wakes(&waits), 1);
	CHECK_EQ(t_poll(&late.future, &waits), POLL_READY);
	CHECK_EQ(late.err, -EPIPE);
	CHECK_EQ(t_wakes(&receiver), 0);
	mpsc_permit_send(&permit, &value);
	CHECK_EQ(t_wakes(&receiver), 1);
	CHECK_EQ(t_poll(&r.future, &receiver), POLL_READY);
	CHECK_EQ(slot, 123);
	receive_fails(&s, -EPIPE);
	scene_end(&s);
}

/* BEH sync_mpsc::dropping_last_permit_wakes_closed_receiver */
/* BEH sync_mpsc::dropping_last_owned_permit_wakes_closed_receiver */
/* BEH sync_mpsc::dropping_last_permit_iterator_wakes_closed_receiver */
/* BEH sync_mpsc::releasing_last_owned_permit_wakes_closed_receiver */
/* BEH sync_mpsc::ready_close_cancel_bounded */
/* BEH sync_mpsc::try_recv_after_receiver_close_with_permit */
TEST(mpsc_permit_close, dropping_the_last_permit_ends_a_closed_channel)
{
	for (size_t n = 1; n <= 3; n++) {
		struct scene s = scene(100);
		struct t_waker w = t_waker();
		struct mpsc_permit permit = reserve(&s, n), other = reserve(&s, 1);
		struct mpsc_recv r;
		int slot;

		close_and_wait(&s, &r, &slot, &w);
		mpsc_permit_drop(&other);
		CHECK_EQ(t_wakes(&w), 0);
		mpsc_permit_drop(&permit);
		has_ended(&r, &w);
		receive_fails(&s, -EPIPE);
		CHECK_EQ(t_held(&w), 0);
		scene_end(&s);
	}
}

/* BEH sync_mpsc::sending_last_permit_wakes_closed_receiver */
/* BEH sync_mpsc::sending_last_owned_permit_wakes_closed_receiver */
TEST(mpsc_permit_close, sending_through_the_last_permit_reaches_a_closed_receiver)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_permit permit = reserve(&s, 1);
	struct mpsc_recv r;
	int slot = 0;

	close_and_wait(&s, &r, &slot, &w);
	mpsc_permit_send(&permit, &(int){ 5 });
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r.future, &w), POLL_READY);
	CHECK_EQ(slot, 5);
	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &slot), &w), POLL_READY);
	CHECK_EQ(r.err, -EPIPE);
	scene_end(&s);
}

/* A reservation that has its slot and does not know it yet. */
static void reserve_unpolled(struct mpsc_reserve *r, struct scene *s, struct t_waker *w)
{
	send(s, 1);
	CHECK_EQ(poll_reserve(r, s, 1, w), POLL_PENDING);
	receive(s, 1);
	CHECK_EQ(t_wakes(w), 1);
}

/* BEH sync_mpsc::failed_reserve_wakes_closed_receiver */
TEST(mpsc_permit_close, a_granted_reservation_that_is_polled_too_late_ends_the_closed_channel)
{
	struct scene s = scene(1);
	struct t_waker waits = t_waker(), receiver = t_waker();
	struct mpsc_reserve late;
	struct mpsc_recv r;
	int slot;

	reserve_unpolled(&late, &s, &waits);
	close_and_wait(&s, &r, &slot, &receiver);
	CHECK_EQ(t_poll(&late.future, &waits), POLL_READY);
	CHECK_EQ(late.err, -EPIPE);
	CHECK_PTR(late.permit.chan, NULL);
	has_ended(&r, &receiver);
	scene_end(&s);
}

/* BEH sync_mpsc::cancelled_reserve_wakes_closed_receiver */
/* BEH sync_mpsc::permit_available_not_acquired_close */
TEST(mpsc_permit_close, a_granted_reservation_that_is_dropped_ends_the_closed_channel)
{
	struct scene s = scene(1);
	struct t_waker waits = t_waker(), receiver = t_waker();
	struct mpsc_reserve dropped;
	struct mpsc_recv r;
	int slot;

	reserve_unpolled(&dropped, &s, &waits);
	close_and_wait(&s, &r, &slot, &receiver);
	future_drop(&dropped.future);
	has_ended(&r, &receiver);
	scene_end(&s);
}

/* BEH sync_mpsc::failed_reserve_many_wakes_closed_receiver */
/* BEH sync_mpsc::cancelled_reserve_many_wakes_closed_receiver */
TEST(mpsc_permit_close, slots_collected_by_a_waiter_go_back_when_the_channel_closes)
{
	for (int cancel = 0; cancel <= 1; cancel++) {
		struct scene s = scene(3);
		struct t_waker waits = t_waker(), receiver = t_waker();
		struct mpsc_permit held = reserve(&s, 1);
		struct mpsc_reserve many;
		struct mpsc_recv r;
		int slot;

		CHECK_EQ(poll_reserve(&many, &s, 3, &waits), POLL_PENDING);
		close_and_wait(&s, &r, &slot, &receiver);
		CHECK_EQ(t_wakes(&waits), 1);
		CHECK_EQ(mpsc_capacity(&s.tx), 2);
		mpsc_permit_drop(&held);
		has_ended(&r, &receiver);
		if (cancel)
			future_drop(&many.future);
		else
			CHECK_EQ(t_poll(&many.future, &waits), POLL_READY);
		CHECK_EQ(many.err, cancel ? -ECANCELED : -EPIPE);
		CHECK_EQ(mpsc_capacity(&s.tx), 3);
		scene_end(&s);
	}
}

static int n_destroyed;

static void count_destroyed(void *item)
{
	CHECK(*(int *)item > 0);
	n_destroyed++;
}

TEST(mpsc_permit_close, what_is_sent_through_a_permit_after_the_receiver_is_gone_is_destroyed)
{
	struct scene s = scene_with_drop(2, count_destroyed);
	struct mpsc_permit permit = reserve(&s, 2);

	n_destroyed = 0;
	mpsc_receiver_drop(&s.rx);
	mpsc_sender_drop(&s.tx);
	CHECK(t_mem_live() > 0);
	mpsc_permit_send(&permit, &(int){ 1 });
	CHECK_EQ(n_destroyed, 1);
	mpsc_permit_send(&permit, &(int){ 2 });
	CHECK_EQ(n_destroyed, 2);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(mpsc_permit_close, a_permit_alone_keeps_the_channel_for_the_receiver)
{
	struct scene s = scene(1);
	struct mpsc_permit permit = reserve(&s, 1);

	mpsc_sender_drop(&s.tx);
	receive_fails(&s, -EAGAIN);
	mpsc_permit_send(&permit, &(int){ 1 });
	receive(&s, 1);
	receive_fails(&s, -EPIPE);
	scene_end(&s);
}
