/* join_queue: a list of joins, each behind the frame of its task. See join_queue.h. */
#include "task/join_queue.h"

/* Behind the frame, in the same allocation, which the queue's handle keeps. */
struct join_queue_entry {
	struct task_join join; /* of the oldest only it is ever polled */
	struct join_queue_entry *next;
};

/* A frame begins with a future, so its length is a multiple of what a pointer is aligned to. */
_Static_assert(_Alignof(struct join_queue_entry) <= _Alignof(struct future),
	       "what lies behind a frame is aligned");

/* --- Spawning --- */

struct task *join_queue__new(struct runtime *rt, size_t frame_len, size_t frame_align)
{
	return task__new(rt, frame_len + sizeof(struct join_queue_entry), frame_align);
}

void join_queue__add(struct join_queue *q, struct task *t, size_t frame_len)
{
	struct join_queue_entry *e = (void *)((char *)task__frame(t) + frame_len);

	task_join(&e->join, t);
	e->next = NULL;
	if (q->last)
		q->last->next = e;
	else
		q->first = e;
	q->last = e;
	q->n++;
}

/* --- Joining --- */

/* The oldest, out of the queue. Its handle is the caller's. */
static struct task *pop(struct join_queue *q)
{
	struct join_queue_entry *e = q->first;

	q->first = e->next;
	if (!q->first)
		q->last = NULL;
	q->n--;
	return e->join.task;
}

static void give_back_joined(struct join_queue *q)
{
	struct task *t = q->joined;

	q->joined = NULL;
	task_detach(t);
}

/* The oldest, which is done: out of the queue, but still ours, until the next one is asked for. */
static struct task *hand_out(struct join_queue *q, int *err)
{
	*err = q->first->join.err;
	return q->joined = pop(q);
}

static void wait_here(struct join_queue_next *n)
{
	struct join_queue *q = n->queue;

	if (q->waiting && q->waiting != &n->future)
		bug("join_queue_next", "two wait on one queue at the same time", NULL, 0);
	q->waiting = &n->future;
}

/* An empty queue is a leaf that is always ready; otherwise the join sees to the budget. */
static enum poll next_poll(struct future *f, struct context *cx)
{
	struct join_queue_next *n = future_of(f, struct join_queue_next);
	struct join_queue *q = n->queue;

	give_back_joined(q);
	wait_here(n);
	if (!q->first) {
		if (!context_may_proceed(cx))
			return POLL_PENDING;
		context_spend(cx);
	} else {
		if (future_poll(&q->first->join.future, cx) == POLL_PENDING)
			return POLL_PENDING;
		n->task = hand_out(q, &n->err);
	}
	q->waiting = NULL;
	return POLL_READY;
}

/* The join of the oldest has our waker, so it is begun anew. */
static void next_drop(struct future *f)
{
	struct join_queue_next *n = future_of(f, struct join_queue_next);
	struct join_queue *q = n->queue;

	if (q->waiting != f)
		return;
	q->waiting = NULL;
	if (q->first) {
		future_drop(&q->first->join.future);
		task_join(&q->first->join, q->first->join.task);
	}
}

static struct future *next_child(struct future *f, unsigned i)
{
	struct join_queue *q = future_of(f, struct join_queue_next)->queue;

	return i == 0 && q->first ? &q->first->join.future : NULL;
}

static const struct future_ops next_ops =
	FUTURE_OPS_PARENT("join_queue_next", next_poll, next_drop, next_child);

struct future *join_queue_next(struct join_queue_next *n, struct join_queue *q)
{
	*n = (struct join_queue_next){ .future = future_init(&next_ops), .queue = q };
	return &n->future;
}

/* A join of what is done asks nothing of its context; of anything else it would keep the waker. */
struct task *join_queue_try_next(struct join_queue *q, int *err)
{
	struct context cx = context_of(&waker_noop);
	enum poll polled;

	give_back_joined(q);
	if (!q->first || !task_is_done(q->first->join.task))
		return NULL;
	polled = future_poll(&q->first->join.future, &cx);
	bug_unless(polled == POLL_READY);
	return hand_out(q, err);
}

/* --- All of them --- */

void join_queue_abort_all(struct join_queue *q)
{
	for (struct join_queue_entry *e = q->first; e; e = e->next)
		task_abort(e->join.task);
}

void join_queue_detach_all(struct join_queue *q)
{
	bug_unless(!q->waiting);
	give_back_joined(q);
	while (q->first) {
		future_drop(&q->first->join.future);
		task_detach(pop(q));
	}
}

void join_queue_drop(struct join_queue *q)
{
	join_queue_abort_all(q);
	join_queue_detach_all(q);
}

/* --- Shutdown --- */

static enum poll shutdown_poll(struct future *f, struct context *cx)
{
	struct join_queue_shutdown *s = future_of(f, struct join_queue_shutdown);

	if (!s->has_aborted)
		join_queue_abort_all(s->queue);
	s->has_aborted = true;
	while (future_poll(&s->next.future, cx) == POLL_READY) {
		if (!s->next.task)
			return POLL_READY;
		join_queue_next(&s->next, s->queue);
	}
	return POLL_PENDING;
}

static void shutdown_drop(struct future *f)
{
	future_drop(&future_of(f, struct join_queue_shutdown)->next.future);
}

static struct future *shutdown_child(struct future *f, unsigned i)
{
	return i == 0 ? &future_of(f, struct join_queue_shutdown)->next.future : NULL;
}

static const struct future_ops shutdown_ops =
	FUTURE_OPS_PARENT("join_queue_shutdown", shutdown_poll, shutdown_drop, shutdown_child);

struct future *join_queue_shutdown(struct join_queue_shutdown *s, struct join_queue *q)
{
	*s = (struct join_queue_shutdown){ .future = future_init(&shutdown_ops), .queue = q };
	join_queue_next(&s->next, q);
	return &s->future;
}
