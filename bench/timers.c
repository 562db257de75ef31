/* timers: what it costs to wait, and to change one's mind. */
#include "bench.h"

/* --- timers_fire: N tasks, each sleeping for 1 to 1000 ms --------------------------------------- */

struct sleepers {
	struct co co;
	struct bench *b;
	struct notify done;
	struct notified wait;
	uint64_t i, heap;
	struct yield_now yield;
};

struct sleeper {
	struct co co;
	struct sleepers *all;
	uint64_t ms;
	struct delay nap;
};

static enum poll sleeper_run(struct co *co, struct context *cx)
{
	struct sleeper *const f = co_frame(co, struct sleeper);

	co_begin(co);
	co_await(delay(&f->nap, f->ms));
	if (++f->all->b->sum == f->all->b->n)
		notify_one(&f->all->done);
	co_end;
}

static struct future *sleeper(struct sleeper *f, struct sleepers *all, uint64_t ms)
{
	*f = (struct sleeper){ .co = co_init(sleeper_run), .all = all, .ms = ms };
	return &f->co.future;
}

static enum poll sleepers_run(struct co *co, struct context *cx)
{
	struct sleepers *const f = co_frame(co, struct sleepers);

	co_begin(co);
	f->heap = bench_heap_bytes();
	bench_start(f->b);
	for (f->i = 0; f->i < f->b->n; f->i++)
		task_detach(spawn(cx->rt, sleeper, f, 1 + runtime_random(cx->rt) % 1000));
	f->b->bytes = bench_heap_bytes() - f->heap;
	co_await(notified(&f->wait, &f->done));
	bench_stop(f->b);
	co_end;
}

static struct future *timers_fire(struct bench *b)
{
	static struct sleepers f;

	f = (struct sleepers){ .co = co_init(sleepers_run), .b = b };
	notify_init(&f.done);
	return &f.co.future;
}

/* --- arm_cancel: a delay is polled once, then dropped ------------------------------------------- */

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

/* --- timeout_ready: a timeout around what is ready already -------------------------------------- */

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
	{ "timers_fire", "N tasks sleep for 1 to 1000 ms: CPU time and bytes for each", timers_fire, NULL },
	{ "arm_cancel", "a delay is polled once, then dropped", arm_cancel, NULL },
	{ "timeout_ready", "a timeout around a future that is ready", timeout_ready, NULL },
	{ 0 },
};
