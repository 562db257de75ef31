/*
 * run_queue: a worker's own queue of tasks, from which other workers may steal.
 *
 * The one idea: a ring of fixed length. Its owner alone puts in, at the tail; whoever takes, moves the
 * head by compare-and-swap: the owner by one, a thief by half of what there is. A thief copies first and
 * claims afterwards: if the head has moved meanwhile, his copy is worth nothing, and he tries again.
 *
 *	      head                      tail
 *	       v                         v
 *	 ... | t | t | t | t | t | t | t |   |   |   | ...       head and tail only grow; the slot is
 *	       `--- a thief: these ---'   `- the owner puts       the number modulo the length
 *	       `- the owner takes
 *
 * The races:
 *  - Two take the same task: both have read the same head, and only one compare-and-swap succeeds.
 *  - A thief reads a slot that the owner is just writing anew: then that task had been taken, so the
 *    head has moved, and the thief's claim fails. (So slots are atomic: what is read may be rubbish.)
 *  - The owner overwrites a slot that a thief still reads: he looks at the head first, by acquire; the
 *    thief's claim, by release, comes after his reading.
 */
#ifndef WEFT_EXECUTOR_RUN_QUEUE_H
#define WEFT_EXECUTOR_RUN_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct task;

/* A power of two. Small ones are for exploring: -DRUN_QUEUE_LEN=4. */
#ifndef RUN_QUEUE_LEN
#define RUN_QUEUE_LEN 256
#endif

struct run_queue {
	_Atomic uint32_t head; /* the owner and thieves, by compare-and-swap */
	_Atomic uint32_t tail; /* the owner */
	struct task *_Atomic slot[RUN_QUEUE_LEN];
};

/* How many there are. Exact for the owner, as long as nobody steals; a guess for others. */
static inline uint32_t run_queue_n(const struct run_queue *q)
{
	/* relaxed: a guess in any case */
	uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);

	return atomic_load_explicit(&q->tail, memory_order_relaxed) - head;
}

/* The owner. False: there is no room. */
bool run_queue_push(struct run_queue *q, struct task *t);

/* The owner: the oldest; NULL: there is none. */
struct task *run_queue_pop(struct run_queue *q);

/*
 * The owner, when there is no room: takes the older half out, linked by `next`, the last one's being
 * NULL. How many; 0: thieves have made room meanwhile.
 */
uint32_t run_queue_spill(struct run_queue *q, struct task **first, struct task **last);

/*
 * Anybody but the owner of `from`: moves the older half of it, rounded up, to `to`, which is his own and
 * empty, but for one task, which he gets. NULL: there was none.
 */
struct task *run_queue_steal(struct run_queue *from, struct run_queue *to);

#endif
