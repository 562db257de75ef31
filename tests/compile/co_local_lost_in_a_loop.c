/* expect (gcc): jump-misses-init */
#include "future/co.h"
#include "future/ready.h"

struct scene {
	struct co co;
	int n;
	struct ready ready;
};

enum poll scene_run(struct co *co, struct context *cx)
{
	struct scene *const f = co_frame(co, struct scene);

	co_begin(co);
	while (f->n > 0) {
		int n = f->n;

		co_await(ready(&f->ready));
		f->n = n - 1;
	}
	co_end;
}
