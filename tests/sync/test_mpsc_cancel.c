/* What comes at the worst moment: dropped futures, and wakers that use the channel themselves. */
#include "mpsc_scene.h"

/* --- Dropped after k polls, for every k --- */

TEST(mpsc_cancel, a_send_dropped_while_it_waits_has_not_been_sent)
{
	struct scene s = scene(1);
	struct t_waker w[2] = { 0 };
	struct mpsc_send dropped, next;
	int one = 1, two = 2;

	send(&s, 0);
	CHECK_EQ(t_poll(mpsc_send(&dropped, &s.tx, &one), &w[0]), POLL_PENDING);
	CHECK_EQ(t_poll(mpsc_send(&next, &s.tx, &two), &w[1]), POLL_PENDING);
	future_drop(&dropped.future);
	CHECK_EQ(dropped.err, -ECANCELED);
	CHECK_EQ(t_held(&w[0]), 0);
	receive(&s, 0);
	CHECK_EQ(t_poll(&next.future, &w[1]), POLL_READY);
	receive(&s, 2);
	receive_fails(&s, -EAGAIN);
	scene_end(&s);
}

TEST(mpsc_cancel, a_send_dropped_after_its_item_was_taken_has_been_sent_and_says_so)
{
	struct scene s = scene(1);
	struct t_waker w = t_waker();
	struct mpsc_send dropped;
	int one = 1;

	send(&s, 0);
	CHECK_EQ(t_poll(mpsc_send(&dropped, &s.tx, &one), &w), POLL_PENDING);
	receive(&s, 0);
	future_drop(&dropped.future);
	CHECK_EQ(dropped.err, 0);
	receive(&s, 1);
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

TEST(mpsc_cancel, a_future_that_was_never_polled_has_done_nothing)
{
	struct scene s = scene(1);
	struct mpsc_send wait;
	struct mpsc_recv r;
	struct mpsc_recv_many many;
	struct mpsc_reserve reserve_one;
	struct mpsc_closed closed;
	int value = 1;

	future_drop(mpsc_send(&wait, &s.tx, &value));
	future_drop(mpsc_recv(&r, &s.rx, &value));
	future_drop(mpsc_recv_many(&many, &s.rx, &value, 1));
	future_drop(mpsc_reserve(&reserve_one, &s.tx, 1));
	future_drop(mpsc_closed(&closed, &s.tx));
	CHECK_EQ(wait.err, -ECANCELED);
	CHECK_EQ(r.err, -ECANCELED);
	CHECK_EQ(many.err, -ECANCELED);
	CHECK_EQ(reserve_one.err, -ECANCELED);
	CHECK_EQ(mpsc_capacity(&s.tx), 1);
	CHECK(mpsc_is_empty(&s.rx));
	scene_end(&s);
}

/*
 * Polls `f` at most k times, lets the world take a step after each poll, and drops it. The step is
 * what the future waits for; whatever is left must be as if it had never been, or had completed.
 */
static bool poll_at_most(struct future *f, unsigned k, struct scene *s,
			 void (*step)(struct scene *))
{
	struct t_waker w = t_waker();
	bool ready = false;

	while (k-- > 0 && !ready) {
		ready = t_poll(f, &w) == POLL_READY;
		if (!ready)
			step(s);
	}
	future_drop(f);
	CHECK_EQ(t_held(&w), 0);
	return ready;
}

static int n_steps;

static void receive_in_the_third_step(struct scene *s)
{
	if (++n_steps == 3)
		receive(s, 0);
}

static bool send_for(unsigned k)
{
	struct scene s = scene(1);
	struct mpsc_send wait;
	int value = 1;
	bool ready;

	n_steps = 0;
	send(&s, 0);
	ready = poll_at_most(mpsc_send(&wait, &s.tx, &value), k, &s, receive_in_the_third_step);
	if (n_steps < 3)
		receive(&s, 0);
	if (wait.err == 0)
		receive(&s, 1);
	else
		CHECK_EQ(wait.err, -ECANCELED);
	receive_fails(&s, -EAGAIN);
	CHECK_EQ(mpsc_capacity(&s.tx), 1);
	scene_end(&s);
	return ready;
}

TEST(mpsc_cancel, send_at_every_poll)
{
	t_cancel_at_every_poll(send_for);
}

static void receive_in_each_step(struct scene *s)
{
	receive(s, n_steps++);
}

static bool reserve_for(unsigned k)
{
	struct scene s = scene(4);
	struct t_waker w = t_waker();
	struct mpsc_reserve many;
	struct mpsc_send next;
	int value = 4;
	bool ready;

	for (n_steps = 0; n_steps < 4; n_steps++)
		send(&s, n_steps);
	n_steps = 0;
	ready = poll_at_most(mpsc_reserve(&many, &s.tx, 4), k, &s, receive_in_each_step);
	if (many.err == 0)
		mpsc_permit_drop(&many.permit);
	if (t_poll(mpsc_send(&next, &s.tx, &value), &w) == POLL_PENDING) {
		receive(&s, n_steps++);
		CHECK_EQ(t_poll(&next.future, &w), POLL_READY);
	}
	while (n_steps <= 4)
		receive(&s, n_steps++);
	CHECK_EQ(mpsc_capacity(&s.tx), 4);
	scene_end(&s);
	return ready;
}

TEST(mpsc_cancel, reserve_at_every_poll)
{
	t_cancel_at_every_poll(reserve_for);
}

static void send_in_the_third_step(struct scene *s)
{
	if (++n_steps == 3)
		send(s, 1);
}

static bool recv_for(unsigned k)
{
	struct scene s = scene(1);
	struct mpsc_recv r;
	int slot = 0;
	bool ready;

	n_steps = 0;
	ready = poll_at_most(mpsc_recv(&r, &s.rx, &slot), k, &s, send_in_the_third_step);
	CHECK_EQ(slot, ready);
	if (n_steps >= 3 && !ready)
		receive(&s, 1);
	receive_fails(&s, -EAGAIN);
	scene_end(&s);
	return ready;
}

TEST(mpsc_cancel, recv_at_every_poll)
{
	t_cancel_at_every_poll(recv_for);
}

static bool recv_many_for(unsigned k)
{
	struct scene s = scene(0);
	struct mpsc_recv_many r;
	int array[2] = { 0 };
	bool ready;

	n_steps = 0;
	ready = poll_at_most(mpsc_recv_many(&r, &s.rx, array, 2), k, &s, send_in_the_third_step);
	CHECK_EQ(r.n, ready);
	CHECK_EQ(array[0], ready);
	if (n_steps >= 3 && !ready)
		receive(&s, 1);
	receive_fails(&s, -EAGAIN);
	scene_end(&s);
	return ready;
}

TEST(mpsc_cancel, recv_many_at_every_poll)
{
	t_cancel_at_every_poll(recv_many_for);
}

static void close_in_the_third_step(struct scene *s)
{
	if (++n_steps == 3)
		mpsc_close(&s->rx);
}

static bool closed_for(unsigned k)
{
	struct scene s = scene(0);
	struct mpsc_closed c;
	bool ready;

	n_steps = 0;
	ready = poll_at_most(mpsc_closed(&c, &s.tx), k, &s, close_in_the_third_step);
	scene_end(&s);
	return ready;
}

TEST(mpsc_cancel, closed_at_every_poll)
{
	t_cancel_at_every_poll(closed_for);
}

/* --- Wakers that use the channel --- */

/* Does a bit of everything, and leaves things as they were. */
static void use_it(void *arg)
{
	struct scene *s = arg;
	struct mpsc_sender clone = mpsc_sender_clone(&s->tx);
	struct mpsc_permit permit;
	int value = 100;

	if (mpsc_try_reserve(&clone, 1, &permit) == 0)
		mpsc_permit_drop(&permit);
	if (mpsc_try_send(&clone, &value) == 0)
		mpsc_try_recv(&s->rx, &value);
	mpsc_sender_drop(&clone);
}

static struct t_waker waker_that_uses(struct scene *s)
{
	return (struct t_waker){
		.on_wake = use_it, .on_clone = use_it, .on_drop = use_it, .arg = s
	};
}

TEST(mpsc_reentry, the_receivers_waker_may_use_the_channel_at_every_call)
{
	struct scene s = scene(2);
	struct t_waker w = waker_that_uses(&s), other = waker_that_uses(&s);
	struct mpsc_recv r;
	int slot = 0;

	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &slot), &w), POLL_PENDING);
	CHECK_EQ(t_poll(&r.future, &other), POLL_PENDING);
	future_drop(&r.future);
	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &slot), &w), POLL_PENDING);
	send(&s, 1);
	CHECK(t_wakes(&w) > 0);
	CHECK_EQ(t_poll(&r.future, &w), POLL_READY);
	CHECK_EQ(t_held(&w) + t_held(&other), 0);
	scene_end(&s);
}

TEST(mpsc_reentry, the_senders_wakers_may_use_the_channel_at_every_call)
{
	struct scene s = scene(1);
	struct t_waker w = waker_that_uses(&s), other = waker_that_uses(&s);
	struct mpsc_send wait;
	struct mpsc_reserve many;
	struct mpsc_closed closed;
	int value = 1;

	send(&s, 0);
	CHECK_EQ(t_poll(mpsc_send(&wait, &s.tx, &value), &w), POLL_PENDING);
	CHECK_EQ(t_poll(&wait.future, &other), POLL_PENDING);
	CHECK_EQ(t_poll(mpsc_reserve(&many, &s.tx, 1), &w), POLL_PENDING);
	CHECK_EQ(t_poll(mpsc_closed(&closed, &s.tx), &w), POLL_PENDING);
	receive(&s, 0);
	CHECK_EQ(t_wakes(&other), 1);
	mpsc_close(&s.rx);
	CHECK_EQ(t_wakes(&w), 2);
	CHECK_EQ(t_poll(&wait.future, &w), POLL_READY);
	CHECK_EQ(t_poll(&many.future, &w), POLL_READY);
	CHECK_EQ(many.err, -EPIPE);
	CHECK_EQ(t_poll(&closed.future, &w), POLL_READY);
	CHECK_EQ(t_held(&w) + t_held(&other), 0);
	scene_end(&s);
}

static void make_room(void *arg)
{
	receive(arg, 0);
}

static void bring_item(void *arg)
{
	send(arg, 1);
}

TEST(mpsc_reentry, what_happens_while_the_waker_is_cloned_is_seen)
{
	struct scene s = scene(1);
	struct t_waker w = { .on_clone = make_room, .arg = &s };
	struct mpsc_send wait;
	struct mpsc_recv r;
	int value = 1, slot = 0;

	send(&s, 0);
	CHECK_EQ(t_poll(mpsc_send(&wait, &s.tx, &value), &w), POLL_READY);
	CHECK_EQ(wait.err, 0);
	receive(&s, 1);
	w.on_clone = bring_item;
	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &slot), &w), POLL_READY);
	CHECK_EQ(slot, 1);
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

static void drop_it(void *arg)
{
	future_drop(arg);
}

TEST(mpsc_reentry, a_woken_waiter_may_drop_another_one)
{
	struct scene s = scene(2);
	struct t_waker w = { .on_wake = drop_it }, calm = t_waker();
	struct mpsc_permit both = reserve(&s, 2);
	struct mpsc_send first;
	struct mpsc_reserve second, third;
	int value = 1;

	CHECK_EQ(t_poll(mpsc_send(&first, &s.tx, &value), &w), POLL_PENDING);
	CHECK_EQ(t_poll(mpsc_reserve(&second, &s.tx, 1), &calm), POLL_PENDING);
	CHECK_EQ(t_poll(mpsc_reserve(&third, &s.tx, 1), &calm), POLL_PENDING);
	w.arg = &second.future;
	mpsc_permit_drop(&both);
	CHECK_EQ(t_poll(&first.future, &w), POLL_READY);
	CHECK_EQ(t_poll(&third.future, &calm), POLL_READY);
	CHECK_EQ(third.err, 0);
	mpsc_permit_drop(&third.permit);
	receive(&s, 1);
	CHECK_EQ(mpsc_capacity(&s.tx), 2);
	CHECK_EQ(t_held(&calm), 0);
	scene_end(&s);
}

static void give_up_both_ends(void *arg)
{
	struct scene *s = arg;

	mpsc_sender_drop(&s->tx);
	mpsc_receiver_drop(&s->rx);
}

TEST(mpsc_reentry, a_waker_may_give_up_the_whole_channel)
{
	struct scene s = scene(1), c = { 0 };
	struct t_waker w = { .on_wake = give_up_both_ends, .arg = &s };
	struct mpsc_permit permit = reserve(&s, 1);
	struct mpsc_recv r;
	struct mpsc_closed closed;
	int slot = 0;

	CHECK_EQ(t_poll(mpsc_recv(&r, &s.rx, &slot), &w), POLL_PENDING);
	mpsc_permit_send(&permit, &(int){ 1 });
	CHECK_EQ(t_mem_live(), 0);

	c = scene(1);
	w.arg = &c;
	CHECK_EQ(t_poll(mpsc_closed(&closed, &c.tx), &w), POLL_PENDING);
	mpsc_close(&c.rx);
	CHECK_EQ(t_mem_live(), 0);
	CHECK_EQ(t_held(&w), 0);
}
