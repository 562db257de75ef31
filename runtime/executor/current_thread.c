/* current_thread: the loop. See current_thread.h for its picture. */
#include "executor/current_thread.h"

#include <errno.h>

#include "base/mem.h"

/*
 * Polls tasks, oldest first, until event_interval have been polled since descriptors were last
 * looked at. Stops early when the root is done.
 */
static void poll_tasks(struct current_thread *ct, const struct task *root)
{
	struct context cx = { .rt = &ct->x.services };

	for (; ct->n_unlooked < ct->x.options.event_interval; ct->n_unlooked++) {
		struct task *t = scheduler_pop(&ct->x.scheduler);

		if (!t)
			return;
		cx.budget = ct->x.options.budget;
		scheduler_run(&ct->x.scheduler, t, &cx);
		if (t == root && task_is_done(root))
			return;
	}
}

/* There is more to poll: see what has become due or ready meanwhile, without waiting for it. */
static int look(struct current_thread *ct)
{
	ct->n_unlooked = 0;
	if (timers_n(&ct->x.timers) > 0)
		timers_turn(&ct->x.timers);
	return reactor_n_waiting(&ct->x.reactor) > 0 ? reactor_wait(&ct->x.reactor, 0) : 0;
}

/* Sleeps until a descriptor or another thread has something, or for so long. */
static int sleep_for(struct current_thread *ct, uint64_t limit_ns)
{
	if (timers_n(&ct->x.timers) > 0 || reactor_n_waiting(&ct->x.reactor) > 0)
		return reactor_wait(&ct->x.reactor, limit_ns);
	return stall_wait(&ct->x);
}

/*
 * Under a virtual clock time passes only when nothing else can happen: first whatever descriptors
 * and other threads have, then the next deadline.
 */
static int wait_virtual(struct current_thread *ct)
{
	bool armed = timers_n(&ct->x.timers) > 0;
	int err = sleep_for(ct, armed ? 0 : UINT64_MAX);

	timers_rise(&ct->x.timers);
	if (!err && armed && scheduler_is_empty(&ct->x.scheduler))
		timers_jump(&ct->x.timers);
	return err;
}

static int wait_real(struct current_thread *ct, uint64_t limit_ns)
{
	int err = sleep_for(ct, limit_ns);

	if (timers_n(&ct->x.timers) > 0)
		timers_turn(&ct->x.timers);
	else
		timers_rise(&ct->x.timers);
	return err;
}

/* Until a descriptor, a timer or another thread has something; -EDEADLK if nothing ever can. */
static int wait(struct current_thread *ct)
{
	uint64_t limit_ns;

	if (timers_n(&ct->x.timers) == 0 && reactor_n_waiting(&ct->x.reactor) == 0 &&
	    stall_is_deadlock(&ct->x))
		return -EDEADLK;
	limit_ns = timers_plan_ns(&ct->x.timers); /* from here on other threads' timers hurry us */
	return clock_is_virtual(&ct->x.clock) ? wait_virtual(ct) : wait_real(ct, limit_ns);
}

/*
 * Nothing to poll. What is due now, or comes from other threads, goes first; else the thread sleeps.
 * If there is such a thing in every single turn, descriptors still have theirs after event_interval
 * polls.
 */
static int idle(struct current_thread *ct)
{
	struct scheduler *s = &ct->x.scheduler;
	int err;

	if (timers_n(&ct->x.timers) > 0)
		timers_turn(&ct->x.timers);
	if (!s->first)
		probe_park();
	if (!scheduler_is_empty(s) || !scheduler_park(s))
		return ct->n_unlooked < ct->x.options.event_interval ? 0 : look(ct);
	ct->n_unlooked = 0;
	err = wait(ct);
	scheduler_unpark(s);
	return err;
}

/* Runs tasks until `root` is done: 0. Or -EDEADLK, or what the reactor's wait said. */
static int drive(struct current_thread *ct, const struct task *root)
{
	for (;;) {
		int err;

		scheduler_empty_inbox(&ct->x.scheduler);
		poll_tasks(ct, root);
		if (task_is_done(root))
			return 0;
		err = ct->x.scheduler.first ? look(ct) : idle(ct);
		if (err)
			return err;
	}
}

/* --- Inside --- */

static struct current_thread *of(struct executor *x)
{
	return (struct current_thread *)x;
}

/* The root goes now, not at some next turn: its future belongs to the caller. */
static void cancel(struct current_thread *ct, struct task *t)
{
	struct context cx = { .rt = &ct->x.services };

	task_abort(t);
	while (!task_is_done(t)) {
		struct task *next;

		scheduler_empty_inbox(&ct->x.scheduler);
		next = scheduler_pop(&ct->x.scheduler);
		bug_unless(next);
		cx.budget = ct->x.options.budget;
		scheduler_run(&ct->x.scheduler, next, &cx);
	}
}

static int drive_root(struct current_thread *ct, struct future *f)
{
	struct task *t;
	int err;

	scheduler_empty_inbox(&ct->x.scheduler); /* what was spawned before comes before */
	t = spawn(&ct->x.services, root, f);
	if (!t) {
		future_drop(f);
		return -ENOMEM;
	}
	err = drive(ct, t);
	if (err)
		cancel(ct, t);
	task_detach(t);
	return err;
}

int current_thread_block_on(struct executor *x, struct future *f)
{
	struct current_thread *ct = of(x);
	int err;

	/* acquire: pairs with the release below; what the last thread inside did is seen */
	if (atomic_exchange_explicit(&ct->inside, true, memory_order_acquire)) {
		future_drop(f);
		return -EBUSY;
	}
	scheduler_here = &x->scheduler;
	probe_runtime(&x->services);
	err = drive_root(ct, f);
	scheduler_here = NULL;
	/* release: pairs with the acquire above */
	atomic_store_explicit(&ct->inside, false, memory_order_release);
	return err;
}

size_t current_thread_n_roots(const struct executor *x)
{
	return atomic_load_explicit(&((const struct current_thread *)x)->inside, memory_order_relaxed);
}

/* --- Beginning and end --- */

static struct waker unpark(struct scheduler *s)
{
	reactor_unpark(&executor_of_scheduler(s)->reactor);
	return (struct waker){ 0 };
}

static void release(struct scheduler *s)
{
	struct current_thread *ct = of(executor_of_scheduler(s));

	mem_free(ct, sizeof *ct);
}

static const struct scheduler_ops one_thread = {
	.push = scheduler__push_inbox, .unpark = unpark, .release = release
};

int current_thread_build(const struct runtime_builder *options, struct executor **out)
{
	struct current_thread *ct = mem_alloc(sizeof *ct);
	int err;

	if (!ct)
		return -ENOMEM;
	*ct = (struct current_thread){ 0 };
	err = executor_init(&ct->x, options, &one_thread);
	if (err)
		mem_free(ct, sizeof *ct);
	else
		*out = &ct->x;
	return err;
}

void current_thread_destroy(struct executor *x)
{
	struct scheduler *outer = scheduler_here;

	if (current_thread_n_roots(x) > 0)
		bug("runtime_destroy", "somebody is inside runtime_block_on", __FILE__, __LINE__);
	scheduler_here = &x->scheduler;
	scheduler_close(&x->scheduler);
	scheduler_here = outer;
	probe_runtime(NULL);
	reactor_fini(&x->reactor);
	scheduler_leave(&x->scheduler);
}
