/* The channel between tasks of a runtime, and what a task must not do. */
#include "mpsc_scene.h"
#include "t_runtime.h"

#include "executor/block_on_park.h"
#include "future/co.h"
#include "time/timeout.h"

/* Sends `from` up to, not including, `to`; stops when the channel is closed. Owns the sender. */
struct sends {
	struct co co;
	struct mpsc_sender tx;
	struct mpsc_send send;
	int next, to;
};

static enum poll sends_run(struct co *co, struct context *cx)
{
	struct sends *const f = co_frame(co, struct sends);

	co_begin(co);
	while (f->next < f->to) {
		co_await(mpsc_send(&f->send, &f->tx, &f->next));
		if (f->send.err)
			co_return;
		f->next++;
	}
	co_finally {
		mpsc_sender_drop(&f->tx);
	}
	co_end;
}

static struct future *sends(struct sends *f, struct mpsc_sender tx, int from, int to)
{
	*f = (struct sends){ .co = co_init(sends_run), .tx = tx, .next = from, .to = to };
	return &f->co.future;
}

/* Receives until the end, or `max` items; says how many came, and their sum. Borrows. */
struct receives {
	struct co co;
	struct mpsc_receiver *rx;
	struct mpsc_recv recv;
	int item, n, max;
	long sum;
	bool ordered;
};

static enum poll receives_run(struct co *co, struct context *cx)
{
	struct receives *const f = co_frame(co, struct receives);

	co_begin(co);
	while (f->n < f->max) {
		co_await(mpsc_recv(&f->recv, f->rx, &f->item));
		if (f->recv.err)
			co_return;
		f->ordered = f->ordered && f->item == f->n;
		f->n++;
		f->sum += f->item;
	}
	co_end;
}

static struct future *receives(struct receives *f, struct mpsc_receiver *rx, int max)
{
	*f = (struct receives){
		.co = co_init(receives_run), .rx = rx, .max = max, .ordered = true
	};
	return &f->co.future;
}

/* BEH sync_mpsc::async_send_recv_with_buffer */
/* BEH sync_mpsc::async_send_recv_unbounded */
/* BEH futures-rs/futures-channel/mpsc::stress_drop_sender */
TEST(mpsc_tasks, what_a_spawned_sender_sends_arrives_and_then_comes_the_end)
{
	static const size_t capacity[] = { 0, 1, 16, 1000 };

	for (int c = 0; c < 4; c++) {
		struct scene s = scene(capacity[c]);
		struct runtime *rt = t_runtime();
		struct receives all;

		for (int round = 0; round < 100; round++) {
			task_detach(spawn(rt, sends, mpsc_sender_clone(&s.tx), 0, round));
			CHECK_EQ(runtime_block_on(rt, receives(&all, &s.rx, round)), 0);
			CHECK_EQ(all.n, round);
			CHECK(all.ordered);
		}
		task_detach(spawn(rt, sends, s.tx, 0, 500));
		s.tx.chan = NULL;
		CHECK_EQ(runtime_block_on(rt, receives(&all, &s.rx, 1000)), 0);
		CHECK_EQ(all.n, 500);
		CHECK(all.ordered);
		CHECK_EQ(all.recv.err, -EPIPE);
		runtime_destroy(rt);
		scene_end(&s);
	}
}

TEST(mpsc_tasks, four_senders_of_a_full_channel_all_get_their_turn)
{
	struct scene s = scene(3);
	struct runtime *rt = t_runtime();
	struct receives all;

	for (int i = 0; i < 4; i++)
		task_detach(spawn(rt, sends, mpsc_sender_clone(&s.tx), i * 1000, i * 1000 + 1000));
	mpsc_sender_drop(&s.tx);
	CHECK_EQ(runtime_block_on(rt, receives(&all, &s.rx, 5000)), 0);
	CHECK_EQ(all.n, 4000);
	CHECK_EQ(all.sum, 4000L * 3999 / 2);
	runtime_destroy(rt);
	scene_end(&s);
}

TEST(mpsc_tasks, senders_still_waiting_when_the_runtime_ends_give_back_what_they_hold)
{
	struct scene s = scene(1);
	struct runtime *rt = t_runtime();
	struct receives some;

	for (int i = 0; i < 10; i++)
		task_detach(spawn(rt, sends, mpsc_sender_clone(&s.tx), 0, 10));
	CHECK_EQ(runtime_block_on(rt, receives(&some, &s.rx, 7)), 0);
	runtime_destroy(rt);
	scene_end(&s);
}

/* Makes sure of a slot first, and then uses it. */
struct reserves {
	struct co co;
	struct mpsc_sender tx;
	struct mpsc_reserve reserve;
	int next, to;
};

static enum poll reserves_run(struct co *co, struct context *cx)
{
	struct reserves *const f = co_frame(co, struct reserves);

	co_begin(co);
	for (; f->next < f->to; f->next++) {
		co_await(mpsc_reserve(&f->reserve, &f->tx, 1));
		if (f->reserve.err)
			co_return;
		mpsc_permit_send(&f->reserve.permit, &f->next);
	}
	co_finally {
		mpsc_permit_drop(&f->reserve.permit);
		mpsc_sender_drop(&f->tx);
	}
	co_end;
}

static struct future *reserves(struct reserves *f, struct mpsc_sender tx, int from, int to)
{
	*f = (struct reserves){ .co = co_init(reserves_run), .tx = tx, .next = from, .to = to };
	return &f->co.future;
}

/* BEH futures-rs/futures-channel/mpsc::stress_poll_ready */
TEST(mpsc_tasks, a_slot_that_was_promised_can_always_be_used)
{
	for (size_t capacity = 1; capacity <= 16; capacity *= 2) {
		struct scene s = scene(capacity);
		struct runtime *rt = t_runtime();
		struct receives all;

		for (int i = 0; i < 8; i++)
			task_detach(spawn(rt, reserves, mpsc_sender_clone(&s.tx), 0, 250));
		mpsc_sender_drop(&s.tx);
		CHECK_EQ(runtime_block_on(rt, receives(&all, &s.rx, 3000)), 0);
		CHECK_EQ(all.n, 2000);
		runtime_destroy(rt);
		scene_end(&s);
	}
}

/* --- With a time limit --- */

/* One send that has 10 ms; `limit` and `send` tell how it went. Borrows the sender. */
struct hurried {
	struct co co;
	struct mpsc_sender *tx;
	struct mpsc_send send;
	struct timeout limit;
	int value;
};

static enum poll hurried_run(struct co *co, struct context *cx)
{
	struct hurried *const f = co_frame(co, struct hurried);

	co_begin(co);
	co_await(timeout(&f->limit, 10, mpsc_send(&f->send, f->tx, &f->value)));
	co_end;
}

static struct future *hurried(struct hurried *f, struct mpsc_sender *tx, int value)
{
	*f = (struct hurried){ .co = co_init(hurried_run), .tx = tx, .value = value };
	return &f->co.future;
}

/* BEH sync_mpsc::recv_timeout */
TEST(mpsc_tasks, a_send_with_a_time_limit_expires_when_full_and_keeps_its_value)
{
	struct scene s = scene(2);
	struct runtime *rt = t_runtime_virtual();
	struct hurried h;

	for (int i = 0; i < 2; i++) {
		CHECK_EQ(runtime_block_on(rt, hurried(&h, &s.tx, i)), 0);
		CHECK(!h.limit.expired);
		CHECK_EQ(h.send.err, 0);
	}
	CHECK_EQ(runtime_block_on(rt, hurried(&h, &s.tx, 2)), 0);
	CHECK(h.limit.expired);
	CHECK_EQ(h.send.err, -ECANCELED);
	receive(&s, 0);
	receive(&s, 1);
	receive_fails(&s, -EAGAIN);
	mpsc_receiver_drop(&s.rx);
	CHECK_EQ(runtime_block_on(rt, hurried(&h, &s.tx, 3)), 0);
	CHECK(!h.limit.expired);
	CHECK_EQ(h.send.err, -EPIPE);
	runtime_destroy(rt);
	scene_end(&s);
}

/* BEH sync_mpsc::recv_timeout_panic */
TEST(mpsc_tasks, a_time_limit_without_a_clock_is_an_error)
{
	struct scene s = scene(1);
	struct runtime *rt = NULL;
	struct hurried h;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .no_timers = true }, &rt), 0);
	send(&s, 1);
	CHECK_EQ(runtime_block_on(rt, hurried(&h, &s.tx, 2)), 0);
	CHECK_EQ(h.limit.err, -ENOTSUP);
	CHECK_EQ(h.send.err, -ECANCELED);
	runtime_destroy(rt);
	scene_end(&s);
}

/* --- Blocking the thread that others need --- */

struct blocks {
	struct co co;
	struct scene *s;
	int recv_err, send_err;
};

static enum poll blocks_run(struct co *co, struct context *cx)
{
	struct blocks *const f = co_frame(co, struct blocks);

	co_begin(co);
	{
		struct mpsc_recv recv;
		struct mpsc_send send_one;
		int value = 1;

		f->recv_err = block_on_park(mpsc_recv(&recv, &f->s->rx, &value));
		f->send_err = block_on_park(mpsc_send(&send_one, &f->s->tx, &value));
	}
	co_end;
}

static struct future *blocks(struct blocks *f, struct scene *s)
{
	*f = (struct blocks){ .co = co_init(blocks_run), .s = s };
	return &f->co.future;
}

/* BEH sync_mpsc::blocking_recv_async */
/* BEH sync_mpsc::blocking_send_async */
TEST(mpsc_tasks, blocking_inside_a_runtime_is_refused)
{
	struct scene s = scene(1);
	struct runtime *rt = t_runtime();
	struct blocks b;

	CHECK_EQ(runtime_block_on(rt, blocks(&b, &s)), 0);
	CHECK_EQ(b.recv_err, -EDEADLK);
	CHECK_EQ(b.send_err, -EDEADLK);
	CHECK(mpsc_is_empty(&s.rx));
	runtime_destroy(rt);
	scene_end(&s);
}
