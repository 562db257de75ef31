/* The channel with wakers, and an end of items, that use it themselves. */
#include "broadcast_scene.h"

enum { MANY = 2 * WAKE_LIST_MAX + 1 }; /* three batches of wakes */

static void send_seven(void *arg)
{
	struct scene *s = arg;

	if (s->tx.chan)
		broadcast_send(&s->tx, &(long){ 7 });
}

static void drop_sender(void *arg)
{
	broadcast_sender_drop(&((struct scene *)arg)->tx);
}

static void drop_receiver(void *arg)
{
	broadcast_receiver_drop(&((struct scene *)arg)->rx);
}

static void drop_both_ends(void *arg)
{
	drop_sender(arg);
	drop_receiver(arg);
}

/* Does a bit of everything, and leaves things as they were. */
static void look(void *arg)
{
	struct scene *s = arg;
	struct broadcast_weak_sender weak;
	struct broadcast_sender strong;
	struct broadcast_receiver rx, rx2;

	if (!s->tx.chan)
		return;
	weak = broadcast_downgrade(&s->tx);
	strong = broadcast_upgrade(&weak);
	rx = broadcast_subscribe(&strong);
	rx2 = broadcast_resubscribe(&rx);
	CHECK_EQ(says(&rx), -EAGAIN);
	CHECK_EQ(broadcast_n_senders(&s->tx), 2);
	CHECK_EQ(broadcast_n_weak_senders(&s->tx), 1);
	CHECK_EQ(broadcast_n_receivers(&s->tx), 2 + (s->rx.chan != NULL));
	CHECK(broadcast_sender_len(&s->tx) <= 4);
	broadcast_receiver_drop(&rx);
	broadcast_receiver_drop(&rx2);
	broadcast_sender_drop(&strong);
	broadcast_weak_sender_drop(&weak);
}

static struct t_waker calls(struct scene *s, void (*fn)(void *))
{
	return (struct t_waker){ .on_wake = fn, .on_clone = fn, .on_drop = fn, .arg = s };
}

/* --- Each future, each call of its waker --- */

enum { N_FUTURES = 3 };

/* The three futures, built anew. */
static struct future *build(struct scene *s, int which)
{
	switch (which) {
	case 0:
		return broadcast_recv(&s->recv, &s->rx, &s->value);
	case 1:
		return broadcast_recv_many(&s->many, &s->rx, s->values, 4);
	default:
		return broadcast_closed(&s->closed, &s->tx);
	}
}

/* What each of them waits for. */
static void (*come_for(int which))(void *)
{
	return which == 2 ? drop_receiver : send_seven;
}

TEST(broadcast_reentry, the_wakers_may_use_the_channel_at_every_call)
{
	struct scene s;

	for (int which = 0; which < N_FUTURES; which++) {
		struct future *f;

		begin(&s, 4);
		s.a = s.b = calls(&s, look);
		f = build(&s, which);
		CHECK_EQ(t_poll(f, &s.a), POLL_PENDING);
		CHECK_EQ(t_poll(f, &s.b), POLL_PENDING);
		future_drop(f);
		f = build(&s, which);
		CHECK_EQ(t_poll(f, &s.a), POLL_PENDING);
		come_for(which)(&s);
		CHECK_EQ(t_wakes(&s.a), 1);
		CHECK_EQ(t_poll(f, &s.a), POLL_READY);
		end(&s);
	}
}

TEST(broadcast_reentry, what_comes_while_the_waker_is_cloned_is_found_by_the_same_poll)
{
	struct scene s;

	for (int which = 0; which < N_FUTURES; which++) {
		begin(&s, 4);
		s.a = (struct t_waker){ .on_clone = come_for(which), .arg = &s };
		CHECK_EQ(t_poll(build(&s, which), &s.a), POLL_READY);
		end(&s);
	}
}

TEST(broadcast_reentry, the_end_that_comes_while_the_waker_is_cloned_is_found_too)
{
	struct scene s;

	for (int which = 0; which < 2; which++) {
		begin(&s, 4);
		s.a = (struct t_waker){ .on_clone = drop_sender, .arg = &s };
		CHECK_EQ(t_poll(build(&s, which), &s.a), POLL_READY);
		CHECK_EQ(which == 0 ? s.recv.err : s.many.err, -EPIPE);
		end(&s);
	}
}

/* What is there already is found without a clone; the stale waker's end sends one more. */
TEST(broadcast_reentry, what_comes_while_the_waker_is_dropped_is_left_for_the_next_poll)
{
	struct scene s;

	for (int which = 0; which < 2; which++) {
		struct future *f;

		begin(&s, 4);
		s.a = (struct t_waker){ .on_drop = send_seven, .arg = &s };
		f = build(&s, which);
		CHECK_EQ(t_poll(f, &s.a), POLL_PENDING);
		CHECK_EQ(t_poll(f, &s.b), POLL_PENDING);
		CHECK_EQ(t_wakes(&s.b), 1); /* it was in the queue before the old one was dropped */
		CHECK_EQ(t_poll(f, &s.b), POLL_READY);
		CHECK_EQ(broadcast_receiver_len(&s.rx), 0);
		end(&s);
	}
}

/* --- The channel goes while its own wakers run --- */

static void receive_and_give_up(struct scene *s, struct t_waker *w, void (*come)(void *))
{
	*w = (struct t_waker){ .on_wake = drop_both_ends, .arg = s };
	CHECK_EQ(t_poll(build(s, 0), w), POLL_PENDING);
	come(s);
	CHECK_EQ(t_wakes(w), 1);
	CHECK_EQ(t_mem_live(), 0);
	CHECK_EQ(t_held(w), 0);
}

TEST(broadcast_reentry, a_woken_receiver_may_give_up_the_whole_channel)
{
	struct scene s;

	begin(&s, 4);
	receive_and_give_up(&s, &s.a, send_seven);
	begin(&s, 4);
	receive_and_give_up(&s, &s.a, drop_sender);
}

TEST(broadcast_reentry, a_sender_woken_by_the_end_may_give_up_the_whole_channel)
{
	struct scene s;

	begin(&s, 4);
	s.a = (struct t_waker){ .on_wake = drop_both_ends, .arg = &s };
	CHECK_EQ(t_poll(build(&s, 2), &s.a), POLL_PENDING);
	drop_receiver(&s);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- Many who wait --- */

struct crowd {
	struct scene s;
	struct broadcast_receiver rx[MANY], late;
	struct broadcast_recv recv[MANY], late_recv;
	struct t_waker w[MANY], late_w;
	long value;
};

/* All of them wait; `fn` is what the first does when it is woken. */
static void crowd_begin(struct crowd *c, void (*fn)(void *))
{
	*c = (struct crowd){ .value = -1 };
	begin(&c->s, 4);
	for (int i = 0; i < MANY; i++) {
		c->rx[i] = broadcast_subscribe(&c->s.tx);
		broadcast_recv(&c->recv[i], &c->rx[i], &c->value);
		CHECK_EQ(t_poll(&c->recv[i].future, &c->w[i]), POLL_PENDING);
	}
	c->w[0].on_wake = fn;
	c->w[0].arg = c;
}

static void crowd_end(struct crowd *c)
{
	future_drop(&c->late_recv.future);
	broadcast_receiver_drop(&c->late);
	for (int i = 0; i < MANY; i++) {
		future_drop(&c->recv[i].future);
		broadcast_receiver_drop(&c->rx[i]);
		CHECK_EQ(t_held(&c->w[i]), 0);
	}
	end(&c->s);
}

static void send_once_more(void *arg)
{
	struct crowd *c = arg;

	c->w[0].on_wake = NULL;
	CHECK_EQ(broadcast_send(&c->s.tx, &(long){ 2 }), MANY + 1);
}

TEST(broadcast_reentry, a_send_from_within_a_send_wakes_each_once_and_loses_neither)
{
	struct crowd c;

	crowd_begin(&c, send_once_more);
	send(&c.s, 1, MANY + 1);
	for (int i = 0; i < MANY; i++) {
		CHECK_EQ(t_wakes(&c.w[i]), 1);
		CHECK_EQ(t_poll(&c.recv[i].future, &c.w[i]), POLL_READY);
		CHECK_EQ(c.value, 1);
		hears(&c.rx[i], 2);
	}
	crowd_end(&c);
}

/* One of the second batch, and the last. */
static void drop_two_others(void *arg)
{
	struct crowd *c = arg;

	for (int i = WAKE_LIST_MAX + 1; i < MANY; i += MANY - WAKE_LIST_MAX - 2) {
		future_drop(&c->recv[i].future);
		broadcast_receiver_drop(&c->rx[i]);
	}
}

TEST(broadcast_reentry, who_is_dropped_by_one_that_was_woken_first_is_not_woken)
{
	struct crowd c;

	crowd_begin(&c, drop_two_others);
	send(&c.s, 1, MANY + 1);
	for (int i = 0; i < MANY; i++) {
		bool dropped = i == WAKE_LIST_MAX + 1 || i == MANY - 1;

		CHECK_EQ(t_wakes(&c.w[i]), !dropped);
		CHECK_EQ(c.rx[i].chan == NULL, dropped);
	}
	crowd_end(&c);
}

static void wait_for_the_next(void *arg)
{
	struct crowd *c = arg;

	c->late = broadcast_subscribe(&c->s.tx);
	broadcast_recv(&c->late_recv, &c->late, &c->value);
	CHECK_EQ(t_poll(&c->late_recv.future, &c->late_w), POLL_PENDING);
}

TEST(broadcast_reentry, who_begins_to_wait_during_a_send_is_not_woken_by_it)
{
	struct crowd c;

	crowd_begin(&c, wait_for_the_next);
	send(&c.s, 1, MANY + 1);
	CHECK_EQ(t_wakes(&c.w[MANY - 1]), 1);
	CHECK_EQ(t_wakes(&c.late_w), 0);
	send(&c.s, 2, MANY + 2);
	CHECK_EQ(t_wakes(&c.late_w), 1);
	crowd_end(&c);
}

static void poll_the_last(void *arg)
{
	struct crowd *c = arg;

	CHECK_EQ(t_poll(&c->recv[MANY - 1].future, &c->w[MANY - 1]), POLL_READY);
	CHECK_EQ(t_held(&c->w[MANY - 1]), 0);
}

TEST(broadcast_reentry, who_reads_before_its_turn_to_be_woken_leaves_the_queue)
{
	struct crowd c;

	crowd_begin(&c, poll_the_last);
	send(&c.s, 1, MANY + 1);
	CHECK_EQ(t_wakes(&c.w[MANY - 2]), 1);
	CHECK_EQ(t_wakes(&c.w[MANY - 1]), 0);
	crowd_end(&c);
}

static void drop_all(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < MANY; i++) {
		future_drop(&c->recv[i].future);
		broadcast_receiver_drop(&c->rx[i]);
	}
	drop_both_ends(&c->s);
	CHECK(t_mem_live() > 0); /* the sender at work holds it */
}

TEST(broadcast_reentry, the_first_that_is_woken_may_give_up_all_the_others_and_the_channel)
{
	struct crowd c;

	crowd_begin(&c, drop_all);
	send(&c.s, 1, MANY + 1);
	CHECK_EQ(t_mem_live(), 0);
	CHECK_EQ(t_wakes(&c.w[WAKE_LIST_MAX - 1]), 1);
	CHECK_EQ(t_wakes(&c.w[WAKE_LIST_MAX]), 0);
	crowd_end(&c);
}

/* --- An end of items that uses the channel --- */

enum { N_ITEMS = 64 };

static struct {
	struct scene *s;
	void (*fn)(struct scene *s); /* once */
	int n_dropped[N_ITEMS];
} ends;

static void end_item(void *item)
{
	void (*fn)(struct scene *) = ends.fn;

	ends.n_dropped[*(long *)item]++;
	ends.fn = NULL;
	if (fn)
		fn(ends.s);
}

static void begin_with_ends(struct scene *s, void (*fn)(struct scene *))
{
	memset(&ends, 0, sizeof ends);
	ends.s = s;
	ends.fn = fn;
	begin_with(s, 4, NULL, end_item);
}

/* Each of the first n was destroyed once. */
static void all_ended(int n)
{
	for (int i = 0; i < N_ITEMS; i++)
		CHECK_EQ(ends.n_dropped[i], i < n);
}

static void send_three_more(struct scene *s)
{
	for (long i = 10; i < 13; i++)
		broadcast_send(&s->tx, &i);
}

TEST(broadcast_reentry, the_end_of_an_overwritten_item_may_send)
{
	struct scene s;

	begin_with_ends(&s, send_three_more);
	for (int i = 0; i < 5; i++)
		send(&s, i, 1);
	all_ended(4); /* item 0, and by those that were sent meanwhile 1 to 3 */
	misses(&s.rx, 4);
	hears(&s.rx, 4);
	hears(&s.rx, 10);
	broadcast_receiver_drop(&s.rx);
	CHECK_EQ(ends.n_dropped[10], 0);
	CHECK_EQ(ends.n_dropped[11] + ends.n_dropped[12], 2);
	end(&s);
}

static void subscribe_and_overwrite(struct scene *s)
{
	s->rx = broadcast_subscribe(&s->tx);
	send_three_more(s);
}

/* Its own items 1 to 3 are overwritten while the lock is open for the end of 0. */
TEST(broadcast_reentry, what_is_overwritten_while_a_receiver_goes_ends_once)
{
	struct scene s;

	begin_with_ends(&s, subscribe_and_overwrite);
	for (int i = 0; i < 4; i++)
		send(&s, i, 1);
	broadcast_receiver_drop(&s.rx);
	all_ended(4);
	for (int i = 10; i < 13; i++)
		hears(&s.rx, i);
	end(&s);
	all_ended(4);
}

static void give_up_sender(struct scene *s)
{
	broadcast_sender_drop(&s->tx);
}

TEST(broadcast_reentry, the_end_of_an_item_may_give_up_the_last_handle)
{
	struct scene s;

	begin_with_ends(&s, give_up_sender);
	for (int i = 0; i < 4; i++)
		send(&s, i, 1);
	broadcast_receiver_drop(&s.rx);
	all_ended(4);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(broadcast_reentry, an_item_is_overwritten_by_a_send_whose_waker_ends_the_channel)
{
	struct scene s;

	begin_with_ends(&s, NULL);
	s.rx2 = broadcast_subscribe(&s.tx);
	for (int i = 0; i < 4; i++)
		send(&s, i, 2);
	for (int i = 0; i < 4; i++)
		hears(&s.rx, i);
	s.a = (struct t_waker){ .on_wake = drop_both_ends, .arg = &s };
	CHECK_EQ(t_poll(build(&s, 0), &s.a), POLL_PENDING);
	send(&s, 4, 2);
	CHECK_EQ(ends.n_dropped[0], 1);
	broadcast_receiver_drop(&s.rx2);
	all_ended(5);
	CHECK_EQ(t_mem_live(), 0);
}
