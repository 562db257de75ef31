/* When the channel allocates, and what it does when it cannot. */
#include "mpsc_scene.h"

TEST(mpsc_memory, a_steady_flow_allocates_nothing)
{
	struct scene s = scene(0);
	long n;
	int sent = 0, received = 0;

	while (sent < 100)
		send(&s, sent++);
	for (int i = 0; i < 200; i++) {
		send(&s, sent++);
		receive(&s, received++);
	}
	n = t_mem_allocs();
	for (int i = 0; i < 1000; i++) {
		send(&s, sent++);
		receive(&s, received++);
	}
	CHECK_EQ(t_mem_allocs(), n);
	scene_end(&s);
}

TEST(mpsc_memory, a_flood_that_has_gone_by_is_not_kept_in_memory)
{
	struct scene s = scene(0);
	long before = t_mem_live(), at_most;

	for (int i = 0; i < 100000; i++)
		send(&s, i);
	at_most = before + (t_mem_live() - before) / 100;
	for (int i = 0; i < 100000; i++)
		receive(&s, i);
	CHECK(t_mem_live() < at_most);
	scene_end(&s);
}

TEST(mpsc_memory, opening_fails_cleanly_at_every_allocation)
{
	struct mpsc_sender tx;
	struct mpsc_receiver rx;

	for (int unbounded = 0; unbounded <= 1; unbounded++) {
		for (long nth = 0;; nth++) {
			int err;

			t_mem_begin();
			t_mem_fail(nth);
			err = unbounded ? mpsc_open_unbounded(&tx, &rx, int, NULL)
					: mpsc_open(&tx, &rx, int, 16, NULL);
			if (!t_mem_failed())
				break;
			CHECK_EQ(err, -ENOMEM);
			CHECK_EQ(t_mem_live(), 0);
		}
		t_mem_fail(-1);
		mpsc_sender_drop(&tx);
		mpsc_receiver_drop(&rx);
		CHECK_EQ(t_mem_live(), 0);
	}
}

/* With items of this size 2^32 slots are more than memory can have. */
struct huge {
	char bytes[1 << 30];
};

TEST(mpsc_memory, a_ring_that_cannot_be_is_no_memory)
{
	struct mpsc_sender tx;
	struct mpsc_receiver rx;

	t_mem_begin();
	t_mem_fail(1);
	CHECK_EQ(mpsc_open(&tx, &rx, struct huge, UINT32_MAX, NULL), -ENOMEM);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(mpsc_memory, an_unbounded_send_without_memory_changes_nothing_and_can_be_repeated)
{
	struct scene s = scene(0);
	struct t_waker w = t_waker();
	struct mpsc_send future_send;
	int n_refused = 0, value = 0;

	for (value = 0; value < 200; value++) {
		t_mem_fail(0);
		if (mpsc_send_now(&s.tx, &value) == -ENOMEM) {
			n_refused++;
			t_mem_fail(0);
			CHECK_EQ(t_poll(mpsc_send(&future_send, &s.tx, &value), &w), POLL_READY);
			CHECK_EQ(future_send.err, -ENOMEM);
			CHECK_EQ(mpsc_len(&s.rx), value);
			t_mem_fail(-1);
			CHECK_EQ(mpsc_send_now(&s.tx, &value), 0);
		}
	}
	CHECK(n_refused > 0);
	t_mem_fail(0);
	for (int i = 0; i < 200; i++)
		receive(&s, i);
	t_mem_fail(-1);
	scene_end(&s);
}

TEST(mpsc_memory, a_bounded_channel_allocates_only_when_it_is_opened)
{
	struct scene s = scene(4);
	struct t_waker w = t_waker();
	struct mpsc_send wait[3];
	long n = t_mem_allocs();
	int value = 0;

	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 4; i++)
			send(&s, 0);
		for (int i = 0; i < 3; i++)
			t_poll(mpsc_send(&wait[i], &s.tx, &value), &w);
		for (int i = 0; i < 7; i++)
			receive(&s, 0);
		for (int i = 0; i < 3; i++)
			CHECK_EQ(t_poll(&wait[i].future, &w), POLL_READY);
	}
	CHECK_EQ(t_mem_allocs(), n);
	scene_end(&s);
}
