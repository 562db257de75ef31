/* Tasks under attack: frames that do the worst they can while their runtime is destroyed. */
#include "t.h"
#include "t_bug.h"
#include "t_future.h"
#include "t_runtime.h"

#include <stdio.h>

#include "future/co.h"
#include "future/pending.h"
#include "future/yield_now.h"

/* --- A finally that looks at the runtime while that is being destroyed --- */

/* Large enough for a chunk of its own, which goes when its last reference does. */
struct large {
	struct co co;
	struct runtime *rt;
	struct task **other; /* given up in finally */
	FILE *out;
	struct pending never;
	char ballast[2000];
};

static enum poll large_run(struct co *co, struct context *cx)
{
	struct large *const f = co_frame(co, struct large);

	co_begin(co);
	if (f->other)
		co_await(pending(&f->never));
	co_finally {
		if (f->out)
			runtime_dump(f->rt, f->out);
		if (f->other) {
			task_detach(*f->other);
			*f->other = NULL;
		}
	}
	co_end;
}

static struct future *large(struct large *f, struct runtime *rt, struct task **other, FILE *out)
{
	*f = (struct large){ .co = co_init(large_run), .rt = rt, .other = other, .out = out };
	return &f->co.future;
}

struct yields {
	struct co co;
	unsigned n;
	struct yield_now yield;
};

static enum poll yields_run(struct co *co, struct context *cx)
{
	struct yields *const f = co_frame(co, struct yields);

	co_begin(co);
	while (f->n-- > 0)
		co_await(yield_now(&f->yield));
	co_end;
}

static struct future *yields(struct yields *f, unsigned n)
{
	*f = (struct yields){ .co = co_init(yields_run), .n = n };
	return &f->co.future;
}

TEST(task_attack, a_finally_may_dump_the_runtime_that_is_being_destroyed)
{
	FILE *out = fopen("/dev/null", "w");
	struct task *none = NULL, *done;
	struct yields turn;
	struct runtime *rt;

	CHECK(out);
	t_mem_begin();
	rt = t_runtime();
	/* The newest chunk is walked first: the dumper's, then that of what it gives up, then the rest. */
	task_detach(spawn(rt, large, rt, &none, NULL));
	done = spawn(rt, large, rt, NULL, NULL);
	task_detach(spawn(rt, large, rt, &done, out));
	CHECK_EQ(runtime_block_on(rt, yields(&turn, 2)), 0);
	CHECK(task_is_done(done));
	runtime_destroy(rt);
	CHECK_PTR(done, NULL);
	CHECK_EQ(t_mem_live(), 0);
	fclose(out);
}

/* --- Destroying what is being destroyed --- */

struct regicide {
	struct future future;
	struct runtime *rt;
};

static enum poll poll_regicide(struct future *f, struct context *cx)
{
	(void)f, (void)cx;
	return POLL_PENDING;
}

static void drop_regicide(struct future *f)
{
	runtime_destroy(future_of(f, struct regicide)->rt);
}

static const struct future_ops regicide_ops = FUTURE_OPS("regicide", poll_regicide, drop_regicide);

static struct future *regicide(struct regicide *r, struct runtime *rt)
{
	*r = (struct regicide){ .future = future_init(&regicide_ops), .rt = rt };
	return &r->future;
}

static void destroy_from_within(void)
{
	struct runtime *rt = t_runtime();

	task_detach(spawn(rt, regicide, rt));
	runtime_destroy(rt);
}

TEST(task_attack, destroying_a_runtime_from_a_frame_that_it_drops_is_a_bug)
{
	t_bug_says(destroy_from_within, "runtime_destroy: ");
}
