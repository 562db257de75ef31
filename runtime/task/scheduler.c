/* scheduler: the run queue, the inbox, and one turn of one task. See scheduler.h. */
#include "task/scheduler.h"

_Thread_local struct scheduler *scheduler_here;
_Thread_local struct scheduler_local *scheduler_local;

enum { BATCH = 16, IDS = 256 }; /* so many slots, and numbers, does a worker get at once */

void scheduler_init(struct scheduler *s, const struct scheduler_ops *ops, struct runtime *rt)
{
	*s = (struct scheduler){ .ops = ops, .rt = rt };
}

static void free_all(struct scheduler *s)
{
	slab_fini(&s->slab);
	s->ops->release(s);
}

/* --- Memory --- */

static struct scheduler_local *local_of(struct scheduler *s)
{
	struct scheduler_local *l = scheduler_local;

	return l && l->home == s ? l : NULL;
}

/* Under the lock. */
static struct task *alloc(struct scheduler *s, size_t len)
{
	struct task *t = slab_alloc(&s->slab, len);

	if (t) {
		state_init(&t->state);
		s->n_slots++;
	}
	return t;
}

/* Under the lock: some more for later, while we are here. */
static void fill(struct scheduler *s, struct slab_cache *cache, size_t len)
{
	struct task *t;

	for (unsigned i = 1; len <= SLAB_SLOT_MAX && i < BATCH && (t = alloc(s, len)); i++)
		(void)slab_cache_put(cache, t, len); /* it is empty: there is room */
}

struct task *scheduler__alloc(struct scheduler *s, size_t len)
{
	struct scheduler_local *l = local_of(s);
	struct task *t = l ? slab_cache_get(&l->cache, len) : NULL;

	if (t) {
		state_init(&t->state);
		return t;
	}
	lock_acquire(&s->lock);
	t = alloc(s, len);
	if (l && t)
		fill(s, &l->cache, len);
	lock_release(&s->lock);
	return t;
}

/* Under the lock. True: it was the last, of a runtime that has gone. */
static bool give_back(struct scheduler *s, void *slot, size_t len)
{
	slab_free(&s->slab, slot, len);
	return --s->n_slots == 0 && s->is_gone;
}

void scheduler__free(struct scheduler *s, struct task *t)
{
	struct scheduler_local *l = local_of(s);
	size_t len = t->len;
	bool is_last;
	void *slot;

	state_init(&t->state);
	if (l && slab_cache_put(&l->cache, t, len))
		return;
	lock_acquire(&s->lock);
	is_last = give_back(s, t, len);
	for (unsigned i = 0; l && i < BATCH && (slot = slab_cache_get(&l->cache, len)); i++)
		(void)give_back(s, slot, len); /* its runtime is there: it is a worker's */
	lock_release(&s->lock);
	if (is_last)
		free_all(s);
}

void scheduler_add_local(struct scheduler *s, struct scheduler_local *l)
{
	l->home = s;
	l->next = s->locals;
	s->locals = l;
}

void scheduler_local_end(struct scheduler_local *l)
{
	struct scheduler *s = l->home;
	size_t len;
	void *slot;

	lock_acquire(&s->lock);
	while ((slot = slab_cache_take(&l->cache, &len)))
		(void)give_back(s, slot, len);
	lock_release(&s->lock);
}

void scheduler_leave(struct scheduler *s)
{
	bool is_last;

	lock_acquire(&s->lock);
	s->is_gone = true;
	is_last = s->n_slots == 0;
	lock_release(&s->lock);
	if (is_last)
		free_all(s);
}

static void push_here(struct scheduler *s, struct task *t)
{
	t->next = NULL;
	if (s->first)
		s->last->next = t;
	else
		s->first = t;
	s->last = t;
}

/*
 * The end of a task. A join that registers does so, under the lock, either before DONE, and then is
 * found here; or after it, and then sees DONE. True: it is still linked in a queue.
 */
static bool end(struct scheduler *s, struct task *t, bool canceled)
{
	unsigned before = state_finish(&t->state, canceled);
	struct waker joiner = { 0 };

	if (state_was_joined(before)) {
		lock_acquire(&s->lock);
		if (t->joiner) {
			joiner = waker_take(&t->joiner->waker);
			t->joiner = NULL;
		}
		lock_release(&s->lock);
		waker_wake(&joiner);
	}
	return state_was_linked(before);
}

/* Plainly where one thread does it, or has numbers of its own. */
static uint32_t next_id(struct scheduler *s)
{
	struct scheduler_local *l = local_of(s);
	uint32_t last;

	if (l) {
		if (l->last_id == l->end_id) {
			l->last_id = atomic_fetch_add_explicit(&s->last_id, IDS, memory_order_relaxed);
			l->end_id = l->last_id + IDS;
		}
		return ++l->last_id;
	}
	if (s->ops->is_multi)
		return atomic_fetch_add_explicit(&s->last_id, 1, memory_order_relaxed) + 1;
	last = atomic_load_explicit(&s->last_id, memory_order_relaxed);
	atomic_store_explicit(&s->last_id, last + 1, memory_order_relaxed);
	return last + 1;
}

static void count_live(struct scheduler *s, int change)
{
	struct scheduler_local *l = local_of(s);
	_Atomic size_t *n = l ? &l->n_live : &s->n_live;

	if (s->ops->is_multi && !l)
		atomic_fetch_add_explicit(n, (size_t)change, memory_order_relaxed);
	else
		atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) +
					 (size_t)change, memory_order_relaxed);
}

void scheduler__finish(struct scheduler *s, struct task *t, bool canceled)
{
	count_live(s, -1);
	if (!end(s, t, canceled))
		task__unref(t);
}

/*
 * Gives back a task that came too late, in the midst of its runtime's end. One that was spawned by
 * another thread just then is not done: its frame still has to be dropped.
 */
void scheduler__turn_away(struct scheduler *s, struct task *t)
{
	if (!task_is_done(t)) {
		future_drop(task__future(t));
		if (state_is_adopted(&t->state))
			count_live(s, -1);
		(void)end(s, t, true); /* it is SCHEDULED, and no longer linked */
	}
	task__unref(t);
}

/*
 * From another thread, or from outside of runtime_block_on. The runtime may have been destroyed
 * since the caller set SCHEDULED: then nobody will take the task out any more, and what is left to
 * do is what the runtime would have done on meeting it.
 * For the same reason the wake-up is sent under the lock: a moment later its descriptor may be
 * closed. (The lock is on no hot path here: crossing threads costs a hundred times as much.)
 */
void scheduler__push_inbox(struct scheduler *s, struct task *t)
{
	struct waker sleeper = { 0 };
	bool too_late;

	t->next = NULL;
	lock_acquire(&s->lock);
	too_late = s->inbox_closed;
	if (!too_late) {
		if (s->inbox_first)
			s->inbox_last->next = t;
		else
			s->inbox_first = t;
		s->inbox_last = t;
		atomic_store_explicit(&s->inbox_used, true, memory_order_relaxed);
		if (s->parked) {
			s->parked = false; /* one wake-up is enough */
			sleeper = s->ops->unpark(s);
		}
	}
	lock_release(&s->lock);
	waker_wake(&sleeper);
	if (too_late)
		scheduler__turn_away(s, t);
}

void scheduler_push(struct scheduler *s, struct task *t)
{
	if (scheduler_here == s)
		push_here(s, t);
	else
		s->ops->push(s, t);
}

void scheduler__adopt(struct scheduler *s, struct task *t)
{
	atomic_store_explicit(&t->id, next_id(s), memory_order_relaxed);
	count_live(s, 1);
	state_adopt(&t->state);
}

void scheduler_walk(struct scheduler *s, struct slab_cursor *c)
{
	lock_acquire(&s->lock);
	slab_walk(&s->slab, c);
	lock_release(&s->lock);
}

/*
 * Whether it is live is asked under the lock: what is not live may be freed by another thread at
 * any time, which takes the lock for it. What is live stays so until this thread ends it.
 */
struct task *scheduler_next(struct scheduler *s, struct slab_cursor *c)
{
	struct task *t;
	bool is_live;

	do {
		lock_acquire(&s->lock);
		t = slab_next(&s->slab, c);
		is_live = t && state_is_live(&t->state);
		lock_release(&s->lock);
	} while (t && !is_live);
	return t;
}

void scheduler_walk_end(struct scheduler *s, struct slab_cursor *c)
{
	lock_acquire(&s->lock);
	slab_walk_end(&s->slab, c);
	lock_release(&s->lock);
}

static struct task *take_inbox(struct scheduler *s, bool close)
{
	struct task *t;

	lock_acquire(&s->lock);
	t = s->inbox_first;
	s->inbox_first = s->inbox_last = NULL;
	s->inbox_closed = close;
	atomic_store_explicit(&s->inbox_used, false, memory_order_relaxed);
	lock_release(&s->lock);
	return t;
}

void scheduler_empty_inbox(struct scheduler *s)
{
	if (!atomic_load_explicit(&s->inbox_used, memory_order_relaxed))
		return;
	for (struct task *t = take_inbox(s, false), *next; t; t = next) {
		next = t->next;
		if (!state_is_adopted(&t->state)) {
			scheduler__adopt(s, t);
			probe_spawn(t, task__future(t)); /* once more, for who did not see it there */
		}
		probe_arrive(t);
		push_here(s, t);
	}
}

bool scheduler_park(struct scheduler *s)
{
	bool parked;

	lock_acquire(&s->lock);
	parked = s->parked = !s->inbox_first;
	lock_release(&s->lock);
	return parked;
}

void scheduler_unpark(struct scheduler *s)
{
	lock_acquire(&s->lock);
	s->parked = false;
	lock_release(&s->lock);
}

void scheduler_run(struct scheduler *s, struct task *t, struct context *cx)
{
	struct waker waker = { &task__waker_vtable, t };

	switch (state_begin_poll(&t->state)) {
	case STATE_RELEASE:
		task__unref(t);
		return;
	case STATE_DROP:
		future_drop(task__future(t));
		scheduler__finish(s, t, true);
		return;
	case STATE_POLL:
		cx->waker = &waker;
		cx->task = t;
		if (future_poll(task__future(t), cx) == POLL_READY)
			scheduler__finish(s, t, false);
		return;
	}
}

/*
 * A frame that is dropped may wake, abort, detach and so free other tasks; the walk allows for
 * that. Nothing is spawned any more, so after it no task is live, but for what another thread was
 * just then about to queue.
 */
void scheduler__drop_all(struct scheduler *s)
{
	struct slab_cursor cursor;

	atomic_store_explicit(&s->closed, true, memory_order_relaxed);
	scheduler_empty_inbox(s);
	scheduler_walk(s, &cursor);
	for (struct task *t; (t = scheduler_next(s, &cursor));) {
		future_drop(task__future(t));
		scheduler__finish(s, t, true);
	}
	/* With several workers other threads' tasks are met at once, and may be on their way here. */
	bug_unless(s->ops->is_multi || scheduler_n_live(s) == 0);
}

void scheduler_close(struct scheduler *s)
{
	struct task *late;

	scheduler__drop_all(s);
	for (struct task *t; (t = scheduler_pop(s));)
		task__unref(t);
	late = take_inbox(s, true);
	for (struct task *next; late; late = next) {
		next = late->next;
		scheduler__turn_away(s, late);
	}
}
