/* task_join: waiting for the end of a task. See task.h. */
#include <errno.h>

#include "task/scheduler.h"

/*
 * Under the lock: stores the fresh waker and leaves the stale one in its place. False: it is
 * done.
 */
static bool wait_for(struct task_join *j, struct waker *fresh)
{
	struct task *t = j->task;
	struct waker stale;

	if (t->joiner && t->joiner != j)
		bug(task_name(t), "joined twice at the same time: only one can wait for a task", NULL, 0);
	if (!state_join(&t->state))
		return false;
	t->joiner = j;
	stale = j->waker;
	j->waker = *fresh;
	*fresh = stale;
	return true;
}

/*
 * Leaves no trace in the task. A finish on another thread may be on its way to the joiner right
 * now.
 */
static void leave(struct task_join *j)
{
	struct scheduler *s = j->task->home;
	struct waker stale;

	lock_acquire(&s->lock);
	if (j->task->joiner == j)
		j->task->joiner = NULL;
	stale = waker_take(&j->waker);
	lock_release(&s->lock);
	waker_drop(&stale);
}

static bool is_waiting(struct task_join *j, struct context *cx)
{
	struct scheduler *s = j->task->home;
	struct waker fresh;
	bool waiting;

	if (task_is_done(j->task))
		return false;
	fresh = waker_clone(cx->waker);
	lock_acquire(&s->lock);
	waiting = wait_for(j, &fresh);
	lock_release(&s->lock);
	waker_drop(&fresh);
	return waiting;
}

static enum poll poll_join(struct future *f, struct context *cx)
{
	struct task_join *j = future_of(f, struct task_join);

	if (!context_may_proceed(cx) || is_waiting(j, cx))
		return POLL_PENDING;
	leave(j);
	context_spend(cx);
	j->err = state_get(&j->task->state) & STATE_CANCELED ? -ECANCELED : 0;
	return POLL_READY;
}

static void drop_join(struct future *f)
{
	leave(future_of(f, struct task_join));
}

static const struct future_ops task_join_ops = FUTURE_OPS("task_join", poll_join, drop_join);

struct future *task_join(struct task_join *j, struct task *t)
{
	*j = (struct task_join){ .future = future_init(&task_join_ops), .task = t };
	return &j->future;
}
