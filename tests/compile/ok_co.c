/*
 * What a body may do: locals in blocks without an await and in co_finally, loops of its own with
 * break, a switch of its own without an await, awaits over several lines, co_return in a loop.
 */
#include "future/co.h"
#include "future/ready.h"
#include "future/yield_now.h"

struct scene {
	struct co co;
	int n;
	struct ready ready;
	struct yield_now yield;
};

enum poll scene_run(struct co *co, struct context *cx);
struct future *scene(struct scene *f);

enum poll scene_run(struct co *co, struct context *cx)
{
	struct scene *const f = co_frame(co, struct scene);

	co_begin(co);
	for (;;) {
		co_await(yield_now(
			&f->yield));
		{
			int twice = 2 * f->n;

			for (int i = 0; i < twice; i++)
				f->n += i;
		}
		switch (f->n) {
		case 1:
			break;
		default:
			f->n++;
			break;
		}
		if (f->n > 10)
			co_return;
		if (f->n > 5)
			break;
	}
	if (f->n)
		co_await(ready(&f->ready));
	else
		co_await(yield_now(&f->yield));
	co_finally {
		int last = f->n;

		while (last > 0)
			last--;
		f->n = last;
	}
	co_end;
}

struct future *scene(struct scene *f)
{
	*f = (struct scene){ .co = co_init(scene_run) };
	return &f->co.future;
}
