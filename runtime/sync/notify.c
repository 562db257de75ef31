/*
 * notify: see notify.h. The queue is a ring, unlike waiter.h's: a waiter in a ring can leave
 * without knowing which ring. So notify_waiters moves all who are there into a ring of its own, and
 * works through that with the lock released between batches, while newcomers queue in the old one.
 */
#include "sync/notify.h"

/* Where one stands that is not queued. The generation it was built in is only needed while IDLE. */
enum standing { IDLE, SEEN, HELD_FIRST, HELD_LAST };
enum { STANDING_BITS = 2, STANDING_MASK = (1 << STANDING_BITS) - 1 };

static void put_stamp(struct waiter *w, enum standing standing, uintptr_t generation)
{
	w->waker = (struct waker){ .data = (void *)(generation << STANDING_BITS | standing) };
}

static enum standing standing_of(const struct waiter *w)
{
	return (uintptr_t)w->waker.data & STANDING_MASK;
}

/* True if all have been notified since it was built. A stamp has not room for every bit. */
static bool is_outdated(const struct waiter *w, uintptr_t generation)
{
	uintptr_t built_in = (uintptr_t)w->waker.data >> STANDING_BITS;

	return built_in != generation << STANDING_BITS >> STANDING_BITS;
}

static void ring_init(struct waiter *ring)
{
	ring->next = ring->prev = ring;
}

static bool is_queued(const struct waiter *w)
{
	return w->next != NULL;
}

static void ring_push(struct waiter *ring, struct waiter *w)
{
	w->next = ring;
	w->prev = ring->prev;
	ring->prev->next = w;
	ring->prev = w;
}

static void ring_leave(struct waiter *w)
{
	w->prev->next = w->next;
	w->next->prev = w->prev;
	w->next = w->prev = NULL;
}

/* Everything in `from`, which is empty afterwards, becomes the content of `to`. */
static void ring_move(struct waiter *from, struct waiter *to)
{
	ring_init(to);
	if (from->next == from)
		return;
	to->next = from->next;
	to->prev = from->prev;
	to->next->prev = to->prev->next = to;
	ring_init(from);
}

/* Out of the ring with its notification. Returns its waker; after the lock, `w` may be gone. */
static struct waker dismiss(struct waiter *w, enum standing standing)
{
	struct waker waker = w->waker;

	ring_leave(w);
	put_stamp(w, standing, 0);
	return waker;
}

/* Under the lock. Returns whom to wake after it: nobody, if the notification was stored. */
static struct waker notify_single(struct notify *n, enum standing standing)
{
	struct waiter *w = standing == HELD_FIRST ? n->ring.next : n->ring.prev;

	if (w != &n->ring)
		return dismiss(w, standing);
	n->stored = true;
	return (struct waker){ 0 };
}

void notify_one(struct notify *n)
{
	struct waker waker;

	lock_acquire(&n->lock);
	waker = notify_single(n, HELD_FIRST);
	lock_release(&n->lock);
	waker_wake(&waker);
}

void notify_last(struct notify *n)
{
	struct waker waker;

	lock_acquire(&n->lock);
	waker = notify_single(n, HELD_LAST);
	lock_release(&n->lock);
	waker_wake(&waker);
}

void notify_waiters(struct notify *n)
{
	struct wake_list wakes;
	struct waiter leaving;
	bool more;

	lock_acquire(&n->lock);
	/* release: pairs with the acquire in notified(). Written under the lock: no atomic add. */
	atomic_store_explicit(&n->generation,
			      atomic_load_explicit(&n->generation, memory_order_relaxed) + 1,
			      memory_order_release);
	ring_move(&n->ring, &leaving);
	for (;;) {
		wakes.n = 0;
		while (leaving.next != &leaving && !wake_list_is_full(&wakes)) {
			struct waker waker = dismiss(leaving.next, SEEN);

			wake_list_take(&wakes, &waker);
		}
		/* Read under the lock: without it, whoever is left may be dropped, and so leave. */
		more = leaving.next != &leaving;
		lock_release(&n->lock);
		wake_list_fire(&wakes);
		if (!more)
			return;
		lock_acquire(&n->lock);
	}
}

void notify_init(struct notify *n)
{
	*n = (struct notify){ 0 };
	ring_init(&n->ring);
}

/* True if it need not wait (any more), which may consume the stored one. Under the lock. */
static inline bool settle(struct notified *n)
{
	struct notify *notify = n->notify;
	uintptr_t generation;

	if (is_queued(&n->waiter))
		return false;
	if (standing_of(&n->waiter) != IDLE)
		return true;
	generation = atomic_load_explicit(&notify->generation, memory_order_relaxed);
	if (!is_outdated(&n->waiter, generation)) {
		if (!notify->stored)
			return false;
		notify->stored = false;
	}
	put_stamp(&n->waiter, SEEN, 0);
	return true;
}

/* Without a waker as yet. Under the lock. */
static void enqueue(struct notified *n)
{
	if (!is_queued(&n->waiter)) {
		n->waiter.waker = (struct waker){ 0 };
		ring_push(&n->notify->ring, &n->waiter);
	}
}

/* See its namesake in semaphore.c: the lock is released over clone(), so all is looked at again. */
static bool settle_or_wait(struct notified *n, const struct waker *w, struct waker *left_over)
{
	lock_release(&n->notify->lock);
	*left_over = waker_clone(w);
	lock_acquire(&n->notify->lock);
	if (settle(n))
		return true;
	enqueue(n);
	waiter_swap_waker(&n->waiter, left_over);
	return false;
}

static enum poll notified_poll(struct future *f, struct context *cx)
{
	struct notified *n = future_of(f, struct notified);
	struct waker left_over = { 0 };
	bool settled;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	lock_acquire(&n->notify->lock);
	settled = settle(n);
	if (!settled && !waker_will_wake(&n->waiter.waker, cx->waker))
		settled = settle_or_wait(n, cx->waker, &left_over);
	lock_release(&n->notify->lock);
	waker_drop(&left_over);
	if (!settled)
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void notified_drop(struct future *f)
{
	struct notified *n = future_of(f, struct notified);
	struct waker heir = { 0 }, unused = { 0 };

	lock_acquire(&n->notify->lock);
	if (is_queued(&n->waiter))
		unused = dismiss(&n->waiter, SEEN);
	else if (standing_of(&n->waiter) == HELD_FIRST || standing_of(&n->waiter) == HELD_LAST)
		heir = notify_single(n->notify, standing_of(&n->waiter));
	lock_release(&n->notify->lock);
	waker_wake(&heir);
	waker_drop(&unused);
}

bool notified_enable(struct notified *n)
{
	bool settled;

	bug_unless(future_is_live(&n->future));
	future__pin(&n->future);
	lock_acquire(&n->notify->lock);
	settled = settle(n);
	/* A notification that the caller has been told of is his: a drop does not pass it on. */
	if (settled)
		put_stamp(&n->waiter, SEEN, 0);
	else
		enqueue(n);
	lock_release(&n->notify->lock);
	return settled;
}

static const struct future_ops notified_ops = FUTURE_OPS("notified", notified_poll, notified_drop);

struct future *notified(struct notified *n, struct notify *notify)
{
	*n = (struct notified){ .future = future_init(&notified_ops), .notify = notify };
	/*
	 * acquire: pairs with the release in notify_waiters. Whoever gets the new generation here,
	 * and so does not count as notified, also sees what was written before the call: "look,
	 * then wait" holds.
	 */
	put_stamp(&n->waiter, IDLE,
		  atomic_load_explicit(&notify->generation, memory_order_acquire));
	return &n->future;
}
