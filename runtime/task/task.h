/*
 * task: a future that a runtime owns and drives on its own.
 *
 * The one idea: spawn makes one allocation, the task's header with the frame right behind it, and
 * builds the future there, where it will stay. What is returned is the handle: a counted reference
 * through which the spawner may wait, abort, and read the outputs, which are fields of the frame.
 *
 *	struct task *t = spawn(rt, echo, peer);         // echo(frame, peer) is built, and queued
 *	if (!t)
 *		...                                      // no memory: nothing was built, peer is still ours
 *	co_await(task_join(&f->join, t));
 *	if (f->join.err == 0)
 *		use(task_frame(t, struct echo)->n_bytes);
 *	task_detach(t);                                  // every handle is given up exactly once
 *
 * Life of a task on the current-thread runtime. QUEUED and RUNNING are touched by the runtime's
 * thread alone; a wake from another thread goes through the runtime's inbox and arrives there.
 *
 *	        spawn             popped              READY, or aborted: dropped
 *	(none) ------> QUEUED ------------> RUNNING ------------------------------> DONE
 *	                 ^                   |   |
 *	                 |  woken while      |   | PENDING
 *	                 +--running----------+   v
 *	                 +--wake, abort-------- IDLE
 *
 * Who holds a reference: the handle (1), the runtime until DONE (1), every waker clone (1 each).
 * The memory goes when the last is given back, on whatever thread that is.
 */
#ifndef WEFT_TASK_TASK_H
#define WEFT_TASK_TASK_H

#include <stdint.h>

#include "future/future.h"

struct task;

/*
 * Builds a future where it will live, aligned to 16 bytes at most, and gives it to the runtime, which drives it in its own
 * time: `constructor` bears the name of the frame's struct. Returns the handle, or NULL with
 * nothing built and no argument's ownership taken, when there is no memory or the runtime is
 * shutting down. May be called from any thread; the frame is built on the calling one. (Spawned
 * just when another thread destroys the runtime, it may be dropped at once: joins say -ECANCELED.)
 */
#define spawn(rt_, constructor_, ...)                                                              \
	__extension__({                                                                            \
		_Static_assert(_Alignof(struct constructor_) <= 16,                                \
			       "spawn: a frame is aligned to 16 bytes at most");                   \
		struct task *spawn_ = task__new((rt_), sizeof(struct constructor_),                \
						 _Alignof(struct constructor_));                   \
		if (spawn_)                                                                        \
			task__start(spawn_, constructor_((struct constructor_ *)task__frame(spawn_)\
							 __VA_OPT__(, ) __VA_ARGS__));             \
		spawn_;                                                                            \
	})

/*
 * The frame behind a handle: its outputs are valid once the join said 0, until the handle is
 * given up.
 */
#define task_frame(t_, type_) ((type_ *)task__frame(t_))

/*
 * Waits for the end of a task. Borrows the handle, which must be kept until this is over or
 * dropped.
 */
struct task_join {
	struct future future;
	struct task *task;  /* borrowed */
	struct waker waker; /* under the scheduler's lock, while it waits */
	int err; /* 0: it completed; -ECANCELED: it was aborted, or its runtime was destroyed */
};
struct future *task_join(struct task_join *j, struct task *t);

/*
 * Cancels: the frame is dropped by the runtime's thread at its next turn, never inside this call. A
 * task that is already done stays so. Any thread. NULL is allowed.
 */
void task_abort(struct task *t);

/* Gives up the handle; the task goes on. Any thread. NULL is allowed. */
void task_detach(struct task *t);

/* True once it completed or was aborted: joining will not wait. Any thread. */
bool task_is_done(const struct task *t);

/* Counts from 1 in each runtime; 0 before the runtime has met it. For people. Any thread. */
uint32_t task_id(const struct task *t);

/*
 * The name of the future it was built from. Static storage. On the runtime's thread, or on any once
 * it is done.
 */
const char *task_name(const struct task *t);

struct task *task__new(struct runtime *rt, size_t frame_len, size_t frame_align);
void task__start(struct task *t, struct future *f);
void *task__frame(const struct task *t);

#endif
