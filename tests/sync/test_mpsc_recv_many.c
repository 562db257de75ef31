/* Receiving by the batch. */
#include "mpsc_scene.h"

static const size_t both[] = { 0, 128 };

static enum poll poll_many(struct mpsc_recv_many *r, struct scene *s, int *array, size_t max,
			   struct t_waker *w)
{
	return t_poll(mpsc_recv_many(r, &s->rx, array, max), w);
}

/* BEH sync_mpsc::async_send_recv_many_with_buffer */
TEST(mpsc_recv_many, it_brings_what_is_there_up_to_the_limit)
{
	struct scene s = scene(3);
	struct t_waker w = t_waker();
	struct mpsc_recv_many r;
	int array[10] = { 0 };

	CHECK_EQ(poll_many(&r, &s, array, 0, &w), POLL_READY);
	CHECK_EQ(r.n, 0);
	CHECK_EQ(r.err, 0);
	CHECK_EQ(poll_many(&r, &s, array, 10, &w), POLL_PENDING);
	send(&s, 1);
	send(&s, 2);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&r.future, &w), POLL_READY);
	CHECK_EQ(r.n, 2);
	CHECK_EQ(array[0] * 10 + array[1], 12);
	for (int i = 0; i < 3; i++)
		send(&s, i);
	CHECK_EQ(poll_many(&r, &s, array, 2, &w), POLL_READY);
	CHECK_EQ(r.n, 2);
	CHECK_EQ(mpsc_len(&s.rx), 1);
	mpsc_sender_drop(&s.tx);
	CHECK_EQ(poll_many(&r, &s, array, 2, &w), POLL_READY);
	CHECK_EQ(r.n, 1);
	CHECK_EQ(array[0], 2);
	CHECK_EQ(poll_many(&r, &s, array, 2, &w), POLL_READY);
	CHECK_EQ(r.n, 0);
	CHECK_EQ(r.err, -EPIPE);
	CHECK_EQ(t_held(&w), 0);
	scene_end(&s);
}

/* BEH sync_mpsc::send_recv_many_unbounded */
/* BEH sync_mpsc::send_recv_many_bounded_capacity */
/* BEH sync_mpsc::send_recv_many_unbounded_capacity */
TEST(mpsc_recv_many, one_buffer_serves_for_all_batches_and_is_written_no_further_than_said)
{
	for (int b = 0; b < 2; b++) {
		struct scene s = scene(both[b]);
		struct t_waker w = t_waker();
		struct mpsc_recv_many r;
		int array[40], next = 0;

		for (int i = 0; i < 100; i++)
			send(&s, i);
		mpsc_sender_drop(&s.tx);
		while (next < 100) {
			array[33] = -1;
			CHECK_EQ(poll_many(&r, &s, array, 33, &w), POLL_READY);
			CHECK_EQ(r.n, next < 99 ? 33 : 1);
			CHECK_EQ(array[33], -1);
			for (size_t i = 0; i < r.n; i++)
				CHECK_EQ(array[i], next++);
		}
		CHECK_EQ(poll_many(&r, &s, array, 33, &w), POLL_READY);
		CHECK_EQ(r.err, -EPIPE);
		scene_end(&s);
	}
}

/* BEH sync_mpsc::recv_many_with_non_empty_buffer_bounded_rx_closed_and_idle */
/* BEH sync_mpsc::recv_many_with_non_empty_buffer_unbounded_rx_closed_and_idle */
TEST(mpsc_recv_many, a_closed_idle_channel_leaves_the_buffer_alone)
{
	for (int b = 0; b < 2; b++) {
		struct scene s = scene(both[b]);
		struct t_waker w = t_waker();
		struct mpsc_recv_many r;
		int array[1] = { 7 };

		mpsc_close(&s.rx);
		CHECK_EQ(poll_many(&r, &s, array, 1, &w), POLL_READY);
		CHECK_EQ(r.n, 0);
		CHECK_EQ(r.err, -EPIPE);
		CHECK_EQ(array[0], 7);
		scene_end(&s);
	}
}

TEST(mpsc_recv_many, the_freed_slots_go_to_those_in_line)
{
	struct scene s = scene(40);
	struct t_waker w = t_waker(), reserves = t_waker();
	struct mpsc_send wait[30];
	struct mpsc_reserve last;
	int array[64], value[30];

	for (int i = 0; i < 40; i++)
		send(&s, i);
	for (int i = 0; i < 30; i++) {
		value[i] = 40 + i;
		CHECK_EQ(t_poll(mpsc_send(&wait[i], &s.tx, &value[i]), &w), POLL_PENDING);
	}
	CHECK_EQ(t_poll(mpsc_reserve(&last, &s.tx, 2), &reserves), POLL_PENDING);
	CHECK_EQ(mpsc_try_recv_many(&s.rx, array, 64), 40);
	CHECK_EQ(t_wakes(&w), 30);
	CHECK_EQ(t_wakes(&reserves), 1);
	CHECK_EQ(mpsc_capacity(&s.tx), 8);
	CHECK_EQ(mpsc_try_recv_many(&s.rx, array + 40, 24), 24);
	CHECK_EQ(mpsc_try_recv_many(&s.rx, array, 64), 6);
	CHECK_EQ(array[5], 69);
	CHECK_EQ(array[63], 63);
	for (int i = 0; i < 30; i++)
		CHECK_EQ(t_poll(&wait[i].future, &w), POLL_READY);
	future_drop(&last.future);
	CHECK_EQ(mpsc_capacity(&s.tx), 40);
	scene_end(&s);
}

TEST(mpsc_recv_many, trying_says_empty_or_ended)
{
	struct scene s = scene(0);
	int array[2];

	CHECK_EQ(mpsc_try_recv_many(&s.rx, array, 2), -EAGAIN);
	CHECK_EQ(mpsc_try_recv_many(&s.rx, array, 0), 0);
	mpsc_sender_drop(&s.tx);
	CHECK_EQ(mpsc_try_recv_many(&s.rx, array, 2), -EPIPE);
	scene_end(&s);
}
