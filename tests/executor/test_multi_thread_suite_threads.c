/* The runtime on several threads: what Tokio's own suite asks of one, as far as C can be asked. */
#include "t.h"

#include <stdatomic.h>

#include "weft.h"

static struct runtime *built(const struct runtime_builder *b)
{
	struct runtime *rt = NULL;

	CHECK_EQ(runtime_build(b, &rt), 0);
	return rt;
}

/* --- Chains: each task hands on what it hears to the next --- */

enum { CHAINS = 10, HOPS = 50, ROUNDS = 5 };

struct hop {
	struct co co;
	struct mpsc_receiver rx;
	struct mpsc_sender tx;
	int value;
	struct mpsc_recv recv;
	struct mpsc_send send;
};

static enum poll hop_run(struct co *co, struct context *cx)
{
	struct hop *const f = co_frame(co, struct hop);

	co_begin(co);
	for (;;) {
		co_await(mpsc_recv(&f->recv, &f->rx, &f->value));
		if (f->recv.err)
			break;
		f->value++;
		co_await(mpsc_send(&f->send, &f->tx, &f->value));
		if (f->send.err)
			break;
	}
	co_finally {
		mpsc_receiver_drop(&f->rx);
		mpsc_sender_drop(&f->tx);
	}
	co_end;
}

static struct future *hop(struct hop *f, struct mpsc_receiver rx, struct mpsc_sender tx)
{
	*f = (struct hop){ .co = co_init(hop_run), .rx = rx, .tx = tx };
	return &f->co.future;
}

struct chain {
	struct co co;
	struct mpsc_sender tx;
	struct mpsc_receiver rx;
	int i, value;
	struct mpsc_send send;
	struct mpsc_recv recv;
};

/* The front of a chain is fed, its end listened to; the channels between belong to the hops. */
static void build_chain(struct runtime *rt, struct chain *f)
{
	struct mpsc_receiver rx;

	CHECK_EQ(mpsc_open(&f->tx, &rx, int, 1, NULL), 0);
	for (int i = 0; i < HOPS; i++) {
		struct mpsc_sender tx;
		struct mpsc_receiver next;

		CHECK_EQ(mpsc_open(&tx, &next, int, 1, NULL), 0);
		task_detach(spawn(rt, hop, rx, tx));
		rx = next;
	}
	f->rx = rx;
}

static enum poll chain_run(struct co *co, struct context *cx)
{
	struct chain *const f = co_frame(co, struct chain);

	co_begin(co);
	build_chain(cx->rt, f);
	for (f->i = 0; f->i < ROUNDS; f->i++) {
		co_await(mpsc_send(&f->send, &f->tx, &f->i));
		co_await(mpsc_recv(&f->recv, &f->rx, &f->value));
		CHECK_EQ(f->value, f->i + HOPS);
	}
	co_finally {
		mpsc_sender_drop(&f->tx);
		mpsc_receiver_drop(&f->rx);
	}
	co_end;
}

static struct future *chain(struct chain *f)
{
	*f = (struct chain){ .co = co_init(chain_run) };
	return &f->co.future;
}

static void run_chains(const struct runtime_builder *b)
{
	struct runtime *rt = built(b);
	struct task *t[CHAINS];

	for (int i = 0; i < CHAINS; i++)
		t[i] = spawn(rt, chain);
	for (int i = 0; i < CHAINS; i++) {
		struct task_join join;

		CHECK_EQ(block_on_park(task_join(&join, t[i])), 0);
		CHECK_EQ(join.err, 0);
		task_detach(t[i]);
	}
	runtime_destroy(rt);
}

/* BEH rt_threaded::many_multishot_futures */
TEST(multi_thread_suite_threads, long_chains_of_channels_deliver)
{
	for (unsigned n = 1; n <= 4; n++)
		run_chains(&(struct runtime_builder){ .n_workers = n });
}

/* BEH rt_threaded::global_queue_interval_set_to_one */
TEST(multi_thread_suite_threads, one_that_looks_outside_after_every_poll_gets_on)
{
	run_chains(&(struct runtime_builder){ .n_workers = 2, .event_interval = 1 });
}

/* --- Two runtimes --- */

/* BEH rt_threaded::multi_threadpool */
TEST(multi_thread_suite_threads, tasks_of_two_runtimes_talk_to_each_other)
{
	struct runtime *a = built(&(struct runtime_builder){ .n_workers = 2 });
	struct runtime *b = built(&(struct runtime_builder){ .n_workers = 1 });
	struct mpsc_sender to_a, to_b;
	struct mpsc_receiver at_a, at_b;
	struct mpsc_send send;
	struct mpsc_recv recv;
	struct mpsc_sender out;
	struct mpsc_receiver in;
	int value = 0;

	CHECK_EQ(mpsc_open(&to_a, &at_a, int, 1, NULL), 0);
	CHECK_EQ(mpsc_open(&to_b, &at_b, int, 1, NULL), 0);
	CHECK_EQ(mpsc_open(&out, &in, int, 1, NULL), 0);
	task_detach(spawn(a, hop, at_a, to_b)); /* us -> a -> b -> us */
	task_detach(spawn(b, hop, at_b, out));
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(block_on_park(mpsc_send(&send, &to_a, &i)), 0);
		CHECK_EQ(block_on_park(mpsc_recv(&recv, &in, &value)), 0);
		CHECK_EQ(value, i + 2);
	}
	mpsc_sender_drop(&to_a);
	mpsc_receiver_drop(&in);
	runtime_destroy(a);
	runtime_destroy(b);
}

/* --- Wakes, spawns and aborts from frames that are dropped in the end --- */

struct last_will {
	struct co co;
	struct runtime *rt;
	struct notify *others;
	_Atomic int *n_dropped;
	struct notified notified;
};

static enum poll last_will_run(struct co *co, struct context *cx)
{
	struct last_will *const f = co_frame(co, struct last_will);

	co_begin(co);
	co_await(notified(&f->notified, f->others));
	co_finally {
		atomic_fetch_add(f->n_dropped, 1);
		notify_waiters(f->others);
		CHECK_PTR(spawn(f->rt, hop, (struct mpsc_receiver){ 0 }, (struct mpsc_sender){ 0 }), NULL);
	}
	co_end;
}

static struct future *last_will(struct last_will *f, struct runtime *rt, struct notify *others,
				_Atomic int *n_dropped)
{
	*f = (struct last_will){ .co = co_init(last_will_run), .rt = rt, .others = others,
				 .n_dropped = n_dropped };
	return &f->co.future;
}

/* BEH rt_threaded::wake_during_shutdown */
TEST(multi_thread_suite_threads, frames_that_are_dropped_in_the_end_wake_each_other_and_spawn_nothing)
{
	for (unsigned n = 1; n <= 3; n++) {
		struct runtime *rt = built(&(struct runtime_builder){ .n_workers = n });
		_Atomic int n_dropped = 0;
		struct notify others;

		notify_init(&others);
		for (int i = 0; i < 100; i++)
			task_detach(spawn(rt, last_will, rt, &others, &n_dropped));
		runtime_destroy(rt);
		CHECK_EQ(n_dropped, 100);
	}
}
