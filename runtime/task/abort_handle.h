/*
 * abort_handle: a reference to a task that can do nothing but abort it.
 *
 *	struct abort_handle stop = task_abort_handle(t);
 *	... give t, with the right to the outputs, to somebody else ...
 *	abort_handle_abort(&stop);
 *	abort_handle_drop(&stop);
 *
 * The handle of a task has one owner, who joins and detaches it. There may be any number of these
 * beside it: for a watchdog, a table of connections, a button "stop". Each keeps the task's memory,
 * so aborting what is long done, by a handle or by its runtime's end, does nothing, safely.
 *
 *	            task_abort_handle, clone          drop
 *	no handle -------------------------> a handle -----> no handle
 *
 * All functions may be called from any thread; a handle itself belongs to one owner. To whoever
 * looks for deadlocks (executor/runtime.h) it counts as a waker: its owner can still end the task.
 */
#ifndef WEFT_TASK_ABORT_HANDLE_H
#define WEFT_TASK_ABORT_HANDLE_H

#include "task/task.h"

struct abort_handle {
	struct task *task; /* NULL: none, or dropped */
};

/* To be dropped once. The caller has a handle of the task, or is the task. */
struct abort_handle task_abort_handle(struct task *t);

/* Another one. */
struct abort_handle abort_handle_clone(const struct abort_handle *h);

/* As task_abort; the handle stays. */
void abort_handle_abort(const struct abort_handle *h);

/* As task_is_done. */
bool abort_handle_is_done(const struct abort_handle *h);

/* As task_id. */
uint32_t abort_handle_id(const struct abort_handle *h);

/* Gives it up; does nothing to the task. Zeroed and dropped ones are allowed. */
void abort_handle_drop(struct abort_handle *h);

#endif
