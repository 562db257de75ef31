/*
 * Two and eight futures, names that are also macros, nesting, a coroutine, and arguments with side
 * effects: all of it compiles, and each argument is evaluated once.
 */
#include "future/co.h"
#include "future/join.h"
#include "future/ready.h"
#include "future/select.h"

struct scene {
	struct co co;
	struct join join; /* a field may bear the name: only `join(` is the macro */
	struct select select;
	struct ready ready[16];
	struct select_array many;
	unsigned turn;
};

struct future *eight(struct scene *f)
{
	struct ready *r = f->ready;

	return join(&f->join, ready(&r[0]), ready(&r[1]), ready(&r[2]), ready(&r[3]), ready(&r[4]),
		    ready(&r[5]), ready(&r[6]), ready(&r[7]));
}

struct future *nested(struct scene *f, struct join *outer, struct join *inner)
{
	return join(outer, join(inner, ready(&f->ready[0]), NULL),
		    select_fair(&f->select, f->turn++, ready(&f->ready[1]), ready(&f->ready[2])));
}

static enum poll scene_run(struct co *co, struct context *cx)
{
	struct scene *const f = co_frame(co, struct scene);

	co_begin(co);
	co_await(join(&f->join, ready(&f->ready[0]), ready(&f->ready[1]), ready(&f->ready[2])));
	co_await(select_first(&f->select, ready(&f->ready[0]),
			      f->turn ? ready(&f->ready[1]) : NULL));
	co_await(select_array(&f->many, NULL, 0));
	co_end;
}

struct future *scene(struct scene *f)
{
	*f = (struct scene){ .co = co_init(scene_run) };
	return &f->co.future;
}
