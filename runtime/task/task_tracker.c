/* task_tracker: a count, and who waits for it to be nought. See task_tracker.h. */
#include "task/task_tracker.h"

#include <errno.h>

#include "base/lock.h"
#include "base/mem.h"

struct tracker_shared {
	struct count refs; /* trackers, and tokens */

	/* under the lock */
	struct lock lock;
	bool is_closed;
	size_t n;          /* tokens */
	uint64_t n_ends;   /* how often it has become closed and empty */
	struct waiter_list waiting;
};

static void unref(struct tracker_shared *s)
{
	if (count_sub(&s->refs, 1) == 0)
		mem_free(s, sizeof *s);
}

/* --- The end: under the lock, but for the wakers --- */

static bool is_ended(const struct tracker_shared *s)
{
	return s->is_closed && s->n == 0;
}

static struct task_tracker_wait *wait_of(struct waiter *w)
{
	return (void *)((char *)w - offsetof(struct task_tracker_wait, waiter));
}

/* It has been closed and empty since this was built. */
static bool is_due(const struct task_tracker_wait *w)
{
	return w->n_ends != w->shared->n_ends || is_ended(w->shared);
}

/*
 * Releases the lock, and wakes all who are due: those who came before the end, and so stand in
 * front. The caller has a reference: whoever is woken may drop the tracker while we go on.
 */
static void release_and_wake(struct tracker_shared *s)
{
	struct wake_list wakes;
	bool more;

	wakes.n = 0;
	do {
		struct waiter *w;

		while ((w = s->waiting.first) && is_due(wait_of(w)) && !wake_list_is_full(&wakes)) {
			waiter_list_remove(&s->waiting, w);
			wake_list_take(&wakes, &w->waker);
		}
		more = w && is_due(wait_of(w));
		lock_release(&s->lock);
		wake_list_fire(&wakes);
		if (more)
			lock_acquire(&s->lock);
	} while (more);
}

/* --- The tracker --- */

int task_tracker_init(struct task_tracker *t)
{
	t->shared = mem_alloc(sizeof *t->shared);
	if (!t->shared)
		return -ENOMEM;
	*t->shared = (struct tracker_shared){ 0 };
	count_add(&t->shared->refs, 1);
	return 0;
}

struct task_tracker task_tracker_clone(const struct task_tracker *t)
{
	count_add(&t->shared->refs, 1);
	return *t;
}

void task_tracker_drop(struct task_tracker *t)
{
	struct tracker_shared *s = t->shared;

	t->shared = NULL;
	if (s)
		unref(s);
}

bool task_tracker_close(struct task_tracker *t)
{
	struct tracker_shared *s = t->shared;
	bool was_closed;

	lock_acquire(&s->lock);
	was_closed = s->is_closed;
	s->is_closed = true;
	if (!was_closed && s->n == 0)
		s->n_ends++;
	count_add(&s->refs, 1); /* whoever is woken may drop the caller's */
	release_and_wake(s);
	unref(s);
	return !was_closed;
}

bool task_tracker_reopen(struct task_tracker *t)
{
	bool was_closed;

	lock_acquire(&t->shared->lock);
	was_closed = t->shared->is_closed;
	t->shared->is_closed = false;
	lock_release(&t->shared->lock);
	return was_closed;
}

bool task_tracker_is_closed(const struct task_tracker *t)
{
	bool is_closed;

	lock_acquire(&t->shared->lock);
	is_closed = t->shared->is_closed;
	lock_release(&t->shared->lock);
	return is_closed;
}

size_t task_tracker_len(const struct task_tracker *t)
{
	size_t n;

	lock_acquire(&t->shared->lock);
	n = t->shared->n;
	lock_release(&t->shared->lock);
	return n;
}

/* --- Tokens --- */

static struct task_token new_token(struct tracker_shared *s)
{
	count_add(&s->refs, 1);
	lock_acquire(&s->lock);
	s->n++;
	lock_release(&s->lock);
	return (struct task_token){ s };
}

struct task_token task_tracker_token(const struct task_tracker *t)
{
	return new_token(t->shared);
}

struct task_token task_token_clone(const struct task_token *token)
{
	return new_token(token->shared);
}

/* The token's reference is given back last: see release_and_wake. */
void task_token_drop(struct task_token *token)
{
	struct tracker_shared *s = token->shared;

	token->shared = NULL;
	if (!s)
		return;
	lock_acquire(&s->lock);
	bug_unless(s->n > 0);
	s->n--;
	if (is_ended(s))
		s->n_ends++;
	release_and_wake(s);
	unref(s);
}

/* --- wait --- */

/* Out of the queue, if it is in it. Under the lock; what is returned is to be dropped after it. */
static struct waker leave(struct task_tracker_wait *w)
{
	if (waiter_is_queued(&w->shared->waiting, &w->waiter))
		waiter_list_remove(&w->shared->waiting, &w->waiter);
	return waker_take(&w->waiter.waker);
}

/* Under the lock, with a fresh waker; the stale one comes back in its place. */
static void stay(struct task_tracker_wait *w, struct waker *fresh)
{
	if (!waiter_is_queued(&w->shared->waiting, &w->waiter))
		waiter_list_push(&w->shared->waiting, &w->waiter);
	waiter_swap_waker(&w->waiter, fresh);
}

static enum poll wait_poll(struct future *f, struct context *cx)
{
	struct task_tracker_wait *w = future_of(f, struct task_tracker_wait);
	struct waker left_over, stale = { 0 };
	bool due;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	left_over = waker_clone(cx->waker); /* before the lock: it may call anything */
	lock_acquire(&w->shared->lock);
	due = is_due(w);
	if (due)
		stale = leave(w);
	else
		stay(w, &left_over);
	lock_release(&w->shared->lock);
	waker_drop(&left_over);
	waker_drop(&stale);
	if (!due)
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void wait_drop(struct future *f)
{
	struct task_tracker_wait *w = future_of(f, struct task_tracker_wait);
	struct waker stale;

	lock_acquire(&w->shared->lock);
	stale = leave(w);
	lock_release(&w->shared->lock);
	waker_drop(&stale);
}

static const struct future_ops wait_ops = FUTURE_OPS("task_tracker_wait", wait_poll, wait_drop);

struct future *task_tracker_wait(struct task_tracker_wait *w, const struct task_tracker *t)
{
	struct tracker_shared *s = t->shared;

	*w = (struct task_tracker_wait){ .future = future_init(&wait_ops), .shared = s };
	lock_acquire(&s->lock);
	w->n_ends = s->n_ends - is_ended(s); /* what is the case now has been so since now */
	lock_release(&s->lock);
	return &w->future;
}

/* --- tracked --- */

static enum poll tracked_poll(struct future *f, struct context *cx)
{
	struct tracked *tr = future_of(f, struct tracked);

	if (future_poll(tr->child, cx) == POLL_PENDING)
		return POLL_PENDING;
	task_token_drop(&tr->token);
	return POLL_READY;
}

/* The child first: whoever is told that nobody is left may take away what it had borrowed. */
static void tracked_drop(struct future *f)
{
	struct tracked *tr = future_of(f, struct tracked);

	future_drop(tr->child);
	task_token_drop(&tr->token);
}

static struct future *tracked_child(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct tracked)->child : NULL;
}

static const struct future_ops tracked_ops = {
	.name = "tracked", .poll = tracked_poll, .drop = tracked_drop, .child = tracked_child,
	.is_unseen = true, .over = FUTURE_OVER("tracked"),
};

struct future *tracked(struct tracked *tr, struct task_token token, struct future *child)
{
	bug_unless(child && token.shared);
	*tr = (struct tracked){ .future = future_init(&tracked_ops), .child = child,
				.token = token };
	return &tr->future;
}
