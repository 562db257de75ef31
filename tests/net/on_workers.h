/* on_workers: runtimes of several threads for tests of streams, and how their tasks are awaited. */
#ifndef WEFT_TESTS_ON_WORKERS_H
#define WEFT_TESTS_ON_WORKERS_H

#include "executor/block_on_park.h"
#include "executor/runtime.h"
#include "t.h"

static inline struct runtime *on_workers(unsigned n)
{
	struct runtime *rt = NULL;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = n }, &rt), 0);
	return rt;
}

/* Waits for the end of a task, which must be a good one. The handle stays. */
static inline void on_workers_await(struct task *t)
{
	struct task_join join;

	CHECK(t);
	CHECK_EQ(block_on_park(task_join(&join, t)), 0);
	CHECK_EQ(join.err, 0);
}

/* The same, and gives up the handle. */
static inline void on_workers_join(struct task *t)
{
	on_workers_await(t);
	task_detach(t);
}

#endif
