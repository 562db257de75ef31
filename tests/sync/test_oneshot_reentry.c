/* The oneshot with wakers that use it themselves, from each of their four functions. */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/oneshot.h"

struct scene {
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	struct oneshot_recv recv;
	struct oneshot_closed closed;
	int slot;
};

static void begin(struct scene *s)
{
	t_mem_begin();
	*s = (struct scene){ .slot = -1 };
	CHECK_EQ(oneshot_open(&s->tx, &s->rx, int, NULL), 0);
}

static void end(struct scene *s)
{
	oneshot_sender_drop(&s->tx);
	oneshot_receiver_drop(&s->rx);
	CHECK_EQ(t_mem_live(), 0);
}

static enum poll poll_recv(struct scene *s, struct t_waker *w)
{
	if (!future_is_live(&s->recv.future))
		oneshot_recv(&s->recv, &s->rx, &s->slot);
	return t_poll(&s->recv.future, w);
}

static enum poll poll_closed(struct scene *s, struct t_waker *w)
{
	if (!future_is_live(&s->closed.future))
		oneshot_closed(&s->closed, &s->tx);
	return t_poll(&s->closed.future, w);
}

/* Takes the lock in every way that changes nothing. */
static void look(void *arg)
{
	struct scene *s = arg;

	if (s->tx.chan)
		oneshot_is_closed(&s->tx);
	if (s->rx.chan && !oneshot_is_empty(&s->rx))
		oneshot_is_terminated(&s->rx);
}

static void send(void *arg)
{
	struct scene *s = arg;

	if (s->tx.chan)
		CHECK_EQ(oneshot_send(&s->tx, &(int){ 5 }), 0);
}

static void drop_sender(void *arg)
{
	oneshot_sender_drop(&((struct scene *)arg)->tx);
}

static void close_it(void *arg)
{
	struct scene *s = arg;

	if (s->rx.chan)
		oneshot_close(&s->rx);
}

static void drop_receiver(void *arg)
{
	oneshot_receiver_drop(&((struct scene *)arg)->rx);
}

static void drop_both(void *arg)
{
	drop_sender(arg);
	drop_receiver(arg);
}

static void drop_recv(void *arg)
{
	future_drop(&((struct scene *)arg)->recv.future);
}

static struct t_waker calls(struct scene *s, void (*fn)(void *))
{
	return (struct t_waker){ .on_wake = fn, .on_clone = fn, .on_drop = fn, .arg = s };
}

TEST(oneshot_reentry, both_wakers_may_use_the_channel_at_every_call)
{
	struct scene s;
	struct t_waker w, other;

	begin(&s);
	w = other = calls(&s, look);
	CHECK_EQ(poll_recv(&s, &w), POLL_PENDING);
	CHECK_EQ(poll_recv(&s, &other), POLL_PENDING);
	drop_recv(&s);
	CHECK_EQ(poll_recv(&s, &w), POLL_PENDING);
	CHECK_EQ(poll_closed(&s, &w), POLL_PENDING);
	CHECK_EQ(poll_closed(&s, &other), POLL_PENDING);
	future_drop(&s.closed.future);
	send(&s);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(poll_recv(&s, &w), POLL_READY);
	CHECK_EQ(t_held(&w) + t_held(&other), 0);
	end(&s);
}

/*
 * Builds anew, lets clone() do `fn`, and says what receiving said: it must be READY in that poll.
 */
static int recv_while_cloned(void (*fn)(void *))
{
	struct scene s;
	struct t_waker w = { .on_clone = fn, .arg = &s };

	begin(&s);
	CHECK_EQ(poll_recv(&s, &w), POLL_READY);
	CHECK_EQ(s.slot, s.recv.err ? -1 : 5);
	CHECK_EQ(t_held(&w), 0);
	end(&s);
	return s.recv.err;
}

TEST(oneshot_reentry, what_comes_while_the_receivers_waker_is_cloned_is_found_by_the_same_poll)
{
	CHECK_EQ(recv_while_cloned(send), 0);
	CHECK_EQ(recv_while_cloned(drop_sender), -EPIPE);
	CHECK_EQ(recv_while_cloned(close_it), -EPIPE);
}

TEST(oneshot_reentry, what_comes_while_the_senders_waker_is_cloned_is_found_by_the_same_poll)
{
	struct scene s;
	struct t_waker w;

	for (int drops = 0; drops <= 1; drops++) {
		begin(&s);
		w = (struct t_waker){ .on_clone = drops ? drop_receiver : close_it, .arg = &s };
		CHECK_EQ(poll_closed(&s, &w), POLL_READY);
		CHECK_EQ(t_held(&w), 0);
		end(&s);
	}
}

TEST(oneshot_reentry, what_comes_while_a_stale_waker_is_dropped_wakes_the_new_one)
{
	struct scene s;
	struct t_waker w = { .on_drop = send, .arg = &s }, other = t_waker();

	begin(&s);
	CHECK_EQ(poll_recv(&s, &w), POLL_PENDING);
	CHECK_EQ(poll_recv(&s, &other), POLL_PENDING);
	CHECK_EQ(t_wakes(&other), 1);
	CHECK_EQ(poll_recv(&s, &other), POLL_READY);
	CHECK_EQ(s.slot, 5);
	end(&s);

	begin(&s);
	w = (struct t_waker){ .on_drop = close_it, .arg = &s };
	CHECK_EQ(poll_closed(&s, &w), POLL_PENDING);
	CHECK_EQ(poll_closed(&s, &other), POLL_PENDING);
	CHECK_EQ(t_wakes(&other), 1);
	CHECK_EQ(poll_closed(&s, &other), POLL_READY);
	end(&s);
}

TEST(oneshot_reentry, a_waker_dropped_with_its_future_may_send)
{
	struct scene s;
	struct t_waker w = { .on_drop = send, .arg = &s };

	begin(&s);
	CHECK_EQ(poll_recv(&s, &w), POLL_PENDING);
	drop_recv(&s);
	CHECK_EQ(oneshot_try_recv(&s.rx, &s.slot), 0);
	CHECK_EQ(s.slot, 5);
	end(&s);
}

/* As a task does whose coroutine ends when it is woken. */
static void drop_recv_and_both(void *arg)
{
	drop_recv(arg);
	drop_both(arg);
}

static void drop_closed_and_both(void *arg)
{
	future_drop(&((struct scene *)arg)->closed.future);
	drop_both(arg);
}

TEST(oneshot_reentry, the_receivers_waker_may_give_up_the_whole_channel)
{
	struct scene s;
	struct t_waker w = { .on_wake = drop_recv_and_both, .arg = &s };
	void (*const ways[])(void *) = { send, drop_sender, close_it };

	for (int i = 0; i < 3; i++) {
		begin(&s);
		CHECK_EQ(poll_recv(&s, &w), POLL_PENDING);
		ways[i](&s);
		CHECK_EQ(t_wakes(&w), 1);
		CHECK_EQ(s.recv.err, -ECANCELED);
		CHECK_EQ(t_mem_live(), 0);
		CHECK_EQ(t_held(&w), 0);
	}
}

TEST(oneshot_reentry, the_senders_waker_may_give_up_the_whole_channel)
{
	struct scene s;
	struct t_waker w = { .on_wake = drop_closed_and_both, .arg = &s };
	void (*const ways[])(void *) = { drop_receiver, close_it };

	for (int i = 0; i < 2; i++) {
		begin(&s);
		CHECK_EQ(poll_closed(&s, &w), POLL_PENDING);
		ways[i](&s);
		CHECK_EQ(t_wakes(&w), 1);
		CHECK_EQ(t_mem_live(), 0);
		CHECK_EQ(t_held(&w), 0);
	}
}

static struct scene *scene_of_drop;

static void drop_item_that_looks(void *item)
{
	(void)item;
	drop_both(scene_of_drop); /* both are given up already: nothing to do, and no harm */
	CHECK_PTR(scene_of_drop->rx.chan, NULL);
	scene_of_drop->slot = 1;
}

TEST(oneshot_reentry, the_destructor_of_a_value_may_give_up_its_own_channel)
{
	struct scene s = { .slot = 0 };

	t_mem_begin();
	scene_of_drop = &s;
	CHECK_EQ(oneshot_open(&s.tx, &s.rx, int, drop_item_that_looks), 0);
	send(&s);
	drop_receiver(&s);
	CHECK_EQ(s.slot, 1);
	CHECK_EQ(t_mem_live(), 0);
}
