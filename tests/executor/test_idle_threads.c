/* Who rests and who is called, with real threads. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/sys.h"
#include "executor/runtime.h"
#include "future/co.h"
#include "time/delay.h"

/* --- A call from outside, while the runtime goes --- */

/* Never ready; leaves a waker outside. */
struct gives_waker {
	struct future future;
	struct waker *waker;
	_Atomic bool *is_given;
};

static enum poll poll_gives_waker(struct future *f, struct context *cx)
{
	struct gives_waker *g = future_of(f, struct gives_waker);

	if (!atomic_load(g->is_given)) {
		*g->waker = waker_clone(cx->waker);
		atomic_store(g->is_given, true);
	}
	return POLL_PENDING;
}

static const struct future_ops gives_waker_ops = FUTURE_OPS("gives_waker", poll_gives_waker, NULL);

static struct future *gives_waker(struct gives_waker *g, struct waker *waker, _Atomic bool *is_given)
{
	*g = (struct gives_waker){ .future = future_init(&gives_waker_ops), .waker = waker,
				   .is_given = is_given };
	return &g->future;
}

static _Atomic unsigned n_writes, n_refused;
static _Thread_local bool is_slow;

/* Who is slow takes his time, so that a descriptor that may be closed meanwhile is. */
static ssize_t slow_write(int fd, const void *buf, size_t len)
{
	ssize_t n;

	atomic_fetch_add(&n_writes, 1);
	if (is_slow)
		usleep(3000);
	n = sys_real.write(fd, buf, len);
	if (n < 0)
		atomic_fetch_add(&n_refused, 1);
	return n;
}

static void *wakes(void *waker)
{
	is_slow = true;
	waker_wake(waker);
	return NULL;
}

/* Keeps the worker getting up, so that he does not depend on the call. */
struct ticks {
	struct co co;
	struct delay nap;
};

static enum poll ticks_run(struct co *co, struct context *cx)
{
	struct ticks *const f = co_frame(co, struct ticks);

	co_begin(co);
	for (;;)
		co_await(delay(&f->nap, 1));
	co_end;
}

static struct future *ticks(struct ticks *f)
{
	*f = (struct ticks){ .co = co_init(ticks_run) };
	return &f->co.future;
}

/* Else it would reach whatever file has that number by then. */
TEST(idle_threads, a_call_never_goes_to_a_descriptor_that_is_closed)
{
	struct sys_ops slow = sys_real;

	slow.write = slow_write;
	sys_ops = &slow;
	for (unsigned i = 0; i < 50; i++) {
		unsigned n_before = n_writes;
		_Atomic bool is_given = false;
		struct runtime *rt;
		struct waker waker;
		pthread_t thread;

		CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = 1 }, &rt), 0);
		task_detach(spawn(rt, ticks));
		task_detach(spawn(rt, gives_waker, &waker, &is_given));
		while (!is_given)
			sched_yield();
		CHECK_EQ(pthread_create(&thread, NULL, wakes, &waker), 0);
		if (i % 2) /* it is written, or the worker was still up: then there is nothing to see */
			for (unsigned k = 0; k < 1000 && n_writes == n_before; k++)
				sched_yield();
		runtime_destroy(rt);
		pthread_join(thread, NULL);
	}
	sys_ops = &sys_real;
	CHECK_EQ(n_refused, 0);
}
