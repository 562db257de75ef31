/* expect: co_await_is_not_allowed_inside_co_finally */
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
	co_await(ready(&f->ready));
	co_finally {
		co_await(ready(&f->ready));
	}
	co_end;
}
