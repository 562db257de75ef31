/* abort_handle: a counted reference, and nothing else. See abort_handle.h. */
#include "task/abort_handle.h"

#include "task/scheduler.h"

struct abort_handle task_abort_handle(struct task *t)
{
	bug_unless(t);
	count_add(&t->refs, 1);
	return (struct abort_handle){ t };
}

struct abort_handle abort_handle_clone(const struct abort_handle *h)
{
	return task_abort_handle(h->task);
}

void abort_handle_abort(const struct abort_handle *h)
{
	task_abort(h->task);
}

bool abort_handle_is_done(const struct abort_handle *h)
{
	return task_is_done(h->task);
}

uint32_t abort_handle_id(const struct abort_handle *h)
{
	return task_id(h->task);
}

void abort_handle_drop(struct abort_handle *h)
{
	struct task *t = h->task;

	h->task = NULL;
	if (t)
		task__unref(t);
}
