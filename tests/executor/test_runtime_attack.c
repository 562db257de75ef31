/* Runtimes under attack: no rest, frames that act while they are dropped, two in one process. */
#define _GNU_SOURCE 1 /* pipe2 */
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/sys.h"
#include "executor/block_on_park.h"
#include "future/co.h"
#include "future/pending.h"
#include "future/yield_now.h"
#include "reactor/readiness.h"
#include "time/delay.h"

/* A flag, and the waker of who waits for it. */
struct flag {
	bool up;
	struct waker waker;
};

struct is_up {
	struct future future;
	struct flag *flag;
};

static enum poll poll_is_up(struct future *f, struct context *cx)
{
	struct flag *flag = future_of(f, struct is_up)->flag;

	if (!flag->up) {
		waker_refresh(&flag->waker, cx->waker);
		return POLL_PENDING;
	}
	waker_drop(&flag->waker);
	return POLL_READY;
}

static void drop_is_up(struct future *f)
{
	waker_drop(&future_of(f, struct is_up)->flag->waker);
}

static const struct future_ops is_up_ops = FUTURE_OPS("is_up", poll_is_up, drop_is_up);

static struct future *is_up(struct is_up *u, struct flag *flag)
{
	*u = (struct is_up){ .future = future_init(&is_up_ops), .flag = flag };
	return &u->future;
}

static void raise_flag(struct flag *flag)
{
	flag->up = true;
	waker_wake(&flag->waker);
}

/* Raises one flag and waits for the other; in finally raises a last one, if there is one. */
struct courier {
	struct co co;
	struct flag *from, *to, *last;
	struct is_up is_up;
};

static enum poll courier_run(struct co *co, struct context *cx)
{
	struct courier *const f = co_frame(co, struct courier);

	co_begin(co);
	if (f->to)
		raise_flag(f->to);
	co_await(is_up(&f->is_up, f->from));
	co_finally {
		if (f->last)
			raise_flag(f->last);
	}
	co_end;
}

static struct future *courier(struct courier *f, struct flag *from, struct flag *to,
			      struct flag *last)
{
	*f = (struct courier){ .co = co_init(courier_run), .from = from, .to = to, .last = last };
	return &f->co.future;
}

/* --- Descriptors, when there is always something else to do --- */

enum { N_TICKS = 2000, N_TICKERS = 4 };

/* A clock on a machine so busy that every look at it finds two milliseconds gone. */
static int slow_clock(clockid_t clock, struct timespec *ts)
{
	static long ms;

	(void)clock;
	ms += 2;
	*ts = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	return 0;
}

struct ticker {
	struct co co;
	unsigned *n;
	unsigned first_ms;
	int fd;
	struct delay nap;
};

static enum poll ticker_run(struct co *co, struct context *cx)
{
	struct ticker *const f = co_frame(co, struct ticker);

	co_begin(co);
	co_await(delay(&f->nap, f->first_ms));
	for (*f->n = 0; *f->n < N_TICKS; ++*f->n) {
		if (*f->n == N_TICKS / 4)
			CHECK_EQ(write(f->fd, "x", 1), 1);
		co_await(delay(&f->nap, 1));
	}
	co_end;
}

static struct future *ticker(struct ticker *f, unsigned *n, unsigned first_ms, int fd)
{
	*f = (struct ticker){
		.co = co_init(ticker_run), .n = n, .first_ms = first_ms, .fd = fd
	};
	return &f->co.future;
}

struct watcher {
	struct co co;
	struct source source;
	struct readiness wait;
};

static enum poll watcher_run(struct co *co, struct context *cx)
{
	struct watcher *const f = co_frame(co, struct watcher);

	co_begin(co);
	source_blocked(&f->source, SOURCE_READER);
	co_await(readiness(&f->wait, &f->source, SOURCE_READER));
	co_finally {
		source_close(&f->source);
	}
	co_end;
}

static struct future *watcher(struct watcher *f, int fd)
{
	*f = (struct watcher){ .co = co_init(watcher_run) };
	source_open(&f->source, fd);
	return &f->co.future;
}

TEST(runtime_attack, a_timer_that_is_due_in_every_turn_does_not_starve_descriptors)
{
	struct sys_ops slow = sys_real;
	struct runtime *rt;
	struct watcher f;
	unsigned n[N_TICKERS] = { 0 };
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	slow.clock_gettime = slow_clock;
	sys_ops = &slow;
	rt = t_runtime();
	/* Not in the same turn: one fires while the other's next nap begins, and so on. */
	for (unsigned i = 0; i < N_TICKERS; i++)
		task_detach(spawn(rt, ticker, &n[i], 1 + 4 * i, fds[1]));
	CHECK_EQ(runtime_block_on(rt, watcher(&f, fds[0])), 0);
	CHECK_EQ(f.wait.err, 0);
	for (int i = 0; i < N_TICKERS; i++)
		CHECK(n[i] < N_TICKS / 2);
	runtime_destroy(rt);
	sys_ops = &sys_real;
	close(fds[1]);
}

/* --- After a deadlock --- */

/* Waits for nothing, and keeps no waker; its finally aborts a task. */
struct lost {
	struct co co;
	struct task *other;
	struct pending never;
};

static enum poll lost_run(struct co *co, struct context *cx)
{
	struct lost *const f = co_frame(co, struct lost);

	co_begin(co);
	co_await(pending(&f->never));
	co_finally {
		task_abort(f->other);
	}
	co_end;
}

static struct future *lost(struct lost *f, struct task *other)
{
	*f = (struct lost){ .co = co_init(lost_run), .other = other };
	return &f->co.future;
}

TEST(runtime_attack, after_a_deadlock_the_next_block_on_goes_on_with_what_its_end_set_going)
{
	struct runtime_builder b = { .diagnostics = fopen("/dev/null", "w") };
	struct task_join join;
	struct runtime *rt;
	struct task *t;
	struct lost root;

	t_mem_begin();
	CHECK_EQ(runtime_build(&b, &rt), 0);
	t = spawn(rt, lost, NULL);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(runtime_block_on(rt, lost(&root, NULL)), -EDEADLK);
		CHECK(future_is_over(&root.co.future));
		CHECK_EQ(runtime_n_tasks(rt), 1);
	}
	CHECK_EQ(runtime_block_on(rt, lost(&root, t)), -EDEADLK);
	CHECK(!task_is_done(t)); /* its turn comes with the next call */
	CHECK_EQ(runtime_block_on(rt, task_join(&join, t)), 0);
	CHECK_EQ(join.err, -ECANCELED);
	task_detach(t);
	runtime_destroy(rt);
	CHECK_EQ(t_mem_live(), 0);
	fclose(b.diagnostics);
}

/* --- Two runtimes --- */

struct destroyer {
	struct future future;
	struct runtime *victim;
	bool is_back; /* in its own runtime afterwards */
};

static enum poll poll_destroyer(struct future *f, struct context *cx)
{
	struct destroyer *d = future_of(f, struct destroyer);

	CHECK_PTR(runtime_current(), cx->rt);
	runtime_destroy(d->victim);
	d->is_back = runtime_current() == cx->rt;
	return POLL_READY;
}

static const struct future_ops destroyer_ops = FUTURE_OPS("destroyer", poll_destroyer, NULL);

static struct future *destroyer(struct destroyer *d, struct runtime *victim)
{
	*d = (struct destroyer){ .future = future_init(&destroyer_ops), .victim = victim };
	return &d->future;
}

TEST(runtime_attack, a_task_may_destroy_another_runtime_whose_frames_wake_its_own)
{
	struct flag never = { 0 }, freed = { 0 };
	struct destroyer destroy;
	struct runtime *a, *b;
	struct courier root;
	struct task *t;

	t_mem_begin();
	a = t_runtime();
	b = t_runtime();
	task_detach(spawn(b, courier, &never, NULL, &freed));
	t = spawn(a, courier, &freed, NULL, NULL);
	CHECK_EQ(runtime_block_on(a, destroyer(&destroy, b)), 0);
	CHECK(destroy.is_back);
	CHECK(freed.up);
	CHECK_EQ(runtime_block_on(a, courier(&root, &freed, NULL, NULL)), 0);
	CHECK(task_is_done(t));
	task_detach(t);
	runtime_destroy(a);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(runtime_attack, a_join_in_one_runtime_is_woken_by_the_end_of_a_task_in_the_other)
{
	struct flag go = { 0 }, gone = { 0 };
	struct task_join join;
	struct runtime *a, *b;
	struct yield_now turn;
	struct courier root;
	struct task *t, *joining;

	t_mem_begin();
	a = t_runtime();
	b = t_runtime();
	t = spawn(a, courier, &go, NULL, NULL);
	joining = spawn(b, task_join, t);
	CHECK_EQ(runtime_block_on(b, yield_now(&turn)), 0);
	CHECK_EQ(runtime_block_on(a, yield_now(&turn)), 0);
	raise_flag(&go);
	gone.up = true;
	CHECK_EQ(runtime_block_on(a, courier(&root, &gone, NULL, NULL)), 0);
	CHECK(task_is_done(t));
	CHECK_EQ(runtime_block_on(b, task_join(&join, joining)), 0);
	CHECK_EQ(task_frame(joining, struct task_join)->err, 0);
	task_detach(joining);
	task_detach(t);
	runtime_destroy(b);
	runtime_destroy(a);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- Parking outside, a runtime inside --- */

struct outer {
	struct future future;
	struct runtime *rt;
	int inner_err, park_err;
};

static enum poll poll_outer(struct future *f, struct context *cx)
{
	struct outer *o = future_of(f, struct outer);
	struct yield_now turn;

	(void)cx;
	o->inner_err = runtime_block_on(o->rt, yield_now(&turn));
	o->park_err = block_on_park(yield_now(&turn));
	return POLL_READY;
}

static const struct future_ops outer_ops = FUTURE_OPS("outer", poll_outer, NULL);

static struct future *outer(struct outer *o, struct runtime *rt)
{
	*o = (struct outer){ .future = future_init(&outer_ops), .rt = rt };
	return &o->future;
}

TEST(runtime_attack, a_parked_future_may_run_a_runtime_but_a_task_may_not_park)
{
	struct runtime *rt = t_runtime(), *other = t_runtime();
	struct outer o;

	CHECK_EQ(block_on_park(outer(&o, rt)), 0);
	CHECK_EQ(o.inner_err, 0);
	CHECK_EQ(o.park_err, 0);
	CHECK_EQ(runtime_block_on(rt, outer(&o, other)), 0);
	CHECK_EQ(o.inner_err, -EDEADLK);
	CHECK_EQ(o.park_err, -EDEADLK);
	runtime_destroy(other);
	runtime_destroy(rt);
}
