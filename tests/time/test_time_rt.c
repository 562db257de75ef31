/*
 * Time in a runtime whose clock is real: the kernel is not. Its clock moves by a little at every
 * reading, as work would, and by the whole of the wait (and a bit more) when the runtime sleeps, so
 * nothing here takes time, and all of it is the same each time.
 */
#define _GNU_SOURCE 1 /* struct timespec in sys.h's epoll_pwait2 */
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"

#include "base/sys.h"
#include "future/co.h"
#include "future/pending.h"
#include "future/yield_now.h"
#include "time/delay.h"
#include "time/timeout.h"

enum { MS = 1000000 };

static struct kernel {
	uint64_t now_ns;
	uint64_t reading_ns;  /* how much time passes from one reading to the next */
	uint64_t oversleep_ns;
	unsigned n_readings, n_sleeps;
} kernel;

static int fake_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	kernel.now_ns += kernel.reading_ns;
	kernel.n_readings++;
	ts->tv_sec = (time_t)(kernel.now_ns / 1000000000);
	ts->tv_nsec = (long)(kernel.now_ns % 1000000000);
	return 0;
}

static int fake_pwait2(int ep, struct epoll_event *events, int max, const struct timespec *timeout,
		       const sigset_t *mask)
{
	(void)ep, (void)events, (void)max, (void)mask;
	kernel.now_ns += (uint64_t)timeout->tv_sec * 1000000000u + (uint64_t)timeout->tv_nsec;
	kernel.now_ns += kernel.oversleep_ns;
	kernel.n_sleeps++;
	return 0;
}

/* A look without waiting. Nobody here sleeps for ever. */
static int fake_wait(int ep, struct epoll_event *events, int max, int timeout_ms)
{
	(void)ep, (void)events, (void)max;
	CHECK_EQ(timeout_ms, 0);
	return 0;
}

static struct sys_ops fake;

static struct runtime *begin(uint64_t reading_ns, uint64_t oversleep_ns)
{
	fake = sys_real;
	fake.clock_gettime = fake_gettime;
	fake.epoll_pwait2 = fake_pwait2;
	fake.epoll_wait = fake_wait;
	kernel = (struct kernel){ .now_ns = 77123456789,
				  .reading_ns = reading_ns,
				  .oversleep_ns = oversleep_ns };
	sys_ops = &fake;
	return t_runtime();
}

static void end(struct runtime *rt)
{
	runtime_destroy(rt);
	sys_ops = &sys_real;
}

/* --- One task --- */

TEST(time_rt, the_thread_sleeps_until_just_the_deadline)
{
	struct runtime *rt = begin(0, 0);
	uint64_t start_ns = kernel.now_ns;
	struct delay d;

	CHECK_EQ(runtime_block_on(rt, delay(&d, 50)), 0);
	CHECK_EQ(d.err, 0);
	CHECK_EQ(kernel.now_ns - start_ns, 50 * MS);
	CHECK_EQ(kernel.n_sleeps, 1);
	end(rt);
}

TEST(time_rt, a_long_sleep_wakes_up_once_per_hand_that_moves)
{
	struct runtime *rt = begin(0, 0);
	uint64_t start_ns = kernel.now_ns;
	struct delay d;

	CHECK_EQ(runtime_block_on(rt, delay(&d, 3600 * 1000)), 0);
	CHECK_EQ(kernel.now_ns - start_ns, 3600ull * 1000 * MS);
	CHECK(kernel.n_sleeps <= TIMERS_LEVELS);
	end(rt);
}

TEST(time_rt, a_deadline_between_two_ticks_is_rounded_up)
{
	struct runtime *rt = begin(0, 0);
	uint64_t start_ns = kernel.now_ns;
	struct delay d;

	CHECK_EQ(runtime_block_on(rt, delay_ns(&d, 2 * MS + 1)), 0);
	CHECK_EQ(kernel.now_ns - start_ns, 3 * MS);
	end(rt);
}

TEST(time_rt, a_relative_delay_counts_from_after_the_work_of_its_turn)
{
	struct runtime *rt = begin(7, 0);
	uint64_t start_ns = kernel.now_ns;
	struct delay d;

	CHECK_EQ(runtime_block_on(rt, delay(&d, 5)), 0);
	CHECK(kernel.now_ns - start_ns >= 5 * MS); /* never early */
	CHECK(kernel.now_ns - start_ns < 7 * MS);  /* a tick, and the few readings */
	CHECK_EQ(runtime_block_on(rt, delay_until(&d, kernel.now_ns - start_ns + 5 * MS)), 0);
	CHECK(kernel.now_ns - start_ns >= 10 * MS);
	end(rt);
}

/* Says how long it slept, by the kernel's clock. */
struct nap {
	struct co co;
	struct delay delay;
	uint64_t ms, start_ns;
	unsigned *n_early, *n_done;
};

static enum poll nap_run(struct co *co, struct context *cx)
{
	struct nap *const f = co_frame(co, struct nap);

	co_begin(co);
	f->start_ns = kernel.now_ns;
	co_await(delay(&f->delay, f->ms));
	*f->n_early += kernel.now_ns - f->start_ns < f->ms * MS;
	++*f->n_done;
	co_end;
}

static struct future *nap(struct nap *f, uint64_t ms, unsigned *n_early, unsigned *n_done)
{
	*f = (struct nap){ .co = co_init(nap_run), .ms = ms, .n_early = n_early, .n_done = n_done };
	return &f->co.future;
}

/* Always runnable: the timer has to get through. */
struct busybody {
	struct co co;
	struct yield_now yield;
	const unsigned *n_done;
	unsigned n_yields;
};

static enum poll busybody_run(struct co *co, struct context *cx)
{
	struct busybody *const f = co_frame(co, struct busybody);

	co_begin(co);
	while (*f->n_done == 0) {
		co_await(yield_now(&f->yield));
		f->n_yields++;
	}
	co_end;
}

/* BEH time_rt::starving */
TEST(time_rt, a_task_that_never_rests_does_not_keep_timers_from_firing)
{
	struct runtime *rt = begin(MS / 10, 0);
	unsigned n_early = 0, n_done = 0;
	struct busybody f = { .co = co_init(busybody_run), .n_done = &n_done };

	task_detach(spawn(rt, nap, 20, &n_early, &n_done));
	CHECK_EQ(runtime_block_on(rt, &f.co.future), 0);
	CHECK_EQ(n_early, 0);
	CHECK_EQ(n_done, 1);
	CHECK_EQ(kernel.n_sleeps, 0);
	CHECK(f.n_yields > 20);
	CHECK(kernel.n_readings * 10 < f.n_yields); /* the clock is read once per turn */
	end(rt);
}

/* BEH time_rt::timeout_value */
TEST(time_rt, a_timeout_takes_at_least_its_time)
{
	struct runtime *rt = begin(333, 100);
	uint64_t start_ns = kernel.now_ns;
	struct pending never;
	struct timeout t;

	CHECK_EQ(runtime_block_on(rt, timeout(&t, 10, pending(&never))), 0);
	CHECK(t.expired);
	CHECK(kernel.now_ns - start_ns >= 10 * MS);
	end(rt);
}

TEST(time_rt, a_timeout_that_is_not_needed_reads_no_clock)
{
	struct runtime *rt = begin(1, 0);
	unsigned before = kernel.n_readings;
	struct delay nothing;
	struct yield_now y;
	struct timeout t;

	CHECK_EQ(runtime_block_on(rt, timeout(&t, 10, delay(&nothing, 0))), 0);
	CHECK_EQ(kernel.n_readings, before);
	CHECK_EQ(runtime_block_on(rt, timeout(&t, 10, yield_now(&y))), 0);
	CHECK(kernel.n_readings <= before + 1);
	end(rt);
}

/* --- Many tasks --- */

enum { N = 512 };

/* BEH time_alt::sleep */
TEST(time_rt, of_512_sleeps_none_is_early)
{
	struct runtime *rt = begin(12345, 67890);
	unsigned n_early = 0, n_done = 0;
	struct nap last;

	for (unsigned i = 0; i < N; i++)
		task_detach(spawn(rt, nap, 1 + i % 100, &n_early, &n_done));
	CHECK_EQ(runtime_block_on(rt, nap(&last, 150, &n_early, &n_done)), 0);
	CHECK_EQ(n_done, N + 1);
	CHECK_EQ(n_early, 0);
	end(rt);
}

struct limited {
	struct co co;
	struct timeout limit;
	struct pending never;
	uint64_t ms, start_ns;
	unsigned *n_early, *n_done;
};

static enum poll limited_run(struct co *co, struct context *cx)
{
	struct limited *const f = co_frame(co, struct limited);

	co_begin(co);
	f->start_ns = kernel.now_ns;
	co_await(timeout(&f->limit, f->ms, pending(&f->never)));
	*f->n_early += !f->limit.expired || kernel.now_ns - f->start_ns < f->ms * MS;
	++*f->n_done;
	co_end;
}

static struct future *limited(struct limited *f, uint64_t ms, unsigned *n_early, unsigned *n_done)
{
	*f = (struct limited){
		.co = co_init(limited_run), .ms = ms, .n_early = n_early, .n_done = n_done
	};
	return &f->co.future;
}

/* BEH time_alt::timeout */
TEST(time_rt, of_512_timeouts_none_is_early)
{
	struct runtime *rt = begin(12345, 67890);
	unsigned n_early = 0, n_done = 0;
	struct nap last;

	for (unsigned i = 0; i < N; i++)
		task_detach(spawn(rt, limited, 1 + i % 100, &n_early, &n_done));
	CHECK_EQ(runtime_block_on(rt, nap(&last, 150, &n_early, &n_done)), 0);
	CHECK_EQ(n_done, N + 1);
	CHECK_EQ(n_early, 0);
	end(rt);
}

TEST(time_rt, tasks_that_sleep_are_dropped_with_their_runtime)
{
	struct runtime *rt;
	unsigned n_early = 0, n_done = 0;
	struct nap first;

	t_mem_begin();
	rt = begin(0, 0);
	for (unsigned i = 0; i < N; i++)
		task_detach(spawn(rt, nap, 10 + i, &n_early, &n_done));
	CHECK_EQ(runtime_block_on(rt, nap(&first, 5, &n_early, &n_done)), 0);
	CHECK_EQ(timers_n(rt->timers), N);
	end(rt);
	CHECK_EQ(n_done, 1);
	CHECK_EQ(t_mem_live(), 0);
}
