/* timers: what it costs to wait, and to change one's mind. */
#include "bench.h"

/*
 * --- timers_fire: N tasks, each a sleep of 1 to 1000 ms; every one is awaited
 * -------------------
 */

static struct task *spawn_sleep(struct runtime *rt, struct bench *b, uint64_t i)
{
	(void)b, (void)i;
	return spawn(rt, delay, 1 + runtime_random(rt) % 1000);
}

static struct future *timers_fire(struct bench *b)
{
	return many(b, b->n, spawn_sleep, bench_memory_after);
}

/*
 * --- arm_cancel: a delay is polled once, then dropped
 * -------------------------------------------
 */

struct fickle {
	struct co co;
	struct bench *b;
	struct delay nap;
	struct yield_now yield;
};

static enum poll fickle_run(struct co *co, struct context *cx)
{
	struct fickle *const f = co_frame(co, struct fickle);

	co_begin(co);
	bench_start(f->b);
	while (f->b->sum < f->b->n) {
		f->b->sum += future_poll(delay(&f->nap, 1000), cx) == POLL_PENDING;
		future_drop(&f->nap.future);
		if (f->b->sum % 1000 == 0)
			co_await(yield_now(&f->yield)); /* the loop gets its turn, as in a server */
	}
	bench_stop(f->b);
	co_end;
}

static struct future *arm_cancel(struct bench *b)
{
	static struct fickle f;

	f = (struct fickle){ .co = co_init(fickle_run), .b = b };
	return &f.co.future;
}

/*
 * --- timeout_ready: a timeout around what is ready already
 * --------------------------------------
 */

struct hasty {
	struct co co;
	struct bench *b;
	struct ready ready;
	struct timeout timeout;
};

static enum poll hasty_run(struct co *co, struct context *cx)
{
	struct hasty *const f = co_frame(co, struct hasty);

	co_begin(co);
	bench_start(f->b);
	while (f->b->sum < f->b->n) {
		co_await(timeout(&f->timeout, 1000, ready(&f->ready)));
		f->b->sum += !f->timeout.expired;
	}
	bench_stop(f->b);
	co_end;
}

static struct future *timeout_ready(struct bench *b)
{
	static struct hasty f;

	f = (struct hasty){ .co = co_init(hasty_run), .b = b };
	return &f.co.future;
}

const struct workload time_workloads[] = {
	{ .name = "timers_fire",
	  .what = "N tasks sleep for 1 to 1000 ms: CPU time and bytes for each",
	  .usual_n = 500000,
	  .root = timers_fire,
	  .figure = FIGURE_CPU_AND_MEMORY },
	{ .name = "arm_cancel",
	  .what = "a delay is polled once, then dropped",
	  .usual_n = 5000000,
	  .root = arm_cancel },
	{ .name = "timeout_ready",
	  .what = "a timeout around a future that is ready",
	  .usual_n = 5000000,
	  .root = timeout_ready },
	{ 0 },
};
