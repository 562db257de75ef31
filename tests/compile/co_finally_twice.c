/* expect: duplicate case value */
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
	co_finally {
		f->n = 1;
	}
	co_finally {
		f->n = 2;
	}
	co_end;
}
