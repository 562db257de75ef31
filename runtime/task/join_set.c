/* join_set: a set of joins, each behind the frame of its task. See join_set.h. */
#include "task/join_set.h"

/* Behind the frame, in the same allocation, which the set's handle keeps. */
struct entry {
	struct task_join join; /* first: what the set of futures hands out */
	struct futures_member member;
};

/* A frame begins with a future, so its length is a multiple of what a pointer is aligned to. */
_Static_assert(_Alignof(struct entry) <= _Alignof(struct future),
	       "what lies behind a frame is aligned");

static struct task *task_of(const struct futures_member *m)
{
	return future_of(m->future, struct task_join)->task;
}

/* --- Spawning --- */

/*
 * The place in the set is made sure of before anything is built; n of them if spawns are nested in
 * each other's arguments.
 */
struct task *join_set__new(struct join_set *set, struct runtime *rt, size_t frame_len,
			   size_t frame_align)
{
	struct task *t;

	if (futures_unordered_reserve(&set->joins, set->n_spawning + 1))
		return NULL;
	t = task__new(rt, frame_len + sizeof(struct entry), frame_align);
	if (t)
		set->n_spawning++;
	return t;
}

/* After the start: a join must not be polled before it. */
void join_set__add(struct join_set *set, struct task *t, size_t frame_len)
{
	struct entry *e = (void *)((char *)task__frame(t) + frame_len);
	int err;

	*e = (struct entry){ 0 };
	set->n_spawning--;
	err = futures_unordered_push(&set->joins, &e->member, task_join(&e->join, t));
	bug_unless(!err); /* its place was reserved */
}

/* --- Joining --- */

static void give_back_joined(struct join_set *set)
{
	struct task *t = set->joined;

	set->joined = NULL;
	task_detach(t);
}

/* Out of the set, but still ours, until the next one is asked for. */
static struct task *hand_out(struct join_set *set, const struct futures_member *m, int *err)
{
	bug_unless(!set->joined);
	set->joined = task_of(m);
	*err = future_of(m->future, struct task_join)->err;
	return set->joined;
}

static enum poll next_poll(struct future *f, struct context *cx)
{
	struct join_set_next *n = future_of(f, struct join_set_next);

	give_back_joined(n->set);
	if (future_poll(&n->any.future, cx) == POLL_PENDING)
		return POLL_PENDING;
	if (n->any.member)
		n->task = hand_out(n->set, n->any.member, &n->err);
	return POLL_READY;
}

static void next_drop(struct future *f)
{
	future_drop(&future_of(f, struct join_set_next)->any.future);
}

static struct future *next_child(struct future *f, unsigned i)
{
	return i == 0 ? &future_of(f, struct join_set_next)->any.future : NULL;
}

static const struct future_ops next_ops =
	FUTURE_OPS_PARENT("join_set_next", next_poll, next_drop, next_child);

struct future *join_set_next(struct join_set_next *n, struct join_set *set)
{
	*n = (struct join_set_next){ .future = future_init(&next_ops), .set = set };
	futures_unordered_next(&n->any, &set->joins);
	return &n->future;
}

/* Joins ask a context for nothing but a waker, and each gets one of its own. */
struct task *join_set_try_next(struct join_set *set, int *err)
{
	struct context cx = context_of(&waker_noop);
	struct futures_member *m;

	give_back_joined(set);
	m = futures_unordered__poll(&set->joins, &cx, SIZE_MAX);
	return m ? hand_out(set, m, err) : NULL;
}

/* --- All of them --- */

void join_set_abort_all(struct join_set *set)
{
	for (struct futures_member *m = set->joins.first; m; m = m->next)
		task_abort(task_of(m));
}

void join_set_detach_all(struct join_set *set)
{
	give_back_joined(set);
	while (set->joins.first) {
		struct futures_member *m = set->joins.first;
		struct task *t = task_of(m);

		futures_unordered_remove(&set->joins, m);
		task_detach(t); /* last: the member lies in its memory */
	}
	futures_unordered_clear(&set->joins);
}

void join_set_drop(struct join_set *set)
{
	join_set_abort_all(set);
	join_set_detach_all(set);
}

/* --- Shutdown --- */

static enum poll shutdown_poll(struct future *f, struct context *cx)
{
	struct join_set_shutdown *s = future_of(f, struct join_set_shutdown);

	if (!s->has_aborted)
		join_set_abort_all(s->set);
	s->has_aborted = true;
	while (future_poll(&s->next.future, cx) == POLL_READY) {
		if (!s->next.task)
			return POLL_READY;
		join_set_next(&s->next, s->set);
	}
	return POLL_PENDING;
}

static void shutdown_drop(struct future *f)
{
	future_drop(&future_of(f, struct join_set_shutdown)->next.future);
}

static struct future *shutdown_child(struct future *f, unsigned i)
{
	return i == 0 ? &future_of(f, struct join_set_shutdown)->next.future : NULL;
}

static const struct future_ops shutdown_ops =
	FUTURE_OPS_PARENT("join_set_shutdown", shutdown_poll, shutdown_drop, shutdown_child);

struct future *join_set_shutdown(struct join_set_shutdown *s, struct join_set *set)
{
	*s = (struct join_set_shutdown){ .future = future_init(&shutdown_ops), .set = set };
	join_set_next(&s->next, set);
	return &s->future;
}
