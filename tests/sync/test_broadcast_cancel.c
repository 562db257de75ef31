/*
 * The channel's futures dropped at every poll, polled under changing wakers, without budget; and
 * what it allocates, copies and refuses.
 */
#include "broadcast_scene.h"

#include "base/rand.h"

/* --- Dropped at every poll --- */

/* Polled at most k times, under two wakers in turns; `happen` happens after the second poll. */
static bool ends_within(struct scene *s, struct future *f, unsigned k,
			void (*happen)(struct scene *))
{
	bool ready = false;

	for (unsigned i = 0; i < k && !ready; i++) {
		struct t_waker *w = i % 2 ? &s->b : &s->a;

		ready = t_poll(f, w) == POLL_READY;
		CHECK_EQ(t_held(&s->a) + t_held(&s->b), !ready);
		CHECK_EQ(t_held(w), !ready);
		if (i == 1) {
			happen(s);
			CHECK_EQ(t_wakes(w), 1);
		}
	}
	future_drop(f);
	CHECK_EQ(t_held(&s->a) + t_held(&s->b), 0);
	return ready;
}

static void send_seven(struct scene *s)
{
	send(s, 7, 1);
}

static void drop_sender(struct scene *s)
{
	broadcast_sender_drop(&s->tx);
}

static void drop_receiver(struct scene *s)
{
	broadcast_receiver_drop(&s->rx);
}

static void overrun(struct scene *s)
{
	for (int i = 0; i < 5; i++)
		send(s, i, 1);
}

static bool received_within(unsigned k)
{
	struct scene s;
	bool ready;

	begin(&s, 4);
	ready = ends_within(&s, broadcast_recv(&s.recv, &s.rx, &s.value), k, send_seven);
	CHECK_EQ(s.recv.err, ready ? 0 : -ECANCELED);
	CHECK_EQ(s.value, ready ? 7 : -1);
	CHECK_EQ(broadcast_receiver_len(&s.rx), k == 2); /* sent and not read: it is still there */
	end(&s);
	return ready;
}

static bool ended_within(unsigned k)
{
	struct scene s;
	bool ready;

	begin(&s, 4);
	ready = ends_within(&s, broadcast_recv(&s.recv, &s.rx, &s.value), k, drop_sender);
	CHECK_EQ(s.recv.err, ready ? -EPIPE : -ECANCELED);
	end(&s);
	return ready;
}

static bool overrun_within(unsigned k)
{
	struct scene s;
	bool ready;

	begin(&s, 4);
	ready = ends_within(&s, broadcast_recv(&s.recv, &s.rx, &s.value), k, overrun);
	CHECK_EQ(s.recv.err, ready ? -EOVERFLOW : -ECANCELED);
	if (ready)
		CHECK_EQ(s.recv.missed, 1);
	CHECK_EQ(broadcast_receiver_len(&s.rx), k < 2 ? 0 : ready ? 4 : 5);
	end(&s);
	return ready;
}

TEST(broadcast_cancel, a_receive_may_be_dropped_at_every_poll_and_misses_nothing)
{
	t_cancel_at_every_poll(received_within);
	t_cancel_at_every_poll(ended_within);
	t_cancel_at_every_poll(overrun_within);
}

static bool received_many_within(unsigned k)
{
	struct scene s;
	bool ready;

	begin(&s, 4);
	ready = ends_within(&s, broadcast_recv_many(&s.many, &s.rx, s.values, 4), k, send_seven);
	CHECK_EQ(s.many.err, ready ? 0 : -ECANCELED);
	CHECK_EQ(s.many.n, ready);
	CHECK_EQ(broadcast_receiver_len(&s.rx), k == 2);
	end(&s);
	return ready;
}

TEST(broadcast_cancel, a_receive_of_many_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(received_many_within);
}

static bool closed_within(unsigned k)
{
	struct scene s;
	bool ready;

	begin(&s, 4);
	ready = ends_within(&s, broadcast_closed(&s.closed, &s.tx), k, drop_receiver);
	end(&s);
	return ready;
}

TEST(broadcast_cancel, a_wait_for_the_end_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(closed_within);
}

/* --- Other wrong moments --- */

TEST(broadcast_cancel, a_spurious_poll_under_the_same_waker_clones_nothing)
{
	struct scene s;

	begin(&s, 4);
	broadcast_recv(&s.recv, &s.rx, &s.value);
	broadcast_recv_many(&s.many, &s.rx, s.values, 4);
	broadcast_closed(&s.closed, &s.tx);
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(t_poll(&s.recv.future, &s.a), POLL_PENDING);
		CHECK_EQ(t_poll(&s.many.future, &s.a), POLL_PENDING);
		CHECK_EQ(t_poll(&s.closed.future, &s.a), POLL_PENDING);
	}
	CHECK_EQ(s.a.clones, 3);
	future_drop(&s.recv.future);
	future_drop(&s.many.future);
	future_drop(&s.closed.future);
	end(&s);
}

TEST(broadcast_cancel, whoever_leaves_the_middle_of_the_queue_takes_no_one_along)
{
	struct broadcast_recv recv[5];
	struct scene s;

	begin(&s, 4);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(t_poll(broadcast_recv(&recv[i], &s.rx, &s.value), &s.a), POLL_PENDING);
	future_drop(&recv[2].future);
	future_drop(&recv[0].future);
	future_drop(&recv[4].future);
	send(&s, 1, 1);
	CHECK_EQ(t_wakes(&s.a), 2);
	CHECK_EQ(t_poll(&recv[1].future, &s.a), POLL_READY);
	CHECK_EQ(t_poll(&recv[3].future, &s.a), POLL_PENDING); /* the value was one */
	broadcast_sender_drop(&s.tx);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&recv[3].future, &s.a), POLL_READY);
	CHECK_EQ(recv[3].err, -EPIPE);
	end(&s);
}

TEST(broadcast_cancel, without_budget_nothing_is_taken_and_the_task_is_woken)
{
	unsigned budget = 0;
	struct scene s;

	begin(&s, 4);
	send(&s, 1, 1);
	broadcast_recv(&s.recv, &s.rx, &s.value);
	broadcast_recv_many(&s.many, &s.rx, s.values, 4);
	CHECK_EQ(t_poll_budget(&s.recv.future, &s.a, &budget), POLL_PENDING);
	CHECK_EQ(t_poll_budget(&s.many.future, &s.a, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.a), 2);
	CHECK_EQ(broadcast_receiver_len(&s.rx), 1);
	budget = 3;
	CHECK_EQ(t_poll_budget(&s.many.future, &s.a, &budget), POLL_READY);
	CHECK_EQ(budget, 2);
	CHECK_EQ(t_poll_budget(&s.recv.future, &s.a, &budget), POLL_PENDING);
	CHECK_EQ(budget, 2); /* waiting costs nothing */
	broadcast_sender_drop(&s.tx);
	CHECK_EQ(t_poll_budget(&s.recv.future, &s.a, &budget), POLL_READY);
	CHECK_EQ(budget, 1);
	end(&s);
}

TEST(broadcast_cancel, the_wait_for_the_end_keeps_to_its_budget_too)
{
	unsigned budget = 0;
	struct scene s;

	begin(&s, 4);
	broadcast_receiver_drop(&s.rx);
	broadcast_closed(&s.closed, &s.tx);
	CHECK_EQ(t_poll_budget(&s.closed.future, &s.a, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.a), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&s.closed.future, &s.a, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
	end(&s);
}

/* --- Memory and bytes --- */

TEST(broadcast_items, it_allocates_once_and_what_was_given_up_may_be_given_up_again)
{
	struct broadcast_weak_sender weak = { NULL };
	struct scene s;

	begin(&s, 4);
	CHECK_EQ(t_mem_allocs(), 1);
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(t_poll(broadcast_recv(&s.recv, &s.rx, &s.value), &s.a), POLL_PENDING);
		send(&s, i, 1);
		CHECK_EQ(t_poll(&s.recv.future, &s.a), POLL_READY);
	}
	CHECK_EQ(t_mem_allocs(), 1);
	broadcast_weak_sender_drop(&weak);
	broadcast_receiver_drop(&s.rx2);
	end(&s);
	end(&s);
}

TEST(broadcast_items, each_kind_of_handle_alone_keeps_the_channel)
{
	struct broadcast_weak_sender weak;
	struct scene s;

	for (int last = 0; last < 3; last++) {
		begin(&s, 4);
		weak = broadcast_downgrade(&s.tx);
		for (int i = 1; i <= 3; i++) {
			int which = (last + i) % 3;

			CHECK(t_mem_live() > 0);
			if (which == 0)
				broadcast_sender_drop(&s.tx);
			else if (which == 1)
				broadcast_receiver_drop(&s.rx);
			else
				broadcast_weak_sender_drop(&weak);
		}
		CHECK_EQ(t_mem_live(), 0);
	}
}

/* Sends and reads items of `len` bytes, each with its own pattern, through a ring of two. */
static void carry(size_t len, struct rand *r)
{
	struct broadcast_sender tx;
	struct broadcast_receiver rx, late;
	struct broadcast_recv recv;
	struct t_waker w = t_waker();
	unsigned char sent[2][BROADCAST_ITEM_MAX], got[2 * BROADCAST_ITEM_MAX];
	uint64_t missed;

	CHECK_EQ(broadcast__open(&tx, &rx, len, 2, NULL, NULL), 0);
	late = broadcast_subscribe(&tx);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2; i++) {
			for (size_t at = 0; at < len; at++)
				sent[i][at] = (unsigned char)rand_below(r, 256);
			CHECK_EQ(broadcast__send(&tx, sent[i], len), 2);
		}
		CHECK_EQ(broadcast__try_recv_many(&rx, got, 1, len, NULL), 1);
		CHECK_EQ(t_poll(broadcast__recv(&recv, &rx, got + len, len), &w), POLL_READY);
		CHECK_EQ(recv.err, 0);
		CHECK(memcmp(got, sent[0], len) == 0 && memcmp(got + len, sent[1], len) == 0);
	}
	CHECK_EQ(broadcast__try_recv(&late, got, len, &missed), -EOVERFLOW);
	CHECK_EQ(missed, 4);
	CHECK_EQ(broadcast__try_recv(&late, got, len, &missed), 0);
	CHECK(memcmp(got, sent[0], len) == 0);
	broadcast_sender_drop(&tx);
	broadcast_receiver_drop(&rx);
	broadcast_receiver_drop(&late);
}

TEST(broadcast_items, items_of_every_size_arrive_as_they_were_sent)
{
	struct rand r = { 5 };

	t_mem_begin();
	for (size_t len = 1; len <= 66; len++)
		carry(len, &r);
	carry(BROADCAST_ITEM_MAX - 1, &r);
	carry(BROADCAST_ITEM_MAX, &r);
	CHECK_EQ(t_mem_live(), 0);
}

static const void *cloned_from;

static int note_where(void *dst, const void *src)
{
	cloned_from = src;
	*(max_align_t *)dst = *(const max_align_t *)src;
	return 0;
}

TEST(broadcast_items, items_lie_where_any_type_may_lie)
{
	struct broadcast_sender tx;
	struct broadcast_receiver rx, rx2;
	max_align_t item = { 0 };

	CHECK_EQ(broadcast_open(&tx, &rx, max_align_t, 4, note_where, NULL), 0);
	rx2 = broadcast_subscribe(&tx);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(broadcast_send(&tx, &item), 2);
		CHECK_EQ(broadcast_try_recv(&rx, &item, NULL), 0);
		CHECK_EQ((uintptr_t)cloned_from % _Alignof(max_align_t), 0);
	}
	broadcast_sender_drop(&tx);
	broadcast_receiver_drop(&rx);
	broadcast_receiver_drop(&rx2);
}

/* --- Bugs --- */

TEST_BUG(broadcast_items, a_receive_into_another_type_is_a_bug)
{
	struct scene s;
	char small;

	begin(&s, 4);
	send(&s, 1, 1);
	t_poll(broadcast_recv(&s.recv, &s.rx, &small), &s.a);
}

TEST_BUG(broadcast_items, a_receive_of_at_most_none_is_a_bug)
{
	struct scene s;

	begin(&s, 4);
	t_poll(broadcast_recv_many(&s.many, &s.rx, s.values, 0), &s.a);
}

TEST_BUG(broadcast_items, a_receive_that_is_over_is_not_polled_again)
{
	struct scene s;

	begin(&s, 4);
	send(&s, 1, 1);
	t_poll(broadcast_recv(&s.recv, &s.rx, &s.value), &s.a);
	t_poll(&s.recv.future, &s.a);
}
