/* task_local on workers: a task that goes from one to another takes its values along. */
#include "task/task_local.h"

#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

static const struct task_local number = { "number" };

static atomic_int n_wrong, n_ended;

struct looks {
	struct co co;
	int n, expected;
	struct yield_now yield;
};

static bool is_wrong(const struct looks *f)
{
	const int *value = task_local_get(&number, int);

	return !value || *value != f->expected;
}

static enum poll looks_run(struct co *co, struct context *cx)
{
	struct looks *const f = co_frame(co, struct looks);

	co_begin(co);
	for (; f->n > 0; f->n--) {
		n_wrong += is_wrong(f);
		co_await(yield_now(&f->yield));
	}
	co_finally {
		n_wrong += is_wrong(f);
		n_ended++;
	}
	co_end;
}

static struct future *looks(struct looks *f, int n, int expected)
{
	*f = (struct looks){ .co = co_init(looks_run), .n = n, .expected = expected };
	return &f->co.future;
}

struct scoped {
	struct co co;
	int value;
	struct task_local_scope scope;
	struct looks looks;
};

static enum poll scoped_run(struct co *co, struct context *cx)
{
	struct scoped *const f = co_frame(co, struct scoped);

	co_begin(co);
	co_await(task_local_scope(&f->scope, &number, &f->value, looks(&f->looks, 20, f->value)));
	co_end;
}

static struct future *scoped(struct scoped *f, int value)
{
	*f = (struct scoped){ .co = co_init(scoped_run), .value = value };
	return &f->co.future;
}

TEST(task_local_threads, a_task_sees_its_own_value_on_whatever_worker_it_is_polled)
{
	enum { N_ROUNDS = 50, N = 40 };
	struct runtime *rt = NULL;
	int n_polled = 0;

	atomic_store(&n_wrong, 0);
	atomic_store(&n_ended, 0);
	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = 2 }, &rt), 0);
	for (int round = 0; round < N_ROUNDS; round++) {
		struct task *tasks[N];

		for (int i = 0; i < N; i++) {
			tasks[i] = spawn(rt, scoped, i);
			CHECK(tasks[i]);
		}
		for (int i = 0; i < N; i++) {
			struct task_join join;

			if (i % 4 == 0)
				task_abort(tasks[i]);
			CHECK_EQ(runtime_block_on(rt, task_join(&join, tasks[i])), 0);
			n_polled += join.err == 0 ||
				    task_frame(tasks[i], struct scoped)->scope.future.ops != NULL;
			task_detach(tasks[i]);
		}
	}
	runtime_destroy(rt);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	CHECK_EQ(atomic_load(&n_ended), n_polled); /* who never began has no scope */
}
