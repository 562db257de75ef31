/* futures_unordered: the list of children, and the future that polls those that were woken. */
#include "stream/futures_unordered.h"

#include <errno.h>

#include "stream/wake_queue.h"

/* --- The list of children --- */

static void link_member(struct futures_unordered *set, struct futures_member *m)
{
	m->next = NULL;
	m->prev = set->last;
	if (set->last)
		set->last->next = m;
	else
		set->first = m;
	set->last = m;
	set->n++;
}

/* Out of the list and out of the queue. Its future is the caller's again. */
static void take_out(struct futures_unordered *set, struct futures_member *m)
{
	if (m->prev)
		m->prev->next = m->next;
	else
		set->first = m->next;
	if (m->next)
		m->next->prev = m->prev;
	else
		set->last = m->prev;
	set->n--;
	wake_queue_close(m->slot);
	m->next = m->prev = NULL;
	m->slot = NULL;
}

static bool have_queue(struct futures_unordered *set)
{
	if (!set->queue)
		set->queue = wake_queue_new();
	return set->queue;
}

int futures_unordered_reserve(struct futures_unordered *set, size_t n)
{
	return have_queue(set) ? wake_queue_reserve(set->queue, n) : -ENOMEM;
}

int futures_unordered_push(struct futures_unordered *set, struct futures_member *member,
			   struct future *child)
{
	struct waker waker;

	bug_unless(child && future_is_live(child) && !futures_member_is_in(member));
	if (futures_unordered_reserve(set, 1))
		return -ENOMEM;
	member->future = child;
	member->slot = wake_queue_open(set->queue, member);
	link_member(set, member);
	waker = wake_slot_waker(member->slot);
	waker_wake_by_ref(&waker); /* last: it may call anything, the poll of the child above all */
	return 0;
}

/* If it was the last one, whoever waits learns that there is none any more. */
void futures_unordered_remove(struct futures_unordered *set, struct futures_member *member)
{
	struct waker waiting = { 0 };

	if (!futures_member_is_in(member))
		return;
	bug_unless(set->polled != member); /* law 5: not from inside its own poll */
	take_out(set, member);
	future_drop(member->future);
	if (set->n == 0 && set->queue)
		waiting = wake_queue_leave(set->queue);
	waker_wake(&waiting);
}

/* A child that is dropped may remove others, or push: they go, too. */
void futures_unordered_clear(struct futures_unordered *set)
{
	struct waker waiting;

	bug_unless(!set->polled);
	while (set->first) {
		struct futures_member *m = set->first;

		take_out(set, m);
		future_drop(m->future);
	}
	if (!set->queue)
		return;
	waiting = wake_queue_leave(set->queue);
	wake_queue_unref(set->queue);
	set->queue = NULL;
	waker_wake(&waiting);
}

/* --- Polling --- */

/* Under its own waker; the rest of the context is the caller's, and so is the budget. */
static enum poll poll_member(struct futures_unordered *set, struct futures_member *m,
			     struct context *cx)
{
	struct waker waker = wake_slot_waker(m->slot);
	struct futures_member *outer = set->polled;
	struct context mine = *cx;
	enum poll polled;

	mine.waker = &waker;
	set->polled = m;
	polled = future_poll(m->future, &mine);
	set->polled = outer;
	cx->budget = mine.budget;
	return polled;
}

/*
 * Only as many as are queued now: so nobody is polled twice, even if he wakes himself each time.
 * With no budget left a child can do nothing but wake itself, and so is not asked.
 */
struct futures_member *futures_unordered__poll(struct futures_unordered *set, struct context *cx,
					       size_t n_polls)
{
	size_t n = set->queue ? wake_queue_n(set->queue) : 0;

	if (n > n_polls)
		n = n_polls;
	while (n-- > 0 && cx->budget > 0) {
		struct futures_member *m = wake_queue_pop(set->queue);

		if (!m)
			return NULL; /* one that was queued has been removed meanwhile */
		if (poll_member(set, m, cx) == POLL_READY) {
			take_out(set, m);
			return m;
		}
	}
	return NULL;
}

/* --- next --- */

/* Nothing more is to be awaited: the set forgets us, and our waker. */
static void leave(struct futures_unordered_next *n)
{
	struct futures_unordered *set = n->set;

	if (set->waiting == &n->future) {
		struct waker stale = { 0 };

		set->waiting = NULL;
		if (set->queue)
			stale = wake_queue_leave(set->queue);
		waker_drop(&stale);
	}
}

static void wait_for_wake(struct futures_unordered_next *n, const struct waker *w)
{
	struct futures_unordered *set = n->set;

	if (set->waiting && set->waiting != &n->future)
		bug("futures_unordered_next", "two wait on one set at the same time", NULL, 0);
	set->waiting = &n->future;
	if (!wake_queue_wait(set->queue, w) || set->n == 0)
		waker_wake_by_ref(w); /* there is more to do, at the next turn */
}

/*
 * An empty set is a leaf that is always ready, and so the budget is its business; otherwise its
 * children have seen to it.
 */
static enum poll next_poll(struct future *f, struct context *cx)
{
	struct futures_unordered_next *n = future_of(f, struct futures_unordered_next);

	if (n->set->n == 0) {
		if (!context_may_proceed(cx))
			return POLL_PENDING;
		context_spend(cx);
	} else {
		n->member = futures_unordered__poll(n->set, cx, FUTURES_UNORDERED_POLLS);
		if (!n->member) {
			wait_for_wake(n, cx->waker);
			return POLL_PENDING;
		}
		n->done = n->member->future;
	}
	leave(n);
	return POLL_READY;
}

static void next_drop(struct future *f)
{
	leave(future_of(f, struct futures_unordered_next));
}

static struct future *next_child(struct future *f, unsigned i)
{
	struct futures_member *m = future_of(f, struct futures_unordered_next)->set->first;

	while (m && i-- > 0)
		m = m->next;
	return m ? m->future : NULL;
}

static const struct future_ops next_ops =
	FUTURE_OPS_PARENT("futures_unordered_next", next_poll, next_drop, next_child);

struct future *futures_unordered_next(struct futures_unordered_next *n,
				      struct futures_unordered *set)
{
	*n = (struct futures_unordered_next){ .future = future_init(&next_ops), .set = set };
	return &n->future;
}
