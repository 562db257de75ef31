/* runtime: building, entering, leaving and destroying. See runtime.h. */
#include <errno.h>
#include <sys/random.h>

#include "executor/current_thread.h"
#include "executor/multi_thread.h"

enum { EVENT_INTERVAL = 61, STALL_WARN_MS = 2000 };

static struct runtime_builder with_defaults(const struct runtime_builder *b)
{
	struct runtime_builder o = *b;

	if (o.budget == 0)
		o.budget = CONTEXT_BUDGET;
	if (o.event_interval == 0)
		o.event_interval = EVENT_INTERVAL;
	if (o.stall_warn_ms == 0)
#ifdef WEFT_DEBUG
		o.stall_warn_ms = STALL_WARN_MS;
#else
		o.stall_warn_ms = -STALL_WARN_MS;
#endif
	if (!o.diagnostics)
		o.diagnostics = stderr;
	if (o.seed == 0 && getrandom(&o.seed, sizeof o.seed, GRND_NONBLOCK) != sizeof o.seed)
		o.seed = (uintptr_t)&o;
	return o;
}

int runtime_build(const struct runtime_builder *builder, struct runtime **out)
{
	static const struct runtime_builder defaults;
	struct runtime_builder options = with_defaults(builder ? builder : &defaults);
	struct executor *x;
	int err = options.n_workers > 0 ? multi_thread_build(&options, &x)
					: current_thread_build(&options, &x);

	if (err)
		return err;
	*out = &x->services;
	probe_runtime(*out);
	return 0;
}

int runtime_shutdown(struct runtime *rt, uint64_t timeout_ms)
{
	if (!rt)
		return 0;
	if (atomic_load_explicit(&rt->scheduler->closed, memory_order_relaxed))
		bug("runtime_destroy", "called by a frame that it is dropping", __FILE__, __LINE__);
	if (runtime_current() == rt)
		bug("runtime_destroy", "called by one of its own tasks", __FILE__, __LINE__);
	if (executor_is_multi(executor_of(rt)))
		return multi_thread_shutdown(executor_of(rt), timeout_ms);
	current_thread_destroy(executor_of(rt));
	return 0;
}

void runtime_destroy(struct runtime *rt)
{
	(void)runtime_shutdown(rt, UINT64_MAX);
}

int runtime_block_on(struct runtime *rt, struct future *f)
{
	if (runtime_current()) {
		future_drop(f);
		return -EDEADLK;
	}
	return executor_is_multi(executor_of(rt)) ? multi_thread_block_on(executor_of(rt), f)
						  : current_thread_block_on(executor_of(rt), f);
}

int runtime_run(const struct runtime_builder *builder, struct future *f)
{
	struct runtime *rt;
	int err = runtime_build(builder, &rt);

	if (err) {
		future_drop(f);
		return err;
	}
	err = runtime_block_on(rt, f);
	runtime_destroy(rt);
	return err;
}

struct runtime *runtime_current(void)
{
	if (scheduler_here) /* first: a local set may be driven by a worker's task */
		return scheduler_here->rt;
	return worker_here ? &worker_here->mt->x.services : NULL;
}

size_t runtime_n_tasks(const struct runtime *rt)
{
	const struct executor *x = executor_of(rt);

	return scheduler_n_live(&x->scheduler) -
	       (executor_is_multi(x) ? multi_thread_n_roots(x) : current_thread_n_roots(x));
}

uint64_t runtime_random(struct runtime *rt)
{
	struct executor *x = executor_of(rt);

	return executor_is_multi(x) ? multi_thread_random(x) : rand_next(&x->rand);
}

int runtime_advance_ms(struct runtime *rt, uint64_t ms)
{
	struct executor *x = executor_of(rt);

	if (!clock_is_virtual(&x->clock))
		return -EINVAL;
	timers_turn(&x->timers); /* what was armed before is counted from before */
	clock_advance_ns(&x->clock, clock_ms(ms));
	timers_turn(&x->timers);
	return 0;
}
