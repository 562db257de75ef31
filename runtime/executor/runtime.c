/* runtime: building, entering, leaving and destroying. See runtime.h. */
#include <errno.h>
#include <sys/random.h>

#include "base/mem.h"
#include "executor/current_thread.h"

enum { EVENT_INTERVAL = 61, STALL_WARN_MS = 2000 };

/* --- Building --- */

static void unpark(struct scheduler *s)
{
	struct current_thread *ct =
		(void *)((char *)s - offsetof(struct current_thread, scheduler));

	reactor_unpark(&ct->reactor);
}

static void hurry(struct timers *ts)
{
	struct current_thread *ct = (void *)((char *)ts - offsetof(struct current_thread, timers));

	reactor_unpark(&ct->reactor);
}

static void release(struct scheduler *s)
{
	struct current_thread *ct =
		(void *)((char *)s - offsetof(struct current_thread, scheduler));

	mem_free(ct, sizeof *ct);
}

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
	struct current_thread *ct = mem_alloc(sizeof *ct);
	int err;

	if (!builder)
		builder = &defaults;
	if (!ct)
		return -ENOMEM;
	*ct = (struct current_thread){ .options = with_defaults(builder) };
	err = reactor_init(&ct->reactor); /* also what an idle runtime sleeps in */
	if (err) {
		mem_free(ct, sizeof *ct);
		return err;
	}
	ct->rand.state = ct->options.seed;
	scheduler_init(&ct->scheduler, unpark, release);
	if (builder->virtual_time)
		clock_init_virtual(&ct->clock);
	else
		clock_init_real(&ct->clock);
	timers_init(&ct->timers, &ct->clock);
	ct->timers.hurry = hurry;
	ct->services = (struct runtime){
		.scheduler = &ct->scheduler,
		.timers = builder->no_timers ? NULL : &ct->timers,
		.reactor = builder->no_reactor ? NULL : &ct->reactor,
	};
	*out = &ct->services;
	probe_runtime(*out);
	return 0;
}

void runtime_destroy(struct runtime *rt)
{
	struct current_thread *ct;
	struct scheduler *outer = scheduler_here;

	if (!rt)
		return;
	ct = current_thread_of(rt);
	if (atomic_load_explicit(&ct->inside, memory_order_relaxed))
		bug("runtime_destroy", "somebody is inside runtime_block_on", __FILE__, __LINE__);
	if (atomic_load_explicit(&ct->scheduler.closed, memory_order_relaxed))
		bug("runtime_destroy", "called by a frame that it is dropping", __FILE__, __LINE__);
	scheduler_here = &ct->scheduler;
	scheduler_close(&ct->scheduler);
	scheduler_here = outer;
	probe_runtime(NULL);
	reactor_fini(&ct->reactor);
	scheduler_unref(&ct->scheduler);
}

/* --- Inside --- */

/* The task of runtime_block_on: a frame that borrows the caller's future. */
struct root {
	struct future future;
	struct future *inner;
};

static enum poll poll_root(struct future *f, struct context *cx)
{
	return future_poll(future_of(f, struct root)->inner, cx);
}

static void drop_root(struct future *f)
{
	future_drop(future_of(f, struct root)->inner);
}

static struct future *child_of_root(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct root)->inner : NULL;
}

static const struct future_ops root_ops = {
	.name = "block_on", .poll = poll_root, .drop = drop_root, .child = child_of_root,
	.is_unseen = true, .over = FUTURE_OVER("block_on"),
};

static struct future *root(struct root *r, struct future *inner)
{
	*r = (struct root){ .future = future_init(&root_ops), .inner = inner };
	return &r->future;
}

/* The root goes now, not at some next turn: its future belongs to the caller. */
static void cancel(struct current_thread *ct, struct task *t)
{
	struct context cx = { .rt = &ct->services };

	task_abort(t);
	while (!task_is_done(t)) {
		struct task *next;

		scheduler_empty_inbox(&ct->scheduler);
		next = scheduler_pop(&ct->scheduler);
		bug_unless(next);
		cx.budget = ct->options.budget;
		scheduler_run(&ct->scheduler, next, &cx);
	}
}

static int drive(struct current_thread *ct, struct future *f)
{
	struct task *t;
	int err;

	scheduler_empty_inbox(&ct->scheduler); /* what was spawned before comes before */
	t = spawn(&ct->services, root, f);
	if (!t) {
		future_drop(f);
		return -ENOMEM;
	}
	err = current_thread__drive(ct, t);
	if (err)
		cancel(ct, t);
	task_detach(t);
	return err;
}

int runtime_block_on(struct runtime *rt, struct future *f)
{
	struct current_thread *ct = current_thread_of(rt);
	int err = scheduler_here ? -EDEADLK : 0;

	/* acquire: pairs with the release below; what the last thread inside did is seen */
	if (!err && atomic_exchange_explicit(&ct->inside, true, memory_order_acquire))
		err = -EBUSY;
	if (err) {
		future_drop(f);
		return err;
	}
	scheduler_here = &ct->scheduler;
	probe_runtime(rt);
	err = drive(ct, f);
	scheduler_here = NULL;
	/* release: pairs with the acquire above */
	atomic_store_explicit(&ct->inside, false, memory_order_release);
	return err;
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
	if (!scheduler_here)
		return NULL;
	return (void *)((char *)scheduler_here - offsetof(struct current_thread, scheduler));
}

size_t runtime_n_tasks(const struct runtime *rt)
{
	const struct current_thread *ct = (const struct current_thread *)rt;

	return ct->scheduler.n_live - atomic_load_explicit(&ct->inside, memory_order_relaxed);
}

uint64_t runtime_random(struct runtime *rt)
{
	return rand_next(&current_thread_of(rt)->rand);
}

int runtime_advance_ms(struct runtime *rt, uint64_t ms)
{
	struct current_thread *ct = current_thread_of(rt);

	if (!clock_is_virtual(&ct->clock))
		return -EINVAL;
	timers_turn(&ct->timers); /* what was armed before is counted from before */
	clock_advance_ns(&ct->clock, clock_ms(ms));
	timers_turn(&ct->timers);
	return 0;
}
