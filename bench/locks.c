/* locks: what it costs to take turns. */
#include "bench.h"

enum { TASKS = 100 };

static struct mutex mutex_under_test;
static struct semaphore semaphore_under_test;

struct taker {
	struct co co;
	struct bench *b;
	uint64_t done;
	uint64_t left;
	bool holds; /* yields while it has the lock */
	struct mutex_lock lock;
	struct yield_now yield;
};

static enum poll taker_run(struct co *co, struct context *cx)
{
	struct taker *const f = co_frame(co, struct taker);

	co_begin(co);
	while (f->left-- > 0) {
		co_await(mutex_lock(&f->lock, &mutex_under_test));
		f->done++;
		if (f->holds)
			co_await(yield_now(&f->yield));
		mutex_unlock(&mutex_under_test);
	}
	bench_done(f->b, f->done);
	co_end;
}

static struct future *taker(struct taker *f, struct bench *b, uint64_t n, bool holds)
{
	*f = (struct taker){ .co = co_init(taker_run), .b = b, .left = n, .holds = holds };
	return &f->co.future;
}

static struct task *spawn_taker(struct runtime *rt, struct bench *b, uint64_t i)
{
	return spawn(rt, taker, b, bench_share(b, TASKS, i), false);
}

static struct future *mutex(struct bench *b)
{
	mutex_init(&mutex_under_test);
	return many(b, TASKS, spawn_taker, NULL);
}

static struct task *spawn_holder(struct runtime *rt, struct bench *b, uint64_t i)
{
	return spawn(rt, taker, b, bench_share(b, TASKS, i), true);
}

static struct future *mutex_hold(struct bench *b)
{
	mutex_init(&mutex_under_test);
	return many(b, TASKS, spawn_holder, NULL);
}

static struct task *spawn_lone_taker(struct runtime *rt, struct bench *b, uint64_t i)
{
	(void)i;
	return spawn(rt, taker, b, b->n, false);
}

static struct future *mutex_unc(struct bench *b)
{
	mutex_init(&mutex_under_test);
	return many(b, 1, spawn_lone_taker, NULL);
}

struct visitor {
	struct co co;
	struct bench *b;
	uint64_t done;
	uint64_t left;
	struct semaphore_acquire acquire;
};

static enum poll visitor_run(struct co *co, struct context *cx)
{
	struct visitor *const f = co_frame(co, struct visitor);

	co_begin(co);
	while (f->left-- > 0) {
		co_await(semaphore_acquire(&f->acquire, &semaphore_under_test, 1));
		f->done++;
		semaphore_release(&semaphore_under_test, 1);
	}
	bench_done(f->b, f->done);
	co_end;
}

static struct future *visitor(struct visitor *f, struct bench *b, uint64_t n)
{
	*f = (struct visitor){ .co = co_init(visitor_run), .b = b, .left = n };
	return &f->co.future;
}

static struct task *spawn_visitor(struct runtime *rt, struct bench *b, uint64_t i)
{
	return spawn(rt, visitor, b, bench_share(b, TASKS, i));
}

static struct future *sem(struct bench *b)
{
	semaphore_init(&semaphore_under_test, 10);
	return many(b, TASKS, spawn_visitor, NULL);
}

const struct workload lock_workloads[] = {
	{ .name = "mutex",
	  .what = "100 tasks take and release one mutex, N times in all",
	  .usual_n = 5000000,
	  .root = mutex },
	{ .name = "mutex_hold",
	  .what = "the same, with a yield while holding it",
	  .usual_n = 2000000,
	  .root = mutex_hold },
	{ .name = "mutex_unc",
	  .what = "one task takes and releases a mutex",
	  .usual_n = 5000000,
	  .root = mutex_unc },
	{ .name = "sem",
	  .what = "100 tasks take and release one of 10 permits, N times in all",
	  .usual_n = 5000000,
	  .root = sem },
	{ 0 },
};
