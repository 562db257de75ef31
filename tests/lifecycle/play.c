/* play: the steps, and the script. See play.h. */
#include "lifecycle/play.h"

#include <errno.h>

#include "executor/runtime.h"
#include "future/co.h"
#include "lifecycle/scene.h"

/* --- The steps --- */

static void spawn_it(struct scene *s)
{
	s->task = subject_spawn(s);
	MUST(s, s->task);
	s->to_abort = task_abort_handle(s->task);
	if (s->plan.handle == HANDLE_FIRST) {
		task_detach(s->task);
		s->task = NULL;
	}
}

static void spawn_and_abort(struct scene *s)
{
	spawn_it(s);
	subject_abort(s);
}

static void wake_it(struct scene *s)
{
	switch (s->plan.wake) {
	case NO_WAKER:
		return;
	case DROPPED:
		waker_drop(&s->waker);
		return;
	case CONSUMED:
		waker_wake(&s->waker);
		return;
	case TWICE:
		waker_wake_by_ref(&s->waker);
		waker_wake_by_ref(&s->waker);
		waker_drop(&s->waker);
		return;
	case BY_REF:
		waker_wake_by_ref(&s->waker);
		waker_drop(&s->waker);
		return;
	case KEPT_BEYOND:
		waker_wake_by_ref(&s->waker);
		return;
	}
}

static void wake_and_abort(struct scene *s)
{
	wake_it(s);
	subject_abort(s);
}

/* --- Waiting for the end --- */

struct joiner {
	struct co co;
	struct task *task;
	struct task_join join;
};

static enum poll joiner_run(struct co *co, struct context *cx)
{
	struct joiner *const f = co_frame(co, struct joiner);

	co_begin(co);
	co_await(task_join(&f->join, f->task));
	co_end;
}

static struct future *joiner(struct joiner *f, struct task *t)
{
	*f = (struct joiner){ .co = co_init(joiner_run), .task = t };
	return &f->co.future;
}

static int expected_err(const struct scene *s)
{
	return plan_outcome(&s->plan).completes ? 0 : -ECANCELED;
}

static bool has_been_joined(struct scene *s)
{
	return task_is_done(s->joiner);
}

static bool has_been_told(struct scene *s)
{
	return atomic_load(&s->w.wakes) > 0;
}

/* By a task that may or may not come in time; or by hand, and then surely before the end. */
static void begin_join(struct scene *s)
{
	if (s->plan.join != JOIN_EARLY && s->plan.join != JOIN_LEAVES)
		return;
	if (s->plan.act_by == INSIDE) {
		s->joiner = spawn(s->rt, joiner, s->task);
		MUST(s, s->joiner);
		return;
	}
	task_join(&s->join, s->task);
	MUST(s, t_poll(&s->join.future, &s->w) == POLL_PENDING);
	MUST(s, t_poll(&s->join.future, &s->w) == POLL_PENDING);
}

static void leave_join(struct scene *s)
{
	if (s->plan.join != JOIN_LEAVES)
		return;
	if (s->joiner)
		task_abort(s->joiner);
	else
		future_drop(&s->join.future);
}

static void check_join(struct scene *s, struct task_join *j)
{
	MUST(s, t_poll(&j->future, &s->w) == POLL_READY);
	MUST(s, j->err == expected_err(s));
}

static void end_join(struct scene *s)
{
	if (s->plan.join == JOIN_EARLY && s->joiner) {
		scene_await(s, has_been_joined);
		MUST(s, task_frame(s->joiner, struct joiner)->join.err == expected_err(s));
	} else if (s->plan.join == JOIN_EARLY) {
		scene_await(s, has_been_told);
		check_join(s, &s->join);
	} else if (s->plan.join == JOIN_LEAVES && s->joiner) {
		scene_await(s, has_been_joined); /* canceled, or it was quicker */
	} else if (s->plan.join == JOIN_LATE) {
		task_join(&s->join, s->task);
		check_join(s, &s->join);
	}
}

/* --- The script --- */

static bool has_been_polled(struct scene *s)
{
	return atomic_load(&s->is_given);
}

static bool has_ended(struct scene *s)
{
	return s->task ? task_is_done(s->task) : scene_n_ended(s) > 0;
}

static void begin(struct scene *s)
{
	bool is_aborted = s->plan.abort == BEFORE_POLL;

	scene_plug(s);
	if (is_aborted && s->plan.spawn_by == s->plan.act_by) {
		scene_do(s, s->plan.spawn_by, spawn_and_abort);
	} else {
		scene_do(s, s->plan.spawn_by, spawn_it);
		if (is_aborted)
			scene_do(s, s->plan.act_by, subject_abort);
	}
	MUST(s, atomic_load(&s->n_polls) == 0 && scene_n_ended(s) == 0);
	begin_join(s);
}

static void middle(struct scene *s)
{
	bool holds = s->plan.abort == WHILE_QUEUED || s->plan.end == END_WHILE_QUEUED;

	scene_unplug(s);
	if (plan_outcome(&s->plan).n_polls > 0)
		scene_await(s, has_been_polled);
	leave_join(s);
	if (s->plan.abort == WHILE_IDLE)
		scene_do(s, s->plan.act_by, subject_abort);
	if (s->plan.wake == DROPPED)
		scene_do(s, s->plan.act_by, wake_it);
	if (!plan_is_woken(&s->plan))
		return;
	if (holds)
		scene_plug(s);
	atomic_store(&s->may_end, true);
	scene_do(s, s->plan.act_by, s->plan.abort == WHILE_QUEUED ? wake_and_abort : wake_it);
	if (holds && s->plan.end == END_AFTER)
		scene_unplug(s);
}

static void check_end(struct scene *s)
{
	struct plan_outcome o = plan_outcome(&s->plan);

	MUST(s, scene_n_ended(s) == 1);
	MUST(s, atomic_load(&s->n_completed) == o.completes);
	MUST(s, atomic_load(&s->n_polls) == o.n_polls);
	if (s->task && o.completes)
		MUST(s, subject_is_right(s->task));
}

static void late(struct scene *s)
{
	scene_await(s, has_ended);
	if (s->plan.abort == AFTER_END)
		scene_do(s, s->plan.act_by, subject_abort);
	end_join(s);
	check_end(s);
}

static void give_up(struct scene *s)
{
	task_detach(s->joiner);
	task_detach(s->task);
	s->task = s->joiner = NULL;
	abort_handle_drop(&s->to_abort);
}

/* The runtime is gone. Whoever still knows the subject learns how it ended, and can do nothing. */
static void beyond(struct scene *s)
{
	if (s->plan.wake == KEPT_BEYOND)
		waker_wake(&s->waker);
	if (s->task) {
		struct task_join again;

		MUST(s, task_is_done(s->task));
		if (s->plan.end != END_AFTER && s->plan.join == JOIN_EARLY && !s->joiner)
			check_join(s, &s->join);
		task_join(&again, s->task);
		check_join(s, &again);
		subject_abort(s);
		give_up(s);
	}
	check_end(s);
}

static void play(const struct plan *p, unsigned n_workers)
{
	struct scene scene = { .plan = *p, .n_workers = n_workers };
	struct scene *s = &scene;

	t_mem_begin();
	MUST(s, runtime_build(&(struct runtime_builder){ .n_workers = n_workers }, &s->rt) == 0);
	begin(s);
	if (p->end != END_BEFORE_POLL)
		middle(s);
	if (p->end == END_AFTER)
		late(s);
	if (p->handle != HANDLE_BEYOND)
		give_up(s);
	runtime_destroy(s->rt);
	beyond(s);
	MUST(s, t_held(&s->w) == 0);
	MUST(s, t_mem_live() == 0);
}

unsigned play_all(unsigned n_workers)
{
	unsigned n = 0;
	struct plan p;

	for (unsigned i = 0; plan_nth(&p, i); i++)
		if (plan_is_valid(&p, n_workers)) {
			play(&p, n_workers);
			n++;
		}
	return n;
}
