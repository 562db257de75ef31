/*
 * semaphore: see semaphore.h. All that hands out permits comes together in serve_some(): a release,
 * a cancelled waiter and a cancelled winner only put permits into `available` and call it.
 */
#include "sync/semaphore.h"

#include <errno.h>

static struct semaphore_acquire *first_of(const struct semaphore *s)
{
	char *w = (char *)s->queue.first;

	return w ? (void *)(w - offsetof(struct semaphore_acquire, waiter)) : NULL;
}

/* What a newcomer may have: free permits beside a queue are on their way to its head. */
static size_t unclaimed(const struct semaphore *s)
{
	return waiter_list_is_empty(&s->queue) ? s->available : 0;
}

static int take(struct semaphore *s, size_t n)
{
	if (s->closed)
		return -EPIPE;
	if (n > unclaimed(s))
		return n > SEMAPHORE_MAX ? -EINVAL : -EAGAIN;
	s->available -= n;
	return 0;
}

/* Out of the queue with its verdict. Once the lock is released, `a` may be gone. */
static void dismiss(struct semaphore_acquire *a, enum semaphore_acquire_state verdict,
		    struct wake_list *wakes)
{
	waiter_list_remove(&a->semaphore->queue, &a->waiter);
	a->state = verdict;
	wake_list_take(wakes, &a->waiter.waker);
}

/* Gives what is free to the head of the queue, and to the next, until one of the three runs out. */
static void serve_some(struct semaphore *s, struct wake_list *wakes)
{
	struct semaphore_acquire *a;

	while (s->available > 0 && (a = first_of(s)) && !wake_list_is_full(wakes)) {
		size_t n = a->missing < s->available ? a->missing : s->available;

		s->available -= n;
		a->missing -= n;
		if (a->missing == 0)
			dismiss(a, SEMAPHORE_ACQUIRE_GRANTED, wakes);
	}
}

/*
 * Called with the lock held, returns without it. While it is released in between, the permits not
 * yet handed out are in `available`, so a call-back or another thread that comes in here goes on
 * with them in the same order.
 */
static void serve_and_unlock(struct semaphore *s)
{
	struct wake_list wakes;
	bool more;

	do {
		wakes.n = 0;
		serve_some(s, &wakes);
		more = s->available > 0 && !waiter_list_is_empty(&s->queue);
		lock_release(&s->lock);
		wake_list_fire(&wakes);
		if (more)
			lock_acquire(&s->lock);
	} while (more);
}

/*
 * True if there is no need to wait (any more); `err` then says how it went. Under the lock. Inline,
 * which makes handing over a lock a sixth faster.
 */
static inline bool settle(struct semaphore_acquire *a)
{
	switch (a->state) {
	case SEMAPHORE_ACQUIRE_IDLE:
		a->err = take(a->semaphore, a->n);
		return a->err != -EAGAIN;
	case SEMAPHORE_ACQUIRE_GRANTED:
		a->err = 0;
		return true;
	case SEMAPHORE_ACQUIRE_REFUSED:
		a->err = -EPIPE;
		return true;
	default:
		return false;
	}
}

/* Goes to the end of the queue; who finds it empty begins to collect with what there is. */
static void enqueue(struct semaphore_acquire *a)
{
	struct semaphore *s = a->semaphore;
	size_t n = unclaimed(s);

	bug_unless(n < a->n);
	s->available -= n;
	a->missing = a->n - n;
	a->state = SEMAPHORE_ACQUIRE_QUEUED;
	waiter_list_push(&s->queue, &a->waiter);
}

/*
 * Leaves a clone of `w` where a release will find it. Called with the lock held and returns with
 * it; in between it is released, since clone() may call anything, so all is looked at again. Returns
 * what settle() said; `*left_over` is for the caller to drop once the lock is released.
 */
static bool settle_or_wait(struct semaphore_acquire *a, const struct waker *w,
			   struct waker *left_over)
{
	lock_release(&a->semaphore->lock);
	*left_over = waker_clone(w);
	lock_acquire(&a->semaphore->lock);
	if (settle(a))
		return true;
	if (a->state == SEMAPHORE_ACQUIRE_IDLE)
		enqueue(a);
	waiter_swap_waker(&a->waiter, left_over);
	return false;
}

enum poll semaphore__acquire_poll(struct future *f, struct context *cx)
{
	struct semaphore_acquire *a = future_of(f, struct semaphore_acquire);
	struct waker left_over = { 0 };
	bool settled;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	lock_acquire(&a->semaphore->lock);
	settled = settle(a);
	if (!settled && !waker_will_wake(&a->waiter.waker, cx->waker))
		settled = settle_or_wait(a, cx->waker, &left_over);
	lock_release(&a->semaphore->lock);
	waker_drop(&left_over);
	if (!settled)
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

void semaphore__acquire_drop(struct future *f)
{
	struct semaphore_acquire *a = future_of(f, struct semaphore_acquire);
	struct semaphore *s = a->semaphore;
	struct waker unused = { 0 };

	lock_acquire(&s->lock);
	if (a->state == SEMAPHORE_ACQUIRE_QUEUED) {
		waiter_list_remove(&s->queue, &a->waiter);
		unused = waker_take(&a->waiter.waker);
		s->available += a->n - a->missing;
	} else if (a->state == SEMAPHORE_ACQUIRE_GRANTED) {
		s->available += a->n;
	}
	serve_and_unlock(s);
	waker_drop(&unused);
}

static const struct future_ops acquire_ops =
	FUTURE_OPS("semaphore_acquire", semaphore__acquire_poll, semaphore__acquire_drop);

struct future *semaphore__acquire_as(const struct future_ops *ops, struct semaphore_acquire *a,
				     struct semaphore *s, size_t n)
{
	*a = (struct semaphore_acquire){ .future = future_init(ops), .semaphore = s, .n = n };
	return &a->future;
}

struct future *semaphore_acquire(struct semaphore_acquire *a, struct semaphore *s, size_t n)
{
	return semaphore__acquire_as(&acquire_ops, a, s, n);
}

void semaphore__init_full(struct semaphore *s, size_t n)
{
	bug_unless(n <= SEMAPHORE_MAX);
	*s = (struct semaphore){ .available = n, .max = n };
}

int semaphore_init(struct semaphore *s, size_t n)
{
	if (n > SEMAPHORE_MAX)
		return -EINVAL;
	*s = (struct semaphore){ .available = n, .max = SEMAPHORE_MAX };
	return 0;
}

int semaphore_try_acquire(struct semaphore *s, size_t n)
{
	int err;

	lock_acquire(&s->lock);
	err = take(s, n);
	lock_release(&s->lock);
	return err;
}

int semaphore_release(struct semaphore *s, size_t n)
{
	lock_acquire(&s->lock);
	if (n > s->max - s->available) {
		lock_release(&s->lock);
		return -EOVERFLOW;
	}
	s->available += n;
	if (waiter_list_is_empty(&s->queue))
		lock_release(&s->lock);
	else
		serve_and_unlock(s);
	return 0;
}

size_t semaphore_forget(struct semaphore *s, size_t n)
{
	lock_acquire(&s->lock);
	if (n > unclaimed(s))
		n = unclaimed(s);
	s->available -= n;
	lock_release(&s->lock);
	return n;
}

/* As in serve_and_unlock: all that it goes on with is in the semaphore while the lock is free. */
void semaphore_close(struct semaphore *s)
{
	struct semaphore_acquire *a;
	struct wake_list wakes;
	bool more;

	do {
		lock_acquire(&s->lock);
		s->closed = true;
		wakes.n = 0;
		while ((a = first_of(s)) && !wake_list_is_full(&wakes)) {
			s->available += a->n - a->missing;
			dismiss(a, SEMAPHORE_ACQUIRE_REFUSED, &wakes);
		}
		more = a != NULL;
		lock_release(&s->lock);
		wake_list_fire(&wakes);
	} while (more);
}

bool semaphore_is_closed(struct semaphore *s)
{
	bool closed;

	lock_acquire(&s->lock);
	closed = s->closed;
	lock_release(&s->lock);
	return closed;
}

size_t semaphore_available(struct semaphore *s)
{
	size_t n;

	lock_acquire(&s->lock);
	n = unclaimed(s);
	lock_release(&s->lock);
	return n;
}
