/* wake_queue: slots, the queue through them, the wakers that point to them. See wake_queue.h. */
#include "stream/wake_queue.h"

#include <errno.h>

#include "base/mem.h"

/* --- Memory --- */

static void add_slots(struct wake_queue *q, struct wake_slot *slots, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		slots[i] = (struct wake_slot){ .queue = q, .next = q->free };
		q->free = &slots[i];
	}
	q->n_slots += n;
	q->n_free += n;
}

struct wake_queue *wake_queue_new(void)
{
	struct wake_queue *q = mem_alloc(sizeof *q);

	if (!q)
		return NULL;
	*q = (struct wake_queue){ 0 };
	count_add(&q->refs, 1);
	add_slots(q, q->slots, WAKE_QUEUE_SLOTS);
	return q;
}

static void destroy(struct wake_queue *q)
{
	bug_unless(!waker_is_some(&q->waker) && !q->first);
	for (struct wake_chunk *c = q->chunks, *next; c; c = next) {
		next = c->next;
		mem_free(c, c->len);
	}
	mem_free(q, sizeof *q);
}

void wake_queue_unref(struct wake_queue *q)
{
	if (count_sub(&q->refs, 1) == 0)
		destroy(q);
}

/* Slots never move: wakers point to them. So there is another chunk, as large as all before it. */
static int grow(struct wake_queue *q)
{
	struct wake_chunk *c;
	size_t n = q->n_slots, len;

	if (__builtin_mul_overflow(n, sizeof c->slots[0], &len) ||
	    __builtin_add_overflow(len, sizeof *c, &len))
		return -ENOMEM;
	c = mem_alloc(len);
	if (!c)
		return -ENOMEM;
	c->next = q->chunks;
	c->len = len;
	q->chunks = c;
	add_slots(q, c->slots, n);
	return 0;
}

int wake_queue_reserve(struct wake_queue *q, size_t n)
{
	int err = 0;

	while (!err && q->n_free < n)
		err = grow(q);
	return err;
}

/* --- The queue; under the lock --- */

static void push(struct wake_queue *q, struct wake_slot *slot)
{
	slot->next = NULL;
	slot->prev = q->last;
	if (q->last)
		q->last->next = slot;
	else
		q->first = slot;
	q->last = slot;
	slot->is_queued = true;
	q->n_queued++;
}

static void unlink_slot(struct wake_queue *q, struct wake_slot *slot)
{
	if (slot->prev)
		slot->prev->next = slot->next;
	else
		q->first = slot->next;
	if (slot->next)
		slot->next->prev = slot->prev;
	else
		q->last = slot->prev;
	slot->is_queued = false;
	q->n_queued--;
}

/* --- What the set does --- */

struct wake_slot *wake_queue_open(struct wake_queue *q, void *owner)
{
	struct wake_slot *slot = q->free;

	bug_unless(slot && owner);
	q->free = slot->next;
	q->n_free--;
	lock_acquire(&q->lock);
	slot->owner = owner;
	lock_release(&q->lock);
	return slot;
}

void wake_queue_close(struct wake_slot *slot)
{
	struct wake_queue *q = slot->queue;

	lock_acquire(&q->lock);
	if (slot->is_queued)
		unlink_slot(q, slot);
	slot->owner = NULL;
	lock_release(&q->lock);
	slot->next = q->free;
	q->free = slot;
	q->n_free++;
}

size_t wake_queue_n(struct wake_queue *q)
{
	size_t n;

	lock_acquire(&q->lock);
	n = q->n_queued;
	lock_release(&q->lock);
	return n;
}

void *wake_queue_pop(struct wake_queue *q)
{
	struct wake_slot *slot;
	void *owner = NULL;

	lock_acquire(&q->lock);
	slot = q->first;
	if (slot) {
		unlink_slot(q, slot);
		owner = slot->owner;
	}
	lock_release(&q->lock);
	return owner;
}

bool wake_queue_wait(struct wake_queue *q, const struct waker *w)
{
	struct waker left_over = waker_clone(w); /* not under the lock: it may call anything */
	bool waits;

	lock_acquire(&q->lock);
	waits = !q->first;
	if (waits) {
		struct waker stale = q->waker;

		q->waker = left_over;
		left_over = stale;
	}
	lock_release(&q->lock);
	waker_drop(&left_over);
	return waits;
}

struct waker wake_queue_leave(struct wake_queue *q)
{
	struct waker taken;

	lock_acquire(&q->lock);
	taken = waker_take(&q->waker);
	lock_release(&q->lock);
	return taken;
}

/* --- What anybody does, by a waker --- */

static struct waker clone(void *data)
{
	struct wake_slot *slot = data;

	count_add(&slot->queue->refs, 1);
	return wake_slot_waker(slot);
}

static void wake_by_ref(void *data)
{
	struct wake_slot *slot = data;
	struct wake_queue *q = slot->queue;
	struct waker waiting = { 0 };

	lock_acquire(&q->lock);
	if (slot->owner && !slot->is_queued) {
		push(q, slot);
		waiting = waker_take(&q->waker);
	}
	lock_release(&q->lock);
	waker_wake(&waiting);
}

static void drop(void *data)
{
	wake_queue_unref(((struct wake_slot *)data)->queue);
}

static void wake(void *data)
{
	wake_by_ref(data);
	drop(data);
}

static const struct waker_vtable slot_vtable = {
	.clone = clone, .wake = wake, .wake_by_ref = wake_by_ref, .drop = drop
};

struct waker wake_slot_waker(struct wake_slot *slot)
{
	return (struct waker){ &slot_vtable, slot };
}
