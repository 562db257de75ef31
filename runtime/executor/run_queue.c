/* run_queue: see run_queue.h for the races. */
#include "executor/run_queue.h"

#include "future/bug.h"
#include "task/scheduler.h"

static struct task *_Atomic *slot(struct run_queue *q, uint32_t number)
{
	return &q->slot[number % RUN_QUEUE_LEN];
}

bool run_queue_push(struct run_queue *q, struct task *t)
{
	uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
	/* acquire: pairs with the release in claim; who took what was here has read it */
	uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);

	if (tail - head >= RUN_QUEUE_LEN)
		return false;
	atomic_store_explicit(slot(q, tail), t, memory_order_relaxed);
	/* release: pairs with the acquire in run_queue_steal; the slot, and the task, are seen */
	atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
	return true;
}

/* Moves the head, if it is still there. */
static bool claim(struct run_queue *q, uint32_t head, uint32_t n)
{
	/* release: pairs with the acquire in run_queue_push; what was read is read */
	return atomic_compare_exchange_strong_explicit(&q->head, &head, head + n,
						       memory_order_release, memory_order_relaxed);
}

struct task *run_queue_pop(struct run_queue *q)
{
	for (;;) {
		uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
		uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
		struct task *t;

		if (head == tail)
			return NULL;
		t = atomic_load_explicit(slot(q, head), memory_order_relaxed);
		if (claim(q, head, 1))
			return t;
	}
}

/* Once they are claimed they are nobody else's, and the slots are not written before we return. */
uint32_t run_queue_spill(struct run_queue *q, struct task **first, struct task **last)
{
	const uint32_t n = RUN_QUEUE_LEN / 2;
	uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);

	if (atomic_load_explicit(&q->tail, memory_order_relaxed) - head < RUN_QUEUE_LEN ||
	    !claim(q, head, n))
		return 0;
	*first = atomic_load_explicit(slot(q, head), memory_order_relaxed);
	*last = *first;
	for (uint32_t i = 1; i < n; i++) {
		(*last)->next = atomic_load_explicit(slot(q, head + i), memory_order_relaxed);
		*last = (*last)->next;
	}
	(*last)->next = NULL;
	return n;
}

/* Copies `n` from the head of one to behind the tail of the other, where nobody looks yet. */
static void copy(struct run_queue *from, uint32_t head, struct run_queue *to, uint32_t tail, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct task *t = atomic_load_explicit(slot(from, head + i), memory_order_relaxed);

		atomic_store_explicit(slot(to, tail + i), t, memory_order_relaxed);
	}
}

struct task *run_queue_steal(struct run_queue *from, struct run_queue *to)
{
	uint32_t to_tail = atomic_load_explicit(&to->tail, memory_order_relaxed);

	/* Whoever stole from us has read it: acquire, as in run_queue_push. */
	bug_unless(atomic_load_explicit(&to->head, memory_order_acquire) == to_tail);
	for (;;) {
		/* acquire: the tail that is read is not older than this head */
		uint32_t head = atomic_load_explicit(&from->head, memory_order_acquire);
		/* acquire: pairs with the release in run_queue_push */
		uint32_t tail = atomic_load_explicit(&from->tail, memory_order_acquire);
		uint32_t n = tail - head - (tail - head) / 2;
		struct task *first;

		if (n == 0)
			return NULL;
		if (n > RUN_QUEUE_LEN / 2)
			continue; /* the head has moved between the two readings */
		first = atomic_load_explicit(slot(from, head), memory_order_relaxed);
		copy(from, head + 1, to, to_tail, n - 1);
		if (!claim(from, head, n))
			continue;
		/* release: as in run_queue_push, for who steals from us */
		atomic_store_explicit(&to->tail, to_tail + n - 1, memory_order_release);
		return first;
	}
}
