/*
 * task_tracker: knows how many tasks there are, so that a shutdown can wait until there is none.
 *
 *	err = task_tracker_init(&f->tracker);
 *	...
 *	while (accept ...)
 *		task_detach(task_tracker_spawn(&f->tracker, cx->rt, client, f->peer));
 *	task_tracker_close(&f->tracker);                // no more will come
 *	co_await(task_tracker_wait(&f->wait, &f->tracker));
 *	co_finally {
 *		task_tracker_drop(&f->tracker);         // the tasks, if any are left, go on
 *	}
 *
 * The one idea: a tracker is a count. Each task holds a token, which is given back when the task's
 * future is over, completed or dropped. Nothing else is kept of a task: no handle, no output, no
 * memory, so that a server may run for years. (A join_set keeps each task until it was joined.)
 *
 * What a wait waits for is that the tracker is closed and empty at the same time. Once that has
 * been so since the wait was built, it is ready, whatever has come after:
 *
 *	OPEN, EMPTY <--- token, token_drop ---> OPEN, n tasks
 *	   |   ^                                   |   ^
 *	   |   | reopen                            |   | reopen
 *	   v   |                                   v   |
 *	CLOSED, EMPTY <--- token, token_drop ---> CLOSED, n tasks
 *	(waits are ready)
 *
 * Closing refuses nobody: tokens can be had from a closed tracker, too. It only says that waits may
 * end. All functions may be called from any thread. The last token may go while another thread
 * drops the tracker: what they share is counted, and goes with the last of them.
 */
#ifndef WEFT_TASK_TASK_TRACKER_H
#define WEFT_TASK_TASK_TRACKER_H

#include <stdint.h>

#include "sync/waiter.h"
#include "task/task.h"

struct tracker_shared; /* the count, under a lock */

struct task_tracker {
	struct tracker_shared *shared; /* NULL: none, or given up */
};

/* Open and empty. 0 or -ENOMEM. */
int task_tracker_init(struct task_tracker *t);

/* Another one for the same tasks, to be dropped as well. */
struct task_tracker task_tracker_clone(const struct task_tracker *t);

/* Gives it up; does nothing to the tasks. Zeroed and dropped ones are allowed. */
void task_tracker_drop(struct task_tracker *t);

/* True if it was open. Waits are ready if it is empty now. */
bool task_tracker_close(struct task_tracker *t);

/* True if it was closed. Waits that were ready already stay so. */
bool task_tracker_reopen(struct task_tracker *t);

bool task_tracker_is_closed(const struct task_tracker *t);

/* Tokens that were not dropped. */
size_t task_tracker_len(const struct task_tracker *t);

/* --- Waiting --- */

/* Ready once the tracker was closed and empty at any time since this was built. */
struct task_tracker_wait {
	struct future future;
	struct tracker_shared *shared; /* borrowed: the tracker must not be dropped before this */
	uint64_t n_ends;               /* how often that had been so when this was built */
	struct waiter waiter;
};
struct future *task_tracker_wait(struct task_tracker_wait *w, const struct task_tracker *t);

/* --- Being counted --- */

/* Is counted until it is dropped. It may outlive the tracker. */
struct task_token {
	struct tracker_shared *shared; /* NULL: none, or dropped */
};
struct task_token task_tracker_token(const struct task_tracker *t);
struct task_token task_token_clone(const struct task_token *token);
void task_token_drop(struct task_token *token);

/*
 * A future that gives back a token when it is over: `child`, completed or dropped. Owns both from
 * the beginning, so it must be polled to its end or dropped, even if it was never polled.
 */
struct tracked {
	struct future future;
	struct future *child;
	struct task_token token;
};
struct future *tracked(struct tracked *tr, struct task_token token, struct future *child);

/*
 * As spawn(rt, constructor, ...), counted from now on. Returns the handle, which is the caller's;
 * or NULL, with nothing built and nobody counted. The task is a `tracked` with the frame behind it,
 * so its outputs are read through tracked_frame(t, struct echo) instead of task_frame.
 */
#define task_tracker_spawn(tracker_, rt_, constructor_, ...)                                       \
	__extension__({                                                                            \
		_Static_assert(_Alignof(struct constructor_) <= 16,                                \
			       "task_tracker_spawn: a frame is aligned to 16 bytes at most");      \
		const struct task_tracker *counts_ = (tracker_);                                   \
		struct task *tracked_ = task__new((rt_), TRACKED__AT(struct constructor_) +        \
						  sizeof(struct constructor_),                     \
						  _Alignof(struct constructor_));                  \
		if (tracked_) {                                                                    \
			struct task_token token_ = task_tracker_token(counts_);                    \
			struct future *child_ = constructor_(                                      \
				tracked_frame(tracked_, struct constructor_)                       \
				__VA_OPT__(, ) __VA_ARGS__);                                       \
			task__start(tracked_, tracked(task_frame(tracked_, struct tracked),        \
						      token_, child_));                            \
		}                                                                                  \
		tracked_;                                                                          \
	})

#define tracked_frame(t_, type_) ((type_ *)(void *)((char *)task__frame(t_) + TRACKED__AT(type_)))

/* Where the frame begins: behind the `tracked`, at the next multiple of its alignment. */
#define TRACKED__AT(type_)                                                                         \
	((sizeof(struct tracked) + _Alignof(type_) - 1) / _Alignof(type_) * _Alignof(type_))

#endif
