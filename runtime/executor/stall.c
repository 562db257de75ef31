/*
 * stall: a runtime does not hang in silence.
 *
 * The one idea: who could still wake a task? Its wakers are counted, so a pending task of which
 * there is no waker left anywhere can never be polled again; that is a deadlock, and provable. In
 * a process of a single thread even a waker that exists is of no use, once that thread has
 * nothing to run: the only ones that could call it are tasks, and they are all asleep. In any
 * other case another thread may be about to wake somebody: all that can be said is that it takes
 * suspiciously long.
 */
#define _GNU_SOURCE 1 /* CLOCK_MONOTONIC */
#include <errno.h>
#include <inttypes.h>

#include "base/sys.h"
#include "executor/executor.h"
#include "task/backtrace.h"

void runtime_dump(struct runtime *rt, FILE *out)
{
	struct scheduler *s = &executor_of(rt)->scheduler;
	struct slab_cursor cursor;

	scheduler_walk(s, &cursor);
	for (struct task *t; (t = scheduler_next(s, &cursor));) {
		unsigned n = task__n_wakers(t);

		if (s->ops->is_multi && task__may_run(t)) {
			fprintf(out, "task %" PRIu32 ", can run\n", task_id(t));
			continue; /* a worker may be polling it just now: its frame is not ours to read */
		}
		fprintf(out, "task %" PRIu32 " (%s), %u waker%s\n", task_id(t), task_name(t), n,
			n == 1 ? "" : "s");
		backtrace_print(out, task__future(t), 1);
	}
}

static bool nobody_can_wake(struct scheduler *s)
{
	struct slab_cursor cursor;

	if (lock_alone())
		return true;
	scheduler_walk(s, &cursor);
	for (struct task *t; (t = scheduler_next(s, &cursor));) {
		if (task__may_run(t)) {
			scheduler_walk_end(s, &cursor);
			return false;
		}
	}
	return scheduler_is_empty(s); /* nor was one spawned by another thread meanwhile */
}

bool stall_is_deadlock(struct executor *x)
{
	FILE *out = x->options.diagnostics;

	if (x->options.no_deadlock_check || !nobody_can_wake(&x->scheduler))
		return false;
	fprintf(out,
		"weft: deadlock: %zu task%s will never be polled again: none is runnable, no timer and"
		" no descriptor is armed, and nobody is left to wake one\n",
		scheduler_n_live(&x->scheduler), scheduler_n_live(&x->scheduler) == 1 ? "" : "s");
	runtime_dump(&x->services, out);
	fflush(out);
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	sys_ops->clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int stall_wait(struct executor *x)
{
	int64_t limit_ms = x->options.stall_warn_ms;
	FILE *out = x->options.diagnostics;
	uint64_t limit_ns, start;
	int err;

	if (x->warned || limit_ms < 0)
		return reactor_wait(&x->reactor, UINT64_MAX);
	limit_ns = (uint64_t)limit_ms * 1000000u;
	start = now_ns();
	err = reactor_wait(&x->reactor, limit_ns);
	if (err || now_ns() - start < limit_ns)
		return err;
	x->warned = true;
	fprintf(out,
		"weft: stalled: nothing to run for %" PRId64 " ms, and no timer or descriptor armed; going on"
		" to wait, since another thread may hold a waker\n",
		limit_ms);
	runtime_dump(&x->services, out);
	fflush(out);
	return 0;
}
