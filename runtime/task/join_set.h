/*
 * join_set: tasks that belong together, joined in the order in which they end.
 *
 *	while (accept ...)
 *		if (!join_set_spawn(&f->set, cx->rt, echo, f->peer))
 *			...                             // no memory: nothing was built
 *	for (;;) {
 *		co_await(join_set_next(&f->next, &f->set));
 *		if (!f->next.task)
 *			break;                          // none is left
 *		if (f->next.err == 0)
 *			f->total += task_frame(f->next.task, struct echo)->n_bytes;
 *	}
 *	co_finally {
 *		join_set_drop(&f->set);                 // those that still run are aborted
 *	}
 *
 * The one idea: a join is a future, so many of them are a set of futures (futures_unordered.h); the
 * end of a task costs one poll, however many others there are. The place in that set lies behind
 * the task's frame, in the task's own allocation.
 *
 *	        spawn             ends                next, try_next           the next join, drop
 *	(none) ------> IN THE SET ----> TO BE JOINED -------------> HANDED OUT -------> (given back)
 *	                   |                 |
 *	                   +-----------------+--> detach_all: goes on alone; drop: is aborted
 *
 * The set owns the handles. One that it hands out, by spawn or by a join, is borrowed: it may be
 * aborted, asked for its id, and, once joined, for its outputs; but neither joined nor detached by
 * anybody else. The set belongs to one task or thread; its members may run on any.
 */
#ifndef WEFT_TASK_JOIN_SET_H
#define WEFT_TASK_JOIN_SET_H

#include "stream/futures_unordered.h"
#include "task/task.h"

/* Zeroed: empty. To be dropped in the end. */
struct join_set {
	struct futures_unordered joins; /* a join for each task that was not handed out */
	struct task *joined;            /* handed out last; NULL: none */
	size_t n_spawning;              /* places that are reserved */
};

/*
 * As spawn(rt, constructor, ...), into the set. Returns the handle, borrowed until the task is
 * joined and the next one asked for; NULL: no memory, or the runtime is shutting down; nothing was
 * built. Whoever waits already is told of it.
 */
#define join_set_spawn(set_, rt_, constructor_, ...)                                               \
	__extension__({                                                                            \
		_Static_assert(_Alignof(struct constructor_) <= 16,                                \
			       "join_set_spawn: a frame is aligned to 16 bytes at most");          \
		struct join_set *join_set_ = (set_);                                               \
		struct task *member_ = join_set__new(join_set_, (rt_), sizeof(struct constructor_),\
						     _Alignof(struct constructor_));               \
		if (member_) {                                                                     \
			task__start(member_, constructor_(task_frame(member_, struct constructor_) \
							  __VA_OPT__(, ) __VA_ARGS__));            \
			join_set__add(join_set_, member_, sizeof(struct constructor_));            \
		}                                                                                  \
		member_;                                                                           \
	})

/* How many have not been joined, done or not. */
static inline size_t join_set_len(const struct join_set *set)
{
	return set->joins.n;
}

/*
 * Waits until one of the tasks is done, and takes it out; ready at once, with NULL, when the set is
 * empty. One at a time waits on a set. Dropped, it leaves the set as it is: no end is lost.
 */
struct join_set_next {
	struct future future;
	struct join_set *set; /* borrowed */
	struct futures_unordered_next any;
	struct task *task; /* output: borrowed until the next join, or join_set_drop */
	int err;           /* output: as task_join's: 0, or -ECANCELED */
};
struct future *join_set_next(struct join_set_next *n, struct join_set *set);

/* The same without waiting: NULL if none is done. `*err` is set if a task is returned. */
struct task *join_set_try_next(struct join_set *set, int *err);

/* Aborts all. They stay in the set, to be joined as canceled, or as completed if they were done. */
void join_set_abort_all(struct join_set *set);

/* The set is empty, and the tasks go on without it. What was handed out is given back. */
void join_set_detach_all(struct join_set *set);

/*
 * Aborts all and joins them, so that afterwards no task uses what it had borrowed. Ready when the
 * set is empty. Dropped before that, all have been aborted if it was ever polled; who is not joined
 * yet is still in the set.
 */
struct join_set_shutdown {
	struct future future;
	struct join_set *set; /* borrowed */
	bool has_aborted;
	struct join_set_next next;
};
struct future *join_set_shutdown(struct join_set_shutdown *s, struct join_set *set);

/*
 * Aborts all and lets go of them; the set is empty and can be used again. Their frames are dropped
 * when the runtime comes to it: who must not outlive something is to be shut down instead.
 */
void join_set_drop(struct join_set *set);

struct task *join_set__new(struct join_set *set, struct runtime *rt, size_t frame_len,
			   size_t frame_align);
void join_set__add(struct join_set *set, struct task *t, size_t frame_len);

#endif
