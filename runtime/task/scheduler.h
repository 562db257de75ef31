/*
 * scheduler: where tasks wait for their turn.
 *
 * What both kinds of runtime have in common is here: the memory of tasks, how many there are, who is
 * told of an end. Where a task goes that can run is the runtime's own business (`ops->push`). For the
 * one on one thread it stands here, too.
 *
 * The one idea of that: a run queue that only the runtime's own thread touches, so it needs neither lock
 * nor atomics; and beside it an inbox, under a lock, for wakes that come from any other thread.
 * The runtime empties the inbox into the queue, and leaves a note there (`parked`) before it
 * sleeps, so that whoever puts something in knows that he must also wake it.
 *
 * The race that this note is about: the runtime looks at the inbox and finds it empty; a thread
 * puts a task in; the runtime goes to sleep. It cannot happen: the look and the note are one
 * section under the lock, so the thread either comes before (and is seen) or after (and sees the
 * note).
 *
 * Internal to the runtime: programs use task.h and executor/runtime.h.
 */
#ifndef WEFT_TASK_SCHEDULER_H
#define WEFT_TASK_SCHEDULER_H

#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "task/slab.h"
#include "task/state.h"
#include "task/task.h"

struct task {
	struct task *next;        /* in the queue or the inbox: who set SCHEDULED links it */
	struct scheduler *home;   /* lives for as long as any task's memory does */
	struct state state;       /* any thread, through state.h */
	struct count refs;        /* any thread: handle, runtime, waker clones */
	struct task_join *joiner; /* under home->lock: who waits for the end */
	_Atomic uint32_t id;      /* set by the runtime's thread */
	uint32_t len : 31;        /* of header and frame together */
	uint32_t is_wide : 1;     /* the frame wants 16-byte alignment, and begins 8 bytes later */
	/* the frame follows */
};

struct scheduler;

/*
 * What a worker has for itself, so that it need not ask all the others for every task: memory, numbers,
 * and a count of its own, which may well be negative: the sum is what counts.
 */
struct scheduler_local {
	struct scheduler *home;
	struct scheduler_local *next; /* of the same home; they stay until the runtime goes */
	struct slab_cache cache;
	_Atomic size_t n_live;        /* written by the worker, read by anybody */
	uint32_t last_id, end_id;     /* numbers that are its own: from one more up to the other */
};

/* That of the worker which this thread is, or NULL. */
extern _Thread_local struct scheduler_local *scheduler_local;

/* What the two kinds of runtime do each in their own way. */
struct scheduler_ops {
	void (*push)(struct scheduler *, struct task *); /* any thread: it can run */
	/*
	 * Makes who is parked return from his wait. Called under the lock, so that what it uses is
	 * still there; a waker, which must not be called under a lock, it returns instead.
	 */
	struct waker (*unpark)(struct scheduler *);
	void (*release)(struct scheduler *); /* the runtime and all tasks' memory are gone: free it */
	bool is_multi;                       /* several threads poll */
};

struct scheduler {
	const struct scheduler_ops *ops;
	struct runtime *rt; /* what tasks see of it */

	/* the runtime's thread only; with several workers each counts in what is local to it */
	struct task *first, *last; /* the run queue */
	_Atomic size_t n_live;     /* tasks met and not done: see scheduler_n_live */
	_Atomic uint32_t last_id;
	struct scheduler_local *locals;
	_Atomic bool closed;       /* being destroyed: nothing is spawned any more */

	/* any thread, under the lock */
	struct lock lock;
	struct slab slab;          /* where tasks live */
	size_t n_slots;            /* tasks whose memory is in use: handles and wakers outlive DONE */
	bool is_gone;              /* the runtime has left: the last slot frees all */
	bool parked;
	bool inbox_closed;         /* every task is done: what comes late is only given back */
	struct task *inbox_first, *inbox_last;
	_Atomic bool inbox_used;   /* a hint to be read without the lock: look into the inbox */
};

/* The scheduler whose runtime this thread is inside of, or NULL. */
extern _Thread_local struct scheduler *scheduler_here;

/* `ops` has static storage; `rt` lives as long as `s`. */
void scheduler_init(struct scheduler *s, const struct scheduler_ops *ops, struct runtime *rt);

/* The runtime has no more use for it. It goes with the memory of the last task. */
void scheduler_leave(struct scheduler *s);

/*
 * Memory for a task, and back; any thread. The state word is zero from the moment the slot is the
 * task's, and again before it is given back: a walk over all slots, which may be under way, thereby
 * knows that there is nobody. NULL: no memory.
 */
struct task *scheduler__alloc(struct scheduler *s, size_t len);
void scheduler__free(struct scheduler *s, struct task *t);

/*
 * Every task that the runtime has met and that is not done, one by one; on the runtime's thread.
 * Tasks may end on the way. The walk is over with NULL, or with scheduler_walk_end (slab.h).
 */
void scheduler_walk(struct scheduler *s, struct slab_cursor *c);
struct task *scheduler_next(struct scheduler *s, struct slab_cursor *c);
void scheduler_walk_end(struct scheduler *s, struct slab_cursor *c);

/* A new task becomes the runtime's. The runtime's thread, or any if several threads poll. */
void scheduler__adopt(struct scheduler *s, struct task *t);

/* Any thread, by whoever set SCHEDULED. */
void scheduler_push(struct scheduler *s, struct task *t);

/* ops->push of the runtime on one thread. */
void scheduler__push_inbox(struct scheduler *s, struct task *t);

/* Exact while nobody polls. */
static inline size_t scheduler_n_live(const struct scheduler *s)
{
	size_t n = atomic_load_explicit(&s->n_live, memory_order_relaxed);

	for (const struct scheduler_local *l = s->locals; l; l = l->next)
		n += atomic_load_explicit(&l->n_live, memory_order_relaxed);
	return n;
}

/* Before any thread of the runtime runs: makes `l`, which is zeroed, one of its locals. */
void scheduler_add_local(struct scheduler *s, struct scheduler_local *l);

/* By the worker, at its end: what it had for itself is everybody's again. */
void scheduler_local_end(struct scheduler_local *l);

/* The runtime's thread. */
static inline struct task *scheduler_pop(struct scheduler *s)
{
	struct task *t = s->first;

	if (t)
		s->first = t->next;
	return t;
}

/* Nothing to pop, and nothing in the inbox as far as one can see without the lock. */
static inline bool scheduler_is_empty(const struct scheduler *s)
{
	return !s->first && !atomic_load_explicit(&s->inbox_used, memory_order_relaxed);
}

/* Moves what other threads queued into the run queue. The runtime's thread. */
void scheduler_empty_inbox(struct scheduler *s);

/*
 * Leaves the note. False, and no note: the inbox is not empty, do not sleep. The runtime's
 * thread.
 */
bool scheduler_park(struct scheduler *s);
void scheduler_unpark(struct scheduler *s);

/* The end of a task that was polled or dropped by the caller. */
void scheduler__finish(struct scheduler *s, struct task *t, bool canceled);

/* Gives back what comes when the runtime is over: drops it, if nobody has met it. */
void scheduler__turn_away(struct scheduler *s, struct task *t);

/* Polls, drops or releases a task just popped. */
void scheduler_run(struct scheduler *s, struct task *t, struct context *cx);

/* No more spawns; drops every live task, then empties queue and inbox. The runtime's thread. */
void scheduler_close(struct scheduler *s);

/* The first half of it: no more spawns, and nobody is live. Nobody else polls any more. */
void scheduler__drop_all(struct scheduler *s);

extern const struct waker_vtable task__waker_vtable;

/* Gives back one reference to a task. Any thread. */
void task__unref(struct task *t);

/* How many wakers of the task exist. Exact when no other thread is at work on it, else not less. */
unsigned task__n_wakers(const struct task *t);

/* False: it is not queued, and there is no waker: it will never be polled again. */
bool task__may_run(const struct task *t);

struct future *task__future(const struct task *t);

#endif
