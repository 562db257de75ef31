/* channels: what it costs to pass something on. */
#include "bench.h"

static void check_opened(const struct bench *b, int err)
{
	bench_check(b, "error of open", (uint64_t)-err, 0);
}

/*
 * --- ping_oneshot: two oneshots and a second task for every round trip, 1000 in flight
 * -----------
 */

struct answerer {
	struct co co;
	struct oneshot_receiver question;
	struct oneshot_sender answer;
	struct oneshot_recv recv;
	uint64_t value;
};

static enum poll answerer_run(struct co *co, struct context *cx)
{
	struct answerer *const f = co_frame(co, struct answerer);

	co_begin(co);
	co_await(oneshot_recv(&f->recv, &f->question, &f->value));
	f->value++;
	oneshot_send(&f->answer, &f->value);
	co_finally {
		oneshot_receiver_drop(&f->question);
		oneshot_sender_drop(&f->answer);
	}
	co_end;
}

static struct future *answerer(struct answerer *f, struct oneshot_receiver question,
			       struct oneshot_sender answer)
{
	*f = (struct answerer){ .co = co_init(answerer_run), .question = question, .answer = answer };
	return &f->co.future;
}

struct asker {
	struct co co;
	struct bench *b;
	uint64_t done;
	uint64_t left, value;
	struct oneshot_sender question, answer_tx;
	struct oneshot_receiver question_rx, answer;
	struct oneshot_recv recv;
};

static enum poll asker_run(struct co *co, struct context *cx)
{
	struct asker *const f = co_frame(co, struct asker);

	co_begin(co);
	while (f->left-- > 0) {
		check_opened(f->b, oneshot_open(&f->question, &f->question_rx, uint64_t, NULL));
		check_opened(f->b, oneshot_open(&f->answer_tx, &f->answer, uint64_t, NULL));
		task_detach(spawn(cx->rt, answerer, f->question_rx, f->answer_tx));
		f->value = f->left;
		oneshot_send(&f->question, &f->value);
		co_await(oneshot_recv(&f->recv, &f->answer, &f->value));
		oneshot_receiver_drop(&f->answer);
		f->done += f->value == f->left + 1;
	}
	bench_done(f->b, f->done);
	co_end;
}

static struct future *asker(struct asker *f, struct bench *b, uint64_t n)
{
	*f = (struct asker){ .co = co_init(asker_run), .b = b, .left = n };
	return &f->co.future;
}

static struct task *spawn_asker(struct runtime *rt, struct bench *b, uint64_t i)
{
	return spawn(rt, asker, b, bench_share(b, MANY, i));
}

static struct future *ping_oneshot(struct bench *b)
{
	return many(b, MANY, spawn_asker, NULL);
}

/*
 * --- ping_mpsc: two tasks, two channels of capacity 1
 * --------------------------------------------
 */

struct paddle {
	struct co co;
	struct bench *b;
	uint64_t done;
	bool serves;
	struct mpsc_sender tx;
	struct mpsc_receiver rx;
	uint64_t left, value;
	struct mpsc_send send;
	struct mpsc_recv recv;
};

static enum poll paddle_run(struct co *co, struct context *cx)
{
	struct paddle *const f = co_frame(co, struct paddle);

	co_begin(co);
	while (f->left-- > 0) {
		if (f->serves) {
			f->value = f->left;
			co_await(mpsc_send(&f->send, &f->tx, &f->value));
		}
		co_await(mpsc_recv(&f->recv, &f->rx, &f->value));
		if (!f->serves)
			co_await(mpsc_send(&f->send, &f->tx, &f->value));
		else
			f->done += f->value == f->left;
	}
	bench_done(f->b, f->done);
	co_finally {
		mpsc_sender_drop(&f->tx);
		mpsc_receiver_drop(&f->rx);
	}
	co_end;
}

static struct future *paddle(struct paddle *f, struct bench *b, bool serves, struct mpsc_sender tx,
			     struct mpsc_receiver rx)
{
	*f = (struct paddle){
		.co = co_init(paddle_run), .b = b, .serves = serves, .tx = tx, .rx = rx, .left = b->n
	};
	return &f->co.future;
}

static struct task *spawn_paddle(struct runtime *rt, struct bench *b, uint64_t i)
{
	static struct mpsc_sender tx[2];
	static struct mpsc_receiver rx[2];

	if (i == 0) {
		check_opened(b, mpsc_open(&tx[0], &rx[0], uint64_t, 1, NULL));
		check_opened(b, mpsc_open(&tx[1], &rx[1], uint64_t, 1, NULL));
	}
	return spawn(rt, paddle, b, i == 0, tx[i], rx[1 - i]);
}

static struct future *ping_mpsc(struct bench *b)
{
	return many(b, 2, spawn_paddle, NULL);
}

/*
 * --- mpsc: producers and one consumer
 * ------------------------------------------------------------
 */

struct producer {
	struct co co;
	struct mpsc_sender tx;
	uint64_t left;
	struct mpsc_send send;
};

static enum poll producer_run(struct co *co, struct context *cx)
{
	struct producer *const f = co_frame(co, struct producer);

	co_begin(co);
	for (; f->left > 0; f->left--)
		co_await(mpsc_send(&f->send, &f->tx, &f->left));
	co_finally {
		mpsc_sender_drop(&f->tx);
	}
	co_end;
}

static struct future *producer(struct producer *f, struct mpsc_sender tx, uint64_t n)
{
	*f = (struct producer){ .co = co_init(producer_run), .tx = tx, .left = n };
	return &f->co.future;
}

struct consumer {
	struct co co;
	struct bench *b;
	uint64_t done;
	struct mpsc_receiver rx;
	uint64_t value, sum, expected;
	struct mpsc_recv recv;
};

static enum poll consumer_run(struct co *co, struct context *cx)
{
	struct consumer *const f = co_frame(co, struct consumer);

	co_begin(co);
	for (;;) {
		co_await(mpsc_recv(&f->recv, &f->rx, &f->value));
		if (f->recv.err)
			break;
		f->done++;
		f->sum += f->value;
	}
	bench_check(f->b, "sum of the messages", f->sum, f->expected);
	bench_done(f->b, f->done);
	co_finally {
		mpsc_receiver_drop(&f->rx);
	}
	co_end;
}

static struct future *consumer(struct consumer *f, struct bench *b, struct mpsc_receiver rx,
			       uint64_t expected)
{
	*f = (struct consumer){ .co = co_init(consumer_run), .b = b, .rx = rx, .expected = expected };
	return &f->co.future;
}

/* Task 0 consumes, the others produce; the channel is opened with the first. */
static struct task *spawn_mpsc(struct runtime *rt, struct bench *b, uint64_t i, unsigned n_producers,
			       size_t capacity)
{
	static struct mpsc_sender tx;
	struct mpsc_receiver rx;
	uint64_t expected = 0;

	if (i == 0) {
		check_opened(b, capacity ? mpsc_open(&tx, &rx, uint64_t, capacity, NULL)
					 : mpsc_open_unbounded(&tx, &rx, uint64_t, NULL));
		for (unsigned p = 0; p < n_producers; p++) {
			uint64_t n = bench_share(b, n_producers, p);

			expected += n * (n + 1) / 2;
		}
		return spawn(rt, consumer, b, rx, expected);
	}
	if (i < n_producers) {
		struct mpsc_sender more = mpsc_sender_clone(&tx);

		return spawn(rt, producer, more, bench_share(b, n_producers, i - 1));
	}
	return spawn(rt, producer, tx, bench_share(b, n_producers, i - 1));
}

static struct task *spawn_mpsc_1p(struct runtime *rt, struct bench *b, uint64_t i)
{
	return spawn_mpsc(rt, b, i, 1, 128);
}

static struct future *mpsc_1p(struct bench *b)
{
	return many(b, 2, spawn_mpsc_1p, NULL);
}

static struct task *spawn_mpsc_4p(struct runtime *rt, struct bench *b, uint64_t i)
{
	return spawn_mpsc(rt, b, i, 4, 128);
}

static struct future *mpsc_4p(struct bench *b)
{
	return many(b, 5, spawn_mpsc_4p, NULL);
}

static struct task *spawn_mpsc_unb(struct runtime *rt, struct bench *b, uint64_t i)
{
	return spawn_mpsc(rt, b, i, 1, 0);
}

static struct future *mpsc_unb(struct bench *b)
{
	return many(b, 2, spawn_mpsc_unb, NULL);
}

/*
 * --- broadcast: one sender, 100 receivers, capacity 128
 * ------------------------------------------
 */

enum { RECEIVERS = 100, CAPACITY = 128, BURST = 64 };

struct audience {
	struct co co;
	struct bench *b;
	uint64_t done;
	struct broadcast_receiver rx;
	uint64_t value, sum;
	struct broadcast_recv recv;
};

static enum poll audience_run(struct co *co, struct context *cx)
{
	struct audience *const f = co_frame(co, struct audience);

	co_begin(co);
	for (;;) {
		co_await(broadcast_recv(&f->recv, &f->rx, &f->value));
		if (f->recv.err)
			break;
		f->done++;
		f->sum += f->value;
	}
	bench_check(f->b, "sum of what one heard", f->sum, f->b->n * (f->b->n + 1) / 2);
	bench_done(f->b, f->done);
	co_finally {
		broadcast_receiver_drop(&f->rx);
	}
	co_end;
}

static struct future *audience(struct audience *f, struct bench *b, struct broadcast_receiver rx)
{
	*f = (struct audience){ .co = co_init(audience_run), .b = b, .rx = rx };
	return &f->co.future;
}

struct speaker {
	struct co co;
	struct broadcast_sender tx;
	uint64_t left;
	struct yield_now yield;
};

static enum poll speaker_run(struct co *co, struct context *cx)
{
	struct speaker *const f = co_frame(co, struct speaker);

	co_begin(co);
	for (; f->left > 0; f->left--) {
		broadcast_send(&f->tx, &f->left);
		if (f->left % BURST != 0)
			continue;
		do /* let them hear it: nobody is to be overrun */
			co_await(yield_now(&f->yield));
		while (broadcast_sender_len(&f->tx) > CAPACITY - BURST);
	}
	co_finally {
		broadcast_sender_drop(&f->tx);
	}
	co_end;
}

static struct future *speaker(struct speaker *f, struct broadcast_sender tx, uint64_t n)
{
	*f = (struct speaker){ .co = co_init(speaker_run), .tx = tx, .left = n };
	return &f->co.future;
}

static struct task *spawn_broadcast(struct runtime *rt, struct bench *b, uint64_t i)
{
	static struct broadcast_sender tx;
	struct broadcast_receiver rx;

	if (i == 0)
		check_opened(b, broadcast_open(&tx, &rx, uint64_t, CAPACITY, NULL, NULL));
	else if (i < RECEIVERS)
		rx = broadcast_subscribe(&tx);
	else
		return spawn(rt, speaker, tx, b->n);
	return spawn(rt, audience, b, rx);
}

static struct future *broadcast(struct bench *b)
{
	return many(b, RECEIVERS + 1, spawn_broadcast, NULL);
}

static uint64_t deliveries(uint64_t n)
{
	return n * RECEIVERS;
}

const struct workload channel_workloads[] = {
	{ .name = "ping_oneshot",
	  .what = "round trips over two oneshots and a fresh task each, 1000 in flight",
	  .usual_n = 1000000,
	  .root = ping_oneshot },
	{ .name = "ping_mpsc",
	  .what = "round trips over two channels of capacity 1",
	  .usual_n = 2000000,
	  .root = ping_mpsc },
	{ .name = "mpsc_1p",
	  .what = "messages of one producer, capacity 128",
	  .usual_n = 5000000,
	  .root = mpsc_1p },
	{ .name = "mpsc_4p",
	  .what = "messages of four producers, capacity 128",
	  .usual_n = 5000000,
	  .root = mpsc_4p },
	{ .name = "mpsc_unb",
	  .what = "messages of one producer, unbounded",
	  .usual_n = 5000000,
	  .root = mpsc_unb },
	{ .name = "broadcast",
	  .what = "N messages to 100 receivers each, capacity 128: per delivery",
	  .usual_n = 50000,
	  .root = broadcast,
	  .ops = deliveries },
	{ 0 },
};
