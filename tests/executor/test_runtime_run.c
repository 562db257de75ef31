/* test_runtime_run: one runtime, once. */
#include <errno.h>

#include "base/sys.h"
#include "future/co.h"
#include "future/pending.h"
#include "future/ready.h"
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "time/delay.h"

/* Counts its ends, however it ends; may leave a task behind, which never ends by itself. */
struct guest {
	struct co co;
	int *n_ended;
	unsigned ms;
	bool leaves_one;
	struct delay delay;
};

static struct future *guest(struct guest *f, int *n_ended, unsigned ms, bool leaves_one);

static enum poll guest_run(struct co *co, struct context *cx)
{
	struct guest *const f = co_frame(co, struct guest);

	co_begin(co);
	if (f->leaves_one)
		task_detach(spawn(cx->rt, guest, f->n_ended, 1000000, false));
	co_await(delay(&f->delay, f->ms));
	co_finally {
		++*f->n_ended;
	}
	co_end;
}

static struct future *guest(struct guest *f, int *n_ended, unsigned ms, bool leaves_one)
{
	*f = (struct guest){ .co = co_init(guest_run), .n_ended = n_ended, .ms = ms,
			     .leaves_one = leaves_one };
	return &f->co.future;
}

static const struct runtime_builder virtual_time = { .virtual_time = true };

TEST(runtime_run, returns_when_the_future_is_over_and_leaves_nothing_behind)
{
	struct guest f;
	int n_ended = 0;

	t_mem_begin();
	CHECK_EQ(runtime_run(&virtual_time, guest(&f, &n_ended, 5, false)), 0);
	CHECK(future_is_over(&f.co.future));
	CHECK_EQ(f.delay.err, 0);
	CHECK_EQ(n_ended, 1);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(runtime_run, without_a_builder_means_the_defaults)
{
	struct ready f;

	CHECK_EQ(runtime_run(NULL, ready(&f)), 0);
	CHECK(future_is_over(&f.future));
}

TEST(runtime_run, drops_the_tasks_that_are_not_done)
{
	struct guest f;
	int n_ended = 0;

	t_mem_begin();
	CHECK_EQ(runtime_run(&virtual_time, guest(&f, &n_ended, 5, true)), 0);
	CHECK_EQ(n_ended, 2);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(runtime_run, says_what_block_on_said_and_the_future_is_dropped)
{
	FILE *nowhere = fopen("/dev/null", "w");
	struct runtime_builder builder = { .virtual_time = true, .diagnostics = nowhere };
	struct pending f;

	CHECK(nowhere);
	t_mem_begin();
	CHECK_EQ(runtime_run(&builder, pending(&f)), -EDEADLK);
	CHECK(future_is_over(&f.future));
	CHECK_EQ(t_mem_live(), 0);
	fclose(nowhere);
}

/* In a task it would block all the others. */
struct nested {
	struct future future;
	int err;
	struct ready inner;
};

static enum poll nested_poll(struct future *f, struct context *cx)
{
	struct nested *n = future_of(f, struct nested);

	(void)cx;
	n->err = runtime_run(NULL, ready(&n->inner));
	return POLL_READY;
}

static const struct future_ops nested_ops = FUTURE_OPS("nested", nested_poll, NULL);

TEST(runtime_run, inside_of_a_task_is_refused_and_the_runtime_outside_goes_on)
{
	struct nested f = { .future = future_init(&nested_ops) };

	CHECK_EQ(runtime_run(&virtual_time, &f.future), 0);
	CHECK_EQ(f.err, -EDEADLK);
	CHECK(future_is_over(&f.inner.future));
	CHECK(!runtime_current());
}

/* --- What cannot be built --- */

TEST(runtime_run, each_allocation_fails_and_the_future_is_over_in_any_case)
{
	bool has_failed = true;

	for (long n = 0; has_failed; n++) {
		struct guest f;
		int n_ended = 0, err;

		t_mem_begin();
		t_mem_fail(n);
		err = runtime_run(&virtual_time, guest(&f, &n_ended, 5, false));
		has_failed = t_mem_failed();
		t_mem_fail(-1);
		CHECK_EQ(err, has_failed ? -ENOMEM : 0);
		CHECK_EQ(n_ended, 1); /* its finally has run, even if nothing else has */
		CHECK(future_is_over(&f.co.future));
		CHECK_EQ(t_mem_live(), 0);
	}
}

static int no_epoll(int flags)
{
	(void)flags;
	errno = EMFILE;
	return -1;
}

TEST(runtime_run, without_a_descriptor_says_so_and_the_future_is_dropped_unpolled)
{
	struct sys_ops none = sys_real;
	struct guest f;
	int n_ended = 0;

	t_mem_begin();
	none.epoll_create1 = no_epoll;
	sys_ops = &none;
	CHECK_EQ(runtime_run(&virtual_time, guest(&f, &n_ended, 5, true)), -EMFILE);
	sys_ops = &sys_real;
	CHECK_EQ(n_ended, 1); /* its finally; it spawned nobody */
	CHECK(future_is_over(&f.co.future));
	CHECK_EQ(t_mem_live(), 0);
}
