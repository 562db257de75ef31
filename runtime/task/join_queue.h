/*
 * join_queue: tasks that run side by side and are joined in the order in which they were spawned.
 *
 *	while (more to do ...)
 *		if (!join_queue_spawn(&f->queue, cx->rt, compress, f->block))
 *			...                             // no memory: nothing was built
 *	for (;;) {
 *		co_await(join_queue_next(&f->next, &f->queue));
 *		if (!f->next.task)
 *			break;                          // none is left
 *		if (f->next.err == 0)
 *			put(task_frame(f->next.task, struct compress)->out); // 0, 1, 2 ...
 *	}
 *	co_finally {
 *		join_queue_drop(&f->queue);             // those that still run are aborted
 *	}
 *
 * The one idea: only the oldest is waited for; the others end when they end. So a wait is one join,
 * and whoever waits is woken once for each task that it gets. The place in the queue lies behind
 * the task's frame, in the task's own allocation.
 *
 *	          spawn              is the oldest, and done           the next join, drop
 *	(none) ---------> QUEUED -----------------------------> HANDED OUT -----------> (given back)
 *	                     |
 *	                     +--> detach_all: goes on alone; drop: is aborted
 *
 * What is said in join_set.h of handles that are handed out, and of threads, holds here, too.
 */
#ifndef WEFT_TASK_JOIN_QUEUE_H
#define WEFT_TASK_JOIN_QUEUE_H

#include "task/task.h"

struct join_queue_entry; /* behind a frame */

/* Zeroed: empty. To be dropped in the end. */
struct join_queue {
	struct join_queue_entry *first, *last; /* the oldest, the newest */
	size_t n;                              /* not joined, done or not */
	struct task *joined;                   /* handed out last; NULL: none */
	const struct future *waiting;          /* the `next` that waits */
};

/*
 * As spawn(rt, constructor, ...), into the queue. Returns the handle, borrowed until the task is
 * joined and the next one asked for; NULL: no memory, or the runtime is shutting down; nothing was
 * built.
 */
#define join_queue_spawn(queue_, rt_, constructor_, ...)                                           \
	__extension__({                                                                            \
		_Static_assert(_Alignof(struct constructor_) <= 16,                                \
			       "join_queue_spawn: a frame is aligned to 16 bytes at most");        \
		struct join_queue *join_queue_ = (queue_);                                         \
		struct task *queued_ = join_queue__new((rt_), sizeof(struct constructor_),         \
						       _Alignof(struct constructor_));             \
		if (queued_) {                                                                     \
			task__start(queued_, constructor_(task_frame(queued_, struct constructor_) \
							  __VA_OPT__(, ) __VA_ARGS__));            \
			join_queue__add(join_queue_, queued_, sizeof(struct constructor_));        \
		}                                                                                  \
		queued_;                                                                           \
	})

static inline size_t join_queue_len(const struct join_queue *q)
{
	return q->n;
}

/*
 * Waits until the oldest is done, and takes it out; ready at once, with NULL, when the queue is
 * empty. One at a time waits on a queue. Dropped, it leaves the queue as it is.
 */
struct join_queue_next {
	struct future future;
	struct join_queue *queue; /* borrowed */
	struct task *task; /* output: borrowed until the next join, or join_queue_drop */
	int err;           /* output: as task_join's: 0, or -ECANCELED */
};
struct future *join_queue_next(struct join_queue_next *n, struct join_queue *q);

/* The same without waiting: NULL if the oldest is not done. `*err` is set if a task is returned. */
struct task *join_queue_try_next(struct join_queue *q, int *err);

/* Aborts all. They stay in the queue, to be joined as canceled, or completed if they were done. */
void join_queue_abort_all(struct join_queue *q);

/* The queue is empty, and the tasks go on without it. Nobody waits. */
void join_queue_detach_all(struct join_queue *q);

/* Aborts all and joins them, so that afterwards no task uses what it had borrowed. */
struct join_queue_shutdown {
	struct future future;
	struct join_queue *queue; /* borrowed */
	bool has_aborted;
	struct join_queue_next next;
};
struct future *join_queue_shutdown(struct join_queue_shutdown *s, struct join_queue *q);

/*
 * Aborts all and lets go of them; the queue is empty and can be used again. Nobody waits. Their
 * frames are dropped when the runtime comes to it: see join_set_drop.
 */
void join_queue_drop(struct join_queue *q);

struct task *join_queue__new(struct runtime *rt, size_t frame_len, size_t frame_align);
void join_queue__add(struct join_queue *q, struct task *t, size_t frame_len);

#endif
