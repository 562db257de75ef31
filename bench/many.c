/* many: the root of the workloads that are many tasks: spawns them, then awaits every one. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct many {
	struct co co;
	struct bench *b;
	uint64_t n, i;
	struct task *(*spawn_one)(struct runtime *, struct bench *, uint64_t i);
	void (*all_wait)(struct bench *);
	struct task **handles;
	struct yield_now yield;
	struct task_join join;
};

static enum poll many_run(struct co *co, struct context *cx)
{
	struct many *const f = co_frame(co, struct many);

	co_begin(co);
	f->handles = calloc(f->n, sizeof *f->handles);
	bench_check(f->b, "memory for the handles", f->handles != NULL, true);
	memset(f->handles, 1, f->n * sizeof *f->handles); /* resident before anything is measured */
	bench_start(f->b);
	for (f->i = 0; f->i < f->n; f->i++)
		f->handles[f->i] = f->spawn_one(cx->rt, f->b, f->i);
	if (f->all_wait) {
		co_await(yield_now(&f->yield)); /* each has had its first poll */
		f->all_wait(f->b);
	}
	for (f->i = 0; f->i < f->n; f->i++) {
		co_await(task_join(&f->join, f->handles[f->i]));
		f->b->n_joined += !f->join.err;
		task_detach(f->handles[f->i]);
	}
	bench_stop(f->b);
	bench_check(f->b, "tasks joined", f->b->n_joined, f->n);
	co_finally {
		free(f->handles);
	}
	co_end;
}

struct future *many(struct bench *b, uint64_t n,
		    struct task *(*spawn_one)(struct runtime *, struct bench *, uint64_t),
		    void (*all_wait)(struct bench *))
{
	static struct many f;

	f = (struct many){
		.co = co_init(many_run), .b = b, .n = n, .spawn_one = spawn_one, .all_wait = all_wait
	};
	b->n_joined = 0;
	return &f.co.future;
}
