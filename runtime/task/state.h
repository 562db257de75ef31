/*
 * state: every change of a task's state word, and nothing else.
 *
 * The one idea: one word decides who may touch a task, so all of its transitions stand here, one
 * function per edge, and no other file writes it. Each edge is one read-modify-write that any
 * thread may attempt; while the process has a single thread it is done plainly (see base/lock.h).
 *
 *	  bit          set when                                cleared when
 *	  SCHEDULED    somebody took it upon himself to queue  the runtime has taken it out of its
 *	               it: he alone links task.next            queue and is about to poll or drop it
 *	  ABORTED      task_abort was called before DONE       never
 *	  DONE         its future is over; joins are told      never
 *	  CANCELED     with DONE: dropped, not completed       never
 *	  HANDLE       spawn                                   task_detach
 *	  ADOPTED      the runtime has met it                  never
 *	  RUNNING      a worker is about to poll or drop it    that poll said PENDING
 *	  JOINED       a join has left its waker               never
 *
 *	   0 init: nothing, no task here    6 detach: -HANDLE
 *	   1 spawn: SCHEDULED|HANDLE        7 adopt: +ADOPTED
 *	   2 schedule: +SCHEDULED           8 begin_run: -SCHEDULED +RUNNING
 *	   3 begin_poll: -SCHEDULED         9 end_run: -RUNNING
 *	   4 finish: +DONE (+CANCELED)     10 join: +JOINED
 *	   5 abort: +ABORTED, then 2
 *
 * RUNNING is for workers only. Where there is one thread that polls, a task woken during its poll may
 * be queued at once (3). Where there are several, another would poll it at the same time: so whoever
 * wakes a RUNNING task only leaves SCHEDULED there, and the worker queues it when its poll is over
 * (8, 9).
 *
 * A wake after DONE changes nothing that anybody looks at. A task that was SCHEDULED, and not RUNNING,
 * when it became DONE is still linked in a queue: whoever takes it out gives back the runtime's
 * reference then.
 */
#ifndef WEFT_TASK_STATE_H
#define WEFT_TASK_STATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/lock.h"

enum {
	STATE_SCHEDULED = 1u << 0,
	STATE_ABORTED = 1u << 1,
	STATE_DONE = 1u << 2,
	STATE_CANCELED = 1u << 3,
	STATE_HANDLE = 1u << 4,
	STATE_ADOPTED = 1u << 5,
	STATE_RUNNING = 1u << 6,
	STATE_JOINED = 1u << 7,
};

struct state {
	_Atomic unsigned word;
};

/*
 * What the word says now. acquire: pairs with the release in state__set, so DONE shows the
 * outputs.
 */
static inline unsigned state_get(const struct state *s)
{
	return atomic_load_explicit(&s->word, memory_order_acquire);
}

/* Both return the word before. acq_rel: pairs with itself and with state_get. */
static inline unsigned state__set(struct state *s, unsigned bits)
{
	unsigned before;

	if (lock_alone()) {
		before = atomic_load_explicit(&s->word, memory_order_relaxed);
		atomic_store_explicit(&s->word, before | bits, memory_order_relaxed);
		return before;
	}
	return atomic_fetch_or_explicit(&s->word, bits, memory_order_acq_rel);
}

static inline unsigned state__clear(struct state *s, unsigned bits)
{
	unsigned before;

	if (lock_alone()) {
		before = atomic_load_explicit(&s->word, memory_order_relaxed);
		atomic_store_explicit(&s->word, before & ~bits, memory_order_relaxed);
		return before;
	}
	return atomic_fetch_and_explicit(&s->word, ~bits, memory_order_acq_rel);
}

/* Edge 0. The slot is free, or nobody else has seen the task yet. */
static inline void state_init(struct state *s)
{
	atomic_store_explicit(&s->word, 0, memory_order_relaxed);
}

/* Edge 1. Nobody else has seen the task yet, but for walks over all slots. */
static inline void state_spawn(struct state *s)
{
	atomic_store_explicit(&s->word, STATE_SCHEDULED | STATE_HANDLE, memory_order_relaxed);
}

/* Edge 2. True: the caller must queue it. False: it is queued, or will be, or is done. */
static inline __attribute__((warn_unused_result)) bool state_schedule(struct state *s)
{
	return !(state__set(s, STATE_SCHEDULED) & (STATE_SCHEDULED | STATE_DONE | STATE_RUNNING));
}

/*
 * Edge 3. By the runtime, with the task just taken from its queue; says what to do with it. The bit
 * goes before the poll, so that a wake during the poll queues it again.
 */
enum state_next { STATE_POLL, STATE_DROP, STATE_RELEASE };
static inline __attribute__((warn_unused_result)) enum state_next state_begin_poll(struct state *s)
{
	unsigned before = state__clear(s, STATE_SCHEDULED);

	bug_unless(before & STATE_SCHEDULED);
	if (before & STATE_DONE)
		return STATE_RELEASE;
	return before & STATE_ABORTED ? STATE_DROP : STATE_POLL;
}

/* Edge 8. The same by a worker, of which there are several. One instruction flips both bits. */
static inline __attribute__((warn_unused_result)) enum state_next state_begin_run(struct state *s)
{
	/* acquire: pairs with the release in state_end_run, on whatever worker; release: with state_get */
	unsigned before = atomic_fetch_xor_explicit(&s->word, STATE_SCHEDULED | STATE_RUNNING,
						    memory_order_acq_rel);

	bug_unless((before & (STATE_SCHEDULED | STATE_RUNNING)) == STATE_SCHEDULED);
	if (before & STATE_DONE)
		return STATE_RELEASE;
	return before & STATE_ABORTED ? STATE_DROP : STATE_POLL;
}

/* Edge 9. By that worker, after PENDING. True: it was woken meanwhile, and the caller must queue it. */
static inline __attribute__((warn_unused_result)) bool state_end_run(struct state *s)
{
	/* release: pairs with the acquire in state_begin_run; the frame is as this poll left it */
	unsigned before = atomic_fetch_and_explicit(&s->word, ~(unsigned)STATE_RUNNING,
						    memory_order_acq_rel);

	bug_unless(before & STATE_RUNNING);
	return before & STATE_SCHEDULED;
}

/*
 * Edge 4. By the runtime. Returns what the word was, for the two questions below: one instruction
 * answers both, and whoever joins or wakes meanwhile comes before it or after it.
 */
static inline __attribute__((warn_unused_result)) unsigned state_finish(struct state *s, bool canceled)
{
	unsigned before = state__set(s, STATE_DONE | (canceled ? STATE_CANCELED : 0u));

	bug_unless(!(before & STATE_DONE));
	return before;
}

/* The task is still linked in a queue, and will be met there once more. */
static inline bool state_was_linked(unsigned before)
{
	return (before & (STATE_SCHEDULED | STATE_RUNNING)) == STATE_SCHEDULED;
}

/* There may be a join, to be looked for under the lock. Else there is none, and none will come. */
static inline bool state_was_joined(unsigned before)
{
	return before & STATE_JOINED;
}

/* Edge 10. Under the lock under which the waker is left. False: it is done, do not wait. */
static inline __attribute__((warn_unused_result)) bool state_join(struct state *s)
{
	return !(state__set(s, STATE_JOINED) & STATE_DONE);
}

/* Edge 5. True: the caller must queue it, so that the runtime meets it. */
static inline __attribute__((warn_unused_result)) bool state_abort(struct state *s)
{
	unsigned before = state__set(s, STATE_ABORTED | STATE_SCHEDULED);

	return !(before & (STATE_SCHEDULED | STATE_DONE | STATE_RUNNING));
}

/* Edge 7. By the runtime's thread, before it queues the task for the first time. */
static inline void state_adopt(struct state *s)
{
	unsigned before = state__set(s, STATE_ADOPTED);

	bug_unless(!(before & STATE_ADOPTED));
}

static inline bool state_is_adopted(const struct state *s)
{
	return state_get(s) & STATE_ADOPTED;
}

/* Met by the runtime and not done: its frame is there, and the runtime's to poll or drop. */
static inline bool state_is_live(const struct state *s)
{
	return (state_get(s) & (STATE_ADOPTED | STATE_DONE)) == STATE_ADOPTED;
}

/* Edge 6. By the owner of the handle, once. */
static inline void state_detach(struct state *s)
{
	unsigned before = state__clear(s, STATE_HANDLE);

	bug_unless(before & STATE_HANDLE);
}

#endif
