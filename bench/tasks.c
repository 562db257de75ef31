/* tasks: what it costs to have one, to wake one, and to let one sit. */
#include "bench.h"

/*
 * --- spawn_join: N tasks alive at once, then every handle awaited
 * -------------------------------
 */

struct unit {
	struct future future;
};

static enum poll poll_unit(struct future *f, struct context *cx)
{
	(void)f, (void)cx;
	return POLL_READY;
}

static const struct future_ops unit_ops = FUTURE_OPS("unit", poll_unit, NULL);

static struct future *unit(struct unit *u)
{
	*u = (struct unit){ .future = future_init(&unit_ops) };
	return &u->future;
}

static struct task *spawn_unit(struct runtime *rt, struct bench *b, uint64_t i)
{
	(void)b, (void)i;
	return spawn(rt, unit);
}

static struct future *spawn_join(struct bench *b)
{
	return many(b, b->n, spawn_unit, NULL);
}

/*
 * --- yield: 1000 tasks, N yields each
 * -----------------------------------------------------------
 */

struct yielder {
	struct co co;
	struct bench *b;
	uint64_t left, done;
	struct yield_now yield;
};

static enum poll yielder_run(struct co *co, struct context *cx)
{
	struct yielder *const f = co_frame(co, struct yielder);

	co_begin(co);
	while (f->left-- > 0) {
		co_await(yield_now(&f->yield));
		f->done++;
	}
	bench_done(f->b, f->done);
	co_end;
}

static struct future *yielder(struct yielder *f, struct bench *b)
{
	*f = (struct yielder){ .co = co_init(yielder_run), .b = b, .left = b->n };
	return &f->co.future;
}

static struct task *spawn_yielder(struct runtime *rt, struct bench *b, uint64_t i)
{
	(void)i;
	return spawn(rt, yielder, b);
}

static struct future *yield(struct bench *b)
{
	return many(b, MANY, spawn_yielder, NULL);
}

static uint64_t thousands(uint64_t n)
{
	return 1000 * n;
}

/*
 * --- chained_spawn: each task spawns the next
 * ---------------------------------------------------
 */

struct chain {
	struct co co;
	struct bench *b;
	uint64_t left;
	struct oneshot_sender done;
};

static struct future *chain(struct chain *f, struct bench *b, uint64_t left,
			    struct oneshot_sender done);

static enum poll chain_run(struct co *co, struct context *cx)
{
	struct chain *const f = co_frame(co, struct chain);

	co_begin(co);
	f->b->sum++;
	if (f->left > 1)
		task_detach(spawn(cx->rt, chain, f->b, f->left - 1, f->done));
	else
		oneshot_send(&f->done, &f->b->sum);
	co_end;
}

static struct future *chain(struct chain *f, struct bench *b, uint64_t left,
			    struct oneshot_sender done)
{
	*f = (struct chain){ .co = co_init(chain_run), .b = b, .left = left, .done = done };
	return &f->co.future;
}

struct chained {
	struct co co;
	struct bench *b;
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	struct oneshot_recv recv;
	uint64_t total;
};

static enum poll chained_run(struct co *co, struct context *cx)
{
	struct chained *const f = co_frame(co, struct chained);

	co_begin(co);
	oneshot_open(&f->tx, &f->rx, uint64_t, NULL);
	bench_start(f->b);
	task_detach(spawn(cx->rt, chain, f->b, f->b->n, f->tx));
	co_await(oneshot_recv(&f->recv, &f->rx, &f->total));
	bench_stop(f->b);
	bench_check(f->b, "tasks run", f->total, f->b->n);
	co_finally {
		oneshot_receiver_drop(&f->rx);
	}
	co_end;
}

static struct future *chained_spawn(struct bench *b)
{
	static struct chained f;

	f = (struct chained){ .co = co_init(chained_run), .b = b };
	return &f.co.future;
}

/*
 * --- idle_mem: N tasks parked on one notify
 * -----------------------------------------------------
 */

static struct notify wake_up;

static struct task *spawn_notified(struct runtime *rt, struct bench *b, uint64_t i)
{
	(void)b, (void)i;
	return spawn(rt, notified, &wake_up);
}

static void measure_and_wake(struct bench *b)
{
	bench_memory_after(b);
	notify_waiters(&wake_up);
}

static struct future *idle_mem(struct bench *b)
{
	notify_init(&wake_up);
	return many(b, b->n, spawn_notified, measure_and_wake);
}

const struct workload task_workloads[] = {
	{ .name = "spawn_join",
	  .what = "N tasks alive at once, then every handle awaited",
	  .usual_n = 1000000,
	  .root = spawn_join,
	  .counts_joins = true },
	{ .name = "yield",
	  .what = "1000 tasks, N yields each",
	  .usual_n = 5000,
	  .root = yield,
	  .ops = thousands },
	{ .name = "chained_spawn",
	  .what = "N tasks, each spawned by the one before",
	  .usual_n = 2000000,
	  .root = chained_spawn },
	{ .name = "idle_mem",
	  .what = "N tasks parked on one notify: bytes for each",
	  .usual_n = 1000000,
	  .root = idle_mem,
	  .figure = FIGURE_MEMORY },
	{ 0 },
};
