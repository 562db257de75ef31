/* The watch with wakers that use it themselves, from each of their functions. */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/watch.h"

enum { MANY = 2 * WAKE_LIST_MAX + 1 }; /* three batches of wakes */

struct scene {
	struct watch_sender tx;
	struct watch_receiver rx;
	struct watch_changed changed;
	struct watch_closed closed;
	struct watch_wait_for wait;
	int slot, n_calls;
	struct watch_receiver many_rx[MANY], extra_rx;
	struct watch_changed many[MANY], extra;
	struct t_waker extra_waker;
};

static void begin(struct scene *s)
{
	t_mem_begin();
	*s = (struct scene){ .slot = -1 };
	CHECK_EQ(watch_open(&s->tx, &s->rx, int, &(int){ 1 }, NULL, NULL), 0);
}

static void end(struct scene *s)
{
	watch_sender_drop(&s->tx);
	watch_receiver_drop(&s->rx);
	CHECK_EQ(t_mem_live(), 0);
}

static void send(void *arg)
{
	struct scene *s = arg;

	if (s->tx.chan)
		watch_replace(&s->tx, &(int){ 5 });
}

static bool is_five(const void *item, void *arg)
{
	(void)arg;
	return *(const int *)item == 5;
}

static bool set_five(void *item, void *arg)
{
	(void)arg;
	*(int *)item = 5;
	return true;
}

static void modify(void *arg)
{
	watch_modify(&((struct scene *)arg)->tx, set_five, NULL);
}

static void drop_sender(void *arg)
{
	watch_sender_drop(&((struct scene *)arg)->tx);
}

static void drop_receiver(void *arg)
{
	watch_receiver_drop(&((struct scene *)arg)->rx);
}

/* Does a bit of everything, and leaves things as they were. */
static void look(void *arg)
{
	struct scene *s = arg;
	struct watch_sender tx;
	struct watch_receiver rx, clone;
	int value;

	if (!s->tx.chan || !s->rx.chan)
		return;
	tx = watch_sender_clone(&s->tx);
	rx = watch_subscribe(&tx);
	clone = watch_receiver_clone(&s->rx);
	CHECK_EQ(watch_n_receivers(&tx), 3);
	watch_mark_changed(&rx);
	CHECK_EQ(watch_has_changed(&rx), 1);
	CHECK_EQ(watch_get_update(&rx, &value), 0);
	watch_receiver_drop(&clone);
	watch_receiver_drop(&rx);
	watch_sender_drop(&tx);
}

static struct t_waker calls(struct scene *s, void (*fn)(void *))
{
	return (struct t_waker){ .on_wake = fn, .on_clone = fn, .on_drop = fn, .arg = s };
}

enum { N_FUTURES = 3 };

/* The three futures, built anew. */
static struct future *build(struct scene *s, int which)
{
	switch (which) {
	case 0:
		return watch_changed(&s->changed, &s->rx);
	case 1:
		return watch_wait_for(&s->wait, &s->rx, &s->slot, is_five, NULL);
	default:
		return watch_closed(&s->closed, &s->tx);
	}
}

/* What each of them waits for. */
static void (*come_for(int which))(void *)
{
	return which == 2 ? drop_receiver : send;
}

TEST(watch_reentry, the_wakers_may_use_the_channel_at_every_call)
{
	struct scene s;

	for (int which = 0; which < N_FUTURES; which++) {
		struct t_waker w, other;
		struct future *f;

		begin(&s);
		w = other = calls(&s, look);
		f = build(&s, which);
		CHECK_EQ(t_poll(f, &w), POLL_PENDING);
		CHECK_EQ(t_poll(f, &other), POLL_PENDING);
		future_drop(f);
		f = build(&s, which);
		CHECK_EQ(t_poll(f, &w), POLL_PENDING);
		come_for(which)(&s);
		CHECK_EQ(t_wakes(&w), 1);
		CHECK_EQ(t_poll(f, &w), POLL_READY);
		CHECK_EQ(t_held(&w) + t_held(&other), 0);
		end(&s);
	}
}

TEST(watch_reentry, what_comes_while_the_waker_is_cloned_is_found_by_the_same_poll)
{
	struct scene s;

	for (int which = 0; which < N_FUTURES; which++) {
		struct t_waker w = { .on_clone = come_for(which), .arg = &s };

		begin(&s);
		CHECK_EQ(t_poll(build(&s, which), &w), POLL_READY);
		CHECK_EQ(t_held(&w), 0);
		end(&s);
	}
}

TEST(watch_reentry, a_sender_that_goes_while_the_waker_is_cloned_is_found_by_the_same_poll)
{
	struct scene s;

	for (int which = 0; which < 2; which++) {
		struct t_waker w = { .on_clone = drop_sender, .arg = &s };

		begin(&s);
		CHECK_EQ(t_poll(build(&s, which), &w), POLL_READY);
		CHECK_EQ(which == 0 ? s.changed.err : s.wait.err, -EPIPE);
		CHECK_EQ(t_held(&w), 0);
		end(&s);
	}
}

TEST(watch_reentry, what_comes_while_a_stale_waker_is_dropped_wakes_the_new_one)
{
	struct scene s;

	for (int which = 0; which < N_FUTURES; which++) {
		struct t_waker w = { .on_drop = come_for(which), .arg = &s }, other = t_waker();
		struct future *f;

		begin(&s);
		f = build(&s, which);
		CHECK_EQ(t_poll(f, &w), POLL_PENDING);
		CHECK_EQ(t_poll(f, &other), POLL_PENDING);
		CHECK_EQ(t_wakes(&other), 1);
		CHECK_EQ(t_poll(f, &other), POLL_READY);
		CHECK_EQ(t_held(&other), 0);
		end(&s);
	}
}

/* As tasks do that end when they are woken. */
static void give_up_all(void *arg)
{
	struct scene *s = arg;

	future_drop(&s->changed.future);
	future_drop(&s->closed.future);
	drop_sender(s);
	drop_receiver(s);
}

TEST(watch_reentry, a_waker_may_give_up_the_whole_channel)
{
	struct scene s;
	struct t_waker w = { .on_wake = give_up_all, .arg = &s };
	void (*const ways[])(void *) = { send, modify, drop_sender, drop_receiver };

	for (int i = 0; i < 4; i++) {
		begin(&s);
		if (ways[i] == drop_receiver)
			CHECK_EQ(t_poll(watch_closed(&s.closed, &s.tx), &w), POLL_PENDING);
		else
			CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &w), POLL_PENDING);
		ways[i](&s);
		CHECK_EQ(t_wakes(&w), 1);
		CHECK_EQ(t_held(&w), 0);
		CHECK_EQ(t_mem_live(), 0);
	}
}

/* --- Between two batches of wakes --- */

/* Lets `fn` be called by the first of many that are woken, then checks all others but `victim`. */
static void send_to_many(struct scene *s, void (*fn)(void *), int victim)
{
	struct t_waker w = t_waker(), first = { .on_wake = fn, .arg = s };

	for (int i = 0; i < MANY; i++) {
		s->many_rx[i] = watch_receiver_clone(&s->rx);
		watch_changed(&s->many[i], &s->many_rx[i]);
		CHECK_EQ(t_poll(&s->many[i].future, i == 0 ? &first : &w), POLL_PENDING);
	}
	CHECK_EQ(watch_send(&s->tx, &(int){ 2 }), 0);
	CHECK_EQ(s->n_calls, 1);
	CHECK_EQ(t_wakes(&w), MANY - 1 - (victim > 0));
	for (int i = 0; i < MANY; i++) {
		if (i != victim)
			CHECK_EQ(t_poll(&s->many[i].future, &w), POLL_READY);
		watch_receiver_drop(&s->many_rx[i]);
	}
	CHECK_EQ(t_held(&w) + t_held(&first), 0);
}

static void drop_the_last(void *arg)
{
	struct scene *s = arg;

	s->n_calls++;
	future_drop(&s->many[MANY - 1].future);
}

TEST(watch_reentry, a_waker_that_drops_another_waiter_leaves_all_others_woken)
{
	static struct scene s;

	begin(&s);
	send_to_many(&s, drop_the_last, MANY - 1);
	end(&s);
}

static void poll_the_last(void *arg)
{
	struct scene *s = arg;

	s->n_calls++;
	CHECK_EQ(t_poll(&s->many[MANY - 1].future, &s->extra_waker), POLL_READY);
	CHECK_EQ(s->extra_waker.clones, 0);
	memset(&s->many[MANY - 1], 0xff, sizeof s->many[0]); /* nobody has a pointer into it */
}

TEST(watch_reentry, one_that_is_polled_before_its_batch_is_ready_and_is_not_woken)
{
	static struct scene s;

	begin(&s);
	send_to_many(&s, poll_the_last, MANY - 1);
	end(&s);
}

static void send_once(void *arg)
{
	struct scene *s = arg;

	if (s->n_calls++ == 0)
		send(s);
}

TEST(watch_reentry, a_send_between_two_batches_wakes_each_once_and_is_what_all_see)
{
	static struct scene s;

	begin(&s);
	send_to_many(&s, send_once, 0);
	CHECK_EQ(watch_get(&s.rx, &s.slot), 0);
	CHECK_EQ(s.slot, 5);
	end(&s);
}

static void wait_too(void *arg)
{
	struct scene *s = arg;

	s->n_calls++;
	s->extra_rx = watch_subscribe(&s->tx);
	watch_changed(&s->extra, &s->extra_rx);
	CHECK_EQ(t_poll(&s->extra.future, &s->extra_waker), POLL_PENDING);
}

TEST(watch_reentry, who_comes_between_two_batches_waits_for_the_next_change)
{
	static struct scene s;

	begin(&s);
	send_to_many(&s, wait_too, 0);
	CHECK_EQ(t_wakes(&s.extra_waker), 0);
	send(&s);
	CHECK_EQ(t_wakes(&s.extra_waker), 1);
	CHECK_EQ(t_poll(&s.extra.future, &s.extra_waker), POLL_READY);
	watch_receiver_drop(&s.extra_rx);
	end(&s);
}

/* The old value is destroyed when all have been told, outside of the lock: it may look around. */
static struct scene *scene_of_drop;

static void look_when_dropped(void *item)
{
	(void)item;
	scene_of_drop->n_calls++;
	look(scene_of_drop);
}

static int copy_int(void *dst, const void *src)
{
	*(int *)dst = *(const int *)src;
	return 0;
}

TEST(watch_reentry, the_destructor_of_a_value_may_use_the_channel)
{
	struct scene s = { .slot = -1 };

	t_mem_begin();
	scene_of_drop = &s;
	CHECK_EQ(watch_open(&s.tx, &s.rx, int, &(int){ 1 }, copy_int, look_when_dropped), 0);
	send(&s);
	CHECK_EQ(s.n_calls, 1);
	drop_sender(&s);
	drop_receiver(&s);
	CHECK_EQ(s.n_calls, 2);
	CHECK_EQ(t_mem_live(), 0);
}
