/* current_thread: the loop. See current_thread.h for its picture. */
#include "executor/current_thread.h"

#include <errno.h>

/*
 * Polls tasks, oldest first, until event_interval have been polled since descriptors were last
 * looked at. Stops early when the root is done.
 */
static void poll_tasks(struct current_thread *ct, const struct task *root)
{
	struct context cx = { .rt = &ct->services };

	for (; ct->n_unlooked < ct->options.event_interval; ct->n_unlooked++) {
		struct task *t = scheduler_pop(&ct->scheduler);

		if (!t)
			return;
		cx.budget = ct->options.budget;
		scheduler_run(&ct->scheduler, t, &cx);
		if (t == root && task_is_done(root))
			return;
	}
}

/* There is more to poll: see what has become due or ready meanwhile, without waiting for it. */
static int look(struct current_thread *ct)
{
	ct->n_unlooked = 0;
	if (timers_n(&ct->timers) > 0)
		timers_turn(&ct->timers);
	return reactor_n_waiting(&ct->reactor) > 0 ? reactor_wait(&ct->reactor, 0) : 0;
}

/* Sleeps until a descriptor or another thread has something, or for so long. */
static int sleep_for(struct current_thread *ct, uint64_t limit_ns)
{
	if (timers_n(&ct->timers) > 0 || reactor_n_waiting(&ct->reactor) > 0)
		return reactor_wait(&ct->reactor, limit_ns);
	return stall_wait(ct);
}

/*
 * Under a virtual clock time passes only when nothing else can happen: first whatever descriptors
 * and other threads have, then the next deadline.
 */
static int wait_virtual(struct current_thread *ct)
{
	bool armed = timers_n(&ct->timers) > 0;
	int err = sleep_for(ct, armed ? 0 : UINT64_MAX);

	timers_rise(&ct->timers);
	if (!err && armed && scheduler_is_empty(&ct->scheduler))
		timers_jump(&ct->timers);
	return err;
}

static int wait_real(struct current_thread *ct, uint64_t limit_ns)
{
	int err = sleep_for(ct, limit_ns);

	if (timers_n(&ct->timers) > 0)
		timers_turn(&ct->timers);
	else
		timers_rise(&ct->timers);
	return err;
}

/* Until a descriptor, a timer or another thread has something; -EDEADLK if nothing ever can. */
static int wait(struct current_thread *ct)
{
	uint64_t limit_ns;

	if (timers_n(&ct->timers) == 0 && reactor_n_waiting(&ct->reactor) == 0 &&
	    stall_is_deadlock(ct))
		return -EDEADLK;
	limit_ns = timers_plan_ns(&ct->timers); /* from here on other threads' timers hurry us */
	return clock_is_virtual(&ct->clock) ? wait_virtual(ct) : wait_real(ct, limit_ns);
}

/*
 * Nothing to poll. What is due now, or comes from other threads, goes first; else the thread sleeps.
 * If there is such a thing in every single turn, descriptors still have theirs after event_interval
 * polls.
 */
static int idle(struct current_thread *ct)
{
	struct scheduler *s = &ct->scheduler;
	int err;

	if (timers_n(&ct->timers) > 0)
		timers_turn(&ct->timers);
	if (!s->first)
		probe_park();
	if (!scheduler_is_empty(s) || !scheduler_park(s))
		return ct->n_unlooked < ct->options.event_interval ? 0 : look(ct);
	ct->n_unlooked = 0;
	err = wait(ct);
	scheduler_unpark(s);
	return err;
}

int current_thread__drive(struct current_thread *ct, struct task *root)
{
	for (;;) {
		int err;

		scheduler_empty_inbox(&ct->scheduler);
		poll_tasks(ct, root);
		if (task_is_done(root))
			return 0;
		err = ct->scheduler.first ? look(ct) : idle(ct);
		if (err)
			return err;
	}
}
