/* many: the root of the workloads that are up to a thousand tasks: spawns them, then awaits them. */
#include "bench.h"

struct many {
	struct co co;
	struct bench *b;
	struct task *(*spawn_one)(struct runtime *, struct bench *, unsigned i);
	unsigned n, i;
	struct task *handles[MANY_MAX];
	struct task_join join;
};

static enum poll many_run(struct co *co, struct context *cx)
{
	struct many *const f = co_frame(co, struct many);

	co_begin(co);
	bench_start(f->b);
	for (f->i = 0; f->i < f->n; f->i++)
		f->handles[f->i] = f->spawn_one(cx->rt, f->b, f->i);
	for (f->i = 0; f->i < f->n; f->i++) {
		co_await(task_join(&f->join, f->handles[f->i]));
		task_detach(f->handles[f->i]);
	}
	bench_stop(f->b);
	co_end;
}

struct future *many(struct bench *b, unsigned n,
		    struct task *(*spawn_one)(struct runtime *, struct bench *, unsigned))
{
	static struct many f;

	f = (struct many){ .co = co_init(many_run), .b = b, .n = n, .spawn_one = spawn_one };
	return &f.co.future;
}
