/* The current-thread runtime: who runs, in what order, and what is left at the end. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "future/co.h"
#include "future/pending.h"
#include "future/yield_now.h"

/* A task that logs its letter before each of `n` yields, and once more in capitals at its end. */
struct talker {
	struct co co;
	char *log;
	char letter;
	int n;
	struct yield_now yield;
};

static void append(char *log, char c)
{
	size_t len = strlen(log);

	log[len] = c;
	log[len + 1] = '\0';
}

static enum poll talker_run(struct co *co, struct context *cx)
{
	struct talker *const f = co_frame(co, struct talker);

	co_begin(co);
	while (f->n-- > 0) {
		append(f->log, f->letter);
		co_await(yield_now(&f->yield));
	}
	append(f->log, '.');
	co_finally {
		append(f->log, (char)(f->letter - 'a' + 'A'));
	}
	co_end;
}

static struct future *talker(struct talker *f, char *log, char letter, int n)
{
	*f = (struct talker){ .co = co_init(talker_run), .log = log, .letter = letter, .n = n };
	return &f->co.future;
}

TEST(runtime, block_on_returns_when_the_future_is_ready)
{
	struct runtime *rt = t_runtime();
	char log[64] = "";
	struct talker t;

	CHECK_EQ(runtime_block_on(rt, talker(&t, log, 'a', 2)), 0);
	CHECK_STR(log, "aa.A");
	runtime_destroy(rt);
}

TEST(runtime, tasks_take_turns_first_come_first_served)
{
	struct runtime *rt = t_runtime();
	char log[64] = "";
	struct talker root;

	task_detach(spawn(rt, talker, log, 'a', 3));
	task_detach(spawn(rt, talker, log, 'b', 3));
	CHECK_EQ(runtime_block_on(rt, talker(&root, log, 'c', 4)), 0);
	CHECK_STR(log, "abcabcabc.A.Bc.C");
	CHECK_EQ(runtime_n_tasks(rt), 0);
	runtime_destroy(rt);
}

TEST(runtime, what_is_not_done_stands_still_and_goes_on_in_the_next_block_on)
{
	struct runtime *rt = t_runtime();
	char log[64] = "";
	struct talker root;

	task_detach(spawn(rt, talker, log, 'a', 3));
	CHECK_EQ(runtime_block_on(rt, talker(&root, log, 'x', 0)), 0);
	CHECK_STR(log, "a.X");
	CHECK_EQ(runtime_n_tasks(rt), 1);
	CHECK_EQ(runtime_block_on(rt, talker(&root, log, 'y', 3)), 0);
	CHECK_STR(log, "a.Xayay.Ay.Y");
	runtime_destroy(rt);
}

TEST(runtime, destroy_drops_every_live_task_once_and_leaks_nothing)
{
	char log[64] = "";
	struct runtime *rt;
	struct talker root;

	t_mem_begin();
	rt = t_runtime();
	task_detach(spawn(rt, talker, log, 'a', 9)); /* begun */
	CHECK_EQ(runtime_block_on(rt, talker(&root, log, 'x', 1)), 0);
	task_detach(spawn(rt, talker, log, 'b', 9)); /* never begun */
	CHECK_STR(log, "axa.X");
	runtime_destroy(rt);
	CHECK_EQ(strlen(log), strlen("axa.X") + 2);
	CHECK(strchr(log, 'A') && strchr(log, 'B'));
	CHECK_EQ(t_mem_live(), 0);
}

/* --- The budget --- */

/* Always ready, and honest about it. */
struct eager {
	struct future future;
};

static enum poll poll_eager(struct future *f, struct context *cx)
{
	(void)f;
	if (!context_may_proceed(cx))
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static const struct future_ops eager_ops = FUTURE_OPS("eager", poll_eager, NULL);

static struct future *eager(struct eager *e)
{
	*e = (struct eager){ .future = future_init(&eager_ops) };
	return &e->future;
}

struct glutton {
	struct co co;
	const bool *stop;
	unsigned eaten;
	struct eager meal;
};

static enum poll glutton_run(struct co *co, struct context *cx)
{
	struct glutton *const f = co_frame(co, struct glutton);

	co_begin(co);
	while (!*f->stop) {
		co_await(eager(&f->meal));
		f->eaten++;
	}
	co_end;
}

static struct future *glutton(struct glutton *f, const bool *stop)
{
	*f = (struct glutton){ .co = co_init(glutton_run), .stop = stop };
	return &f->co.future;
}

struct stopper {
	struct co co;
	bool *stop;
	struct task *glutton;
	struct task_join join;
};

static enum poll stopper_run(struct co *co, struct context *cx)
{
	struct stopper *const f = co_frame(co, struct stopper);

	co_begin(co);
	*f->stop = true;
	co_await(task_join(&f->join, f->glutton));
	co_end;
}

static struct future *stopper(struct stopper *f, bool *stop, struct task *glutton)
{
	*f = (struct stopper){ .co = co_init(stopper_run), .stop = stop, .glutton = glutton };
	return &f->co.future;
}

static unsigned eaten_under(unsigned budget)
{
	struct runtime *rt;
	struct stopper f;
	bool stop = false;
	struct task *t;
	unsigned eaten;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .budget = budget }, &rt), 0);
	t = spawn(rt, glutton, &stop);
	CHECK_EQ(runtime_block_on(rt, stopper(&f, &stop, t)), 0);
	eaten = task_frame(t, struct glutton)->eaten;
	task_detach(t);
	runtime_destroy(rt);
	return eaten;
}

/* BEH coop_budget::test_has_budget_remaining */
TEST(runtime, an_always_ready_task_yields_after_its_budget)
{
	CHECK_EQ(eaten_under(0), 129); /* 128 and, after the others had their turn, the one it was in */
	CHECK_EQ(eaten_under(5), 6);
}

/* --- Deadlocks --- */

struct waits_for_nothing {
	struct co co;
	struct pending never;
};

static enum poll waits_for_nothing_run(struct co *co, struct context *cx)
{
	struct waits_for_nothing *const f = co_frame(co, struct waits_for_nothing);

	co_begin(co);
	co_await(pending(&f->never));
	co_end;
}

static struct future *waits_for_nothing(struct waits_for_nothing *f)
{
	*f = (struct waits_for_nothing){ .co = co_init(waits_for_nothing_run) };
	return &f->co.future;
}

TEST(runtime, a_deadlock_is_reported_with_every_backtrace_and_returned)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct runtime *rt;
	struct waits_for_nothing f;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .diagnostics = out }, &rt), 0);
	task_detach(spawn(rt, waits_for_nothing));
	CHECK_EQ(runtime_block_on(rt, waits_for_nothing(&f)), -EDEADLK);
	CHECK(future_is_over(&f.co.future));
	fclose(out);
	CHECK(strstr(text, "deadlock: 2 tasks will never be polled again"));
	CHECK(strstr(text, "task 1 (waits_for_nothing), 0 wakers"));
	CHECK(strstr(text, "awaits pending(&f->never)"));
	CHECK(strstr(text, "test_runtime.c:"));
	free(text);
	CHECK_EQ(runtime_n_tasks(rt), 1); /* the other one is still there, for who wants to abort it */
	runtime_destroy(rt);
}

struct nested {
	struct co co;
	struct runtime *rt;
	struct talker inner;
	char *log;
	int err;
};

static enum poll nested_run(struct co *co, struct context *cx)
{
	struct nested *const f = co_frame(co, struct nested);

	co_begin(co);
	f->err = runtime_block_on(f->rt, talker(&f->inner, f->log, 'n', 1));
	co_end;
}

static struct future *nested(struct nested *f, struct runtime *rt, char *log)
{
	*f = (struct nested){ .co = co_init(nested_run), .rt = rt, .log = log };
	return &f->co.future;
}

TEST(runtime, block_on_inside_a_task_is_refused_and_drops_its_future)
{
	struct runtime *rt = t_runtime();
	char log[64] = "";
	struct nested f;

	CHECK_EQ(runtime_block_on(rt, nested(&f, rt, log)), 0);
	CHECK_EQ(f.err, -EDEADLK);
	CHECK_STR(log, "N");
	runtime_destroy(rt);
}

/* --- The builder --- */

TEST(runtime, no_memory_is_an_error_value)
{
	struct runtime *rt = NULL;
	struct talker t;
	char log[64] = "";

	t_mem_begin();
	t_mem_fail(0);
	CHECK_EQ(runtime_build(&(struct runtime_builder){ 0 }, &rt), -ENOMEM);
	rt = t_runtime();
	t_mem_fail(0);
	CHECK(!spawn(rt, talker, log, 's', 1));
	CHECK_STR(log, ""); /* nothing was built */
	t_mem_fail(0);
	CHECK_EQ(runtime_block_on(rt, talker(&t, log, 'a', 1)), -ENOMEM);
	CHECK_STR(log, "A"); /* dropped unbegun: only its finally ran */
	runtime_destroy(rt);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(runtime, the_same_seed_gives_the_same_numbers)
{
	struct runtime *a, *b;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .seed = 7 }, &a), 0);
	CHECK_EQ(runtime_build(&(struct runtime_builder){ .seed = 7 }, &b), 0);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(runtime_random(a), runtime_random(b));
	runtime_destroy(a);
	runtime_destroy(b);
}

TEST(runtime, only_a_virtual_clock_can_be_advanced_by_hand)
{
	struct runtime *rt = t_runtime();

	CHECK_EQ(runtime_advance_ms(rt, 1), -EINVAL);
	runtime_destroy(rt);
	rt = t_runtime_virtual();
	CHECK_EQ(runtime_advance_ms(rt, 1), 0);
	runtime_destroy(rt);
}
