/* The semaphore in a runtime: many tasks at once, and what a task must not do. */
#include "t.h"
#include "t_runtime.h"

#include <errno.h>

#include "executor/block_on_park.h"
#include "future/co.h"
#include "future/yield_now.h"
#include "sync/semaphore.h"

static struct semaphore semaphore;

/* Acquires, lets others run, releases. */
struct visit {
	struct co co;
	struct semaphore_acquire acquire;
	struct yield_now yield;
	int *n_inside, *n_most;
};

static enum poll visit_run(struct co *co, struct context *cx)
{
	struct visit *const f = co_frame(co, struct visit);

	co_begin(co);
	co_await(semaphore_acquire(&f->acquire, &semaphore, 1));
	if (++*f->n_inside > *f->n_most)
		*f->n_most = *f->n_inside;
	co_await(yield_now(&f->yield));
	--*f->n_inside;
	semaphore_release(&semaphore, 1);
	co_end;
}

static struct future *visit(struct visit *f, int *n_inside, int *n_most)
{
	*f = (struct visit){ .co = co_init(visit_run), .n_inside = n_inside, .n_most = n_most };
	return &f->co.future;
}

enum { N_TASKS = 1000, N_PERMITS = 5 };

/* Spawns all visitors, then awaits every one. */
struct crowd {
	struct co co;
	struct task *visitor[N_TASKS];
	struct task_join join;
	int i, n_inside, n_most;
};

static enum poll crowd_run(struct co *co, struct context *cx)
{
	struct crowd *const f = co_frame(co, struct crowd);

	co_begin(co);
	for (f->i = 0; f->i < N_TASKS; f->i++)
		f->visitor[f->i] = spawn(cx->rt, visit, &f->n_inside, &f->n_most);
	for (f->i = 0; f->i < N_TASKS; f->i++) {
		co_await(task_join(&f->join, f->visitor[f->i]));
		task_detach(f->visitor[f->i]);
	}
	co_end;
}

static struct future *crowd(struct crowd *f)
{
	*f = (struct crowd){ .co = co_init(crowd_run) };
	return &f->co.future;
}

/* BEH sync_semaphore::stress_test */
/* BEH sync_semaphore_owned::stress_test */
/* BEH async-lock/semaphore::stress */
TEST(semaphore_tasks, a_thousand_tasks_over_five_permits_leave_exactly_five)
{
	struct runtime *rt = t_runtime();
	struct crowd c;

	CHECK_EQ(semaphore_init(&semaphore, N_PERMITS), 0);
	CHECK_EQ(runtime_block_on(rt, crowd(&c)), 0);
	CHECK_EQ(c.n_inside, 0);
	CHECK_EQ(c.n_most, N_PERMITS);
	CHECK_EQ(semaphore_try_acquire(&semaphore, N_PERMITS), 0);
	CHECK_EQ(semaphore_try_acquire(&semaphore, 1), -EAGAIN);
	runtime_destroy(rt);
}

/* Does inside a task what only a thread of its own may do. */
struct blocks {
	struct co co;
	size_t n;
	int err;
};

static enum poll blocks_run(struct co *co, struct context *cx)
{
	struct blocks *const f = co_frame(co, struct blocks);

	co_begin(co);
	{
		struct semaphore_acquire acquire;

		f->err = block_on_park(semaphore_acquire(&acquire, &semaphore, f->n));
	}
	co_end;
}

static struct future *blocks(struct blocks *f, size_t n)
{
	*f = (struct blocks){ .co = co_init(blocks_run), .n = n };
	return &f->co.future;
}

/* BEH sync_semaphore::blocking_acquire_in_async_context */
/* BEH sync_semaphore::blocking_acquire_many_in_async_context */
/* BEH sync_semaphore::blocking_acquire_owned_in_async_context */
/* BEH sync_semaphore::blocking_acquire_many_owned_in_async_context */
TEST(semaphore_tasks, blocking_inside_a_task_is_refused)
{
	struct runtime *rt = t_runtime();
	struct blocks b;

	CHECK_EQ(semaphore_init(&semaphore, 5), 0);
	for (size_t n = 1; n <= 3; n++) {
		CHECK_EQ(runtime_block_on(rt, blocks(&b, n)), 0);
		CHECK_EQ(b.err, -EDEADLK);
	}
	CHECK_EQ(semaphore_available(&semaphore), 5);
	runtime_destroy(rt);
}
