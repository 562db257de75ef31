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
	for (int i = 0; i < f->n; i++)
		co_await(ready(&f->ready));
	co_end;
}
