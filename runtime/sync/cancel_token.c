/*
 * cancel_token: see cancel_token.h. All tokens of a tree share the lock of its first, so that the
 * memory of that one stays until the last is gone.
 *
 * A token does not know its parent. It lies in a ring: that of its parent's children, or one of the
 * two rings of work that a cancel has still to do. Leaving a ring does not take its head, and what
 * replaces a token in a ring is in the right place in each of the three. So a token that is given
 * up, at any moment, leaves its place to its children, and a chain of a million tokens needs
 * neither recursion nor a way up.
 */
#include "sync/cancel_token.h"

#include <errno.h>

#include "base/mem.h"

struct ring {
	struct ring *next, *prev; /* itself: alone, or a head of nothing */
};

struct cancel_node {
	struct cancel_tree *tree;
	struct count n_handles;
	atomic_bool is_cancelled; /* set under the lock, read without it */

	/* under the tree's lock */
	struct ring place;          /* among siblings, or where there is work to do, or alone */
	struct ring children;       /* their places; none once it is cancelled */
	struct waiter_list waiting; /* of cancelled */
};

/*
 *	LIVE --cancel--> to_mark --> CANCELLED, if somebody waits: to_wake --> nobody waits
 *
 * Both rings are empty but while a cancel is at work. It opens the lock now and then; who comes in
 * meanwhile to cancel works at the same rings until they are empty.
 */
struct cancel_tree {
	struct lock lock;
	size_t n_keep; /* tokens, and calls that will come back; all below is under the lock, too */
	struct ring to_mark, to_wake;
	struct cancel_node root;
};

/* --- Rings --- */

static void ring_init(struct ring *r)
{
	r->next = r->prev = r;
}

static bool ring_is_empty(const struct ring *r)
{
	return r->next == r;
}

/* `r`, which is alone, goes before `next`: behind all others, if that is the head. */
static void ring_insert(struct ring *next, struct ring *r)
{
	r->next = next;
	r->prev = next->prev;
	next->prev->next = r;
	next->prev = r;
}

static void ring_leave(struct ring *r)
{
	r->prev->next = r->next;
	r->next->prev = r->prev;
	ring_init(r);
}

/* All that `head` has goes where `r` is, and `r` is alone afterwards. */
static void ring_replace(struct ring *r, struct ring *head)
{
	if (!ring_is_empty(head)) {
		head->next->prev = r->prev;
		r->prev->next = head->next;
		head->prev->next = r;
		r->prev = head->prev;
		ring_init(head);
	}
	ring_leave(r);
}

static struct cancel_node *first_of(const struct ring *head)
{
	return (void *)((char *)head->next - offsetof(struct cancel_node, place));
}

/* --- Cancelling. Under the lock. --- */

static bool is_marked(const struct cancel_node *node)
{
	/* acquire: pairs with the release in mark() */
	return atomic_load_explicit(&node->is_cancelled, memory_order_acquire);
}

static void mark(struct cancel_node *node)
{
	/* release: pairs with the acquire in is_marked(), for those who ask without the lock */
	atomic_store_explicit(&node->is_cancelled, true, memory_order_release);
}

/* Of those to be marked, as many as the lock may be held for. True: some are left. */
static bool mark_some(struct cancel_tree *tree)
{
	enum { MARK_MAX = 64 };

	for (int i = 0; i < MARK_MAX && !ring_is_empty(&tree->to_mark); i++) {
		struct cancel_node *node = first_of(&tree->to_mark);

		mark(node);
		ring_replace(&node->place, &node->children);
		if (!waiter_list_is_empty(&node->waiting))
			ring_insert(&tree->to_wake, &node->place);
	}
	return !ring_is_empty(&tree->to_mark);
}

static struct cancelled *cancelled_of(struct waiter *w)
{
	return (void *)((char *)w - offsetof(struct cancelled, waiter));
}

/* Of those who wait, as many as the list takes. Some may have left meanwhile. True: as above. */
static bool wake_some(struct cancel_tree *tree, struct wake_list *wakes)
{
	while (!ring_is_empty(&tree->to_wake) && !wake_list_is_full(wakes)) {
		struct cancel_node *node = first_of(&tree->to_wake);
		struct waiter *w = waiter_list_pop(&node->waiting);

		if (w) {
			count_add(&cancelled_of(w)->n_taken, 1);
			wake_list_take(wakes, &w->waker);
		} else {
			ring_leave(&node->place);
		}
	}
	return !ring_is_empty(&tree->to_wake);
}

/* Releases the lock, and gives up a share of the tree, which is freed with the last. */
static void release(struct cancel_tree *tree)
{
	bool is_last = --tree->n_keep == 0;

	lock_release(&tree->lock);
	if (is_last)
		mem_free(tree, sizeof *tree);
}

/*
 * Called with the lock held, returns without it. Nobody is woken before all are marked. A waker may
 * give up every token: so there is a share for this call.
 */
static void work_off(struct cancel_tree *tree)
{
	struct wake_list wakes;
	bool more;

	tree->n_keep++;
	do {
		wakes.n = 0;
		more = mark_some(tree) || wake_some(tree, &wakes);
		if (more)
			lock_release(&tree->lock);
		else
			release(tree);
		wake_list_fire(&wakes);
		if (more)
			lock_acquire(&tree->lock);
	} while (more);
}

void cancel_token_cancel(const struct cancel_token *t)
{
	struct cancel_node *node = t->node;

	if (!node)
		return;
	lock_acquire(&node->tree->lock);
	if (!is_marked(node)) {
		ring_leave(&node->place);
		ring_insert(&node->tree->to_mark, &node->place);
	}
	work_off(node->tree);
}

bool cancel_token_is_cancelled(const struct cancel_token *t)
{
	return t->node && is_marked(t->node);
}

/* --- Making and giving up --- */

static void node_init(struct cancel_node *node, struct cancel_tree *tree)
{
	*node = (struct cancel_node){ .tree = tree };
	count_add(&node->n_handles, 1);
	ring_init(&node->place);
	ring_init(&node->children);
}

int cancel_token_init(struct cancel_token *t)
{
	struct cancel_tree *tree = mem_alloc(sizeof *tree);

	*t = (struct cancel_token){ 0 };
	if (!tree)
		return -ENOMEM;
	*tree = (struct cancel_tree){ .n_keep = 1 };
	ring_init(&tree->to_mark);
	ring_init(&tree->to_wake);
	node_init(&tree->root, tree);
	t->node = &tree->root;
	return 0;
}

int cancel_token_child(struct cancel_token *child, const struct cancel_token *parent)
{
	struct cancel_node *above = parent->node, *node;

	bug_unless(above);
	node = mem_alloc(sizeof *node);
	*child = (struct cancel_token){ node };
	if (!node)
		return -ENOMEM;
	node_init(node, above->tree);
	lock_acquire(&above->tree->lock);
	above->tree->n_keep++;
	if (is_marked(above))
		mark(node);
	else
		ring_insert(&above->children, &node->place);
	lock_release(&above->tree->lock);
	return 0;
}

struct cancel_token cancel_token_clone(const struct cancel_token *t)
{
	bug_unless(t->node);
	count_add(&t->node->n_handles, 1);
	return *t;
}

/* The last handle is gone, so nobody but a cancel that is at work can come to it any more. */
static void discard(struct cancel_node *node)
{
	struct cancel_tree *tree = node->tree;
	bool is_root = node == &tree->root;

	lock_acquire(&tree->lock);
	if (!waiter_list_is_empty(&node->waiting))
		bug("cancel_token_drop", "a future of it still waits", __FILE__, __LINE__);
	ring_replace(&node->place, &node->children);
	release(tree);
	if (!is_root)
		mem_free(node, sizeof *node);
}

void cancel_token_drop(struct cancel_token *t)
{
	struct cancel_node *node = t->node;

	t->node = NULL;
	if (node && count_sub(&node->n_handles, 1) == 0)
		discard(node);
}

/* --- Waiting --- */

/* True: it is cancelled. False: the waiter is in the queue with a clone of `w`. */
static bool come_or_wait(struct cancelled *c, const struct waker *w)
{
	struct cancel_node *node = c->node;
	struct waker fresh = waker_clone(w); /* before the lock: it may call anything */
	bool come;

	lock_acquire(&node->tree->lock);
	come = is_marked(node);
	if (!come) {
		if (!waiter_is_queued(&node->waiting, &c->waiter))
			waiter_list_push(&node->waiting, &c->waiter);
		c->known = fresh;
		waiter_swap_waker(&c->waiter, &fresh);
	}
	lock_release(&node->tree->lock);
	waker_drop(&fresh);
	return come;
}

static void stop_waiting(struct cancelled *c)
{
	struct cancel_node *node = c->node;
	struct waker stale;

	if (!waker_is_some(&c->known))
		return; /* it never waited */
	lock_acquire(&node->tree->lock);
	if (waiter_is_queued(&node->waiting, &c->waiter))
		waiter_list_remove(&node->waiting, &c->waiter);
	stale = waker_take(&c->waiter.waker);
	lock_release(&node->tree->lock);
	waker_drop(&stale);
}

/*
 * True if the right waker is in the queue, or was there and is still to be woken. Told without the
 * lock, which all tasks of a tree would else meet at whenever anything wakes them. Adding nothing
 * is a read-modify-write, which never says an old value, as a mere load may: who was woken because
 * it was taken must not go back to sleep.
 */
static bool is_waiting(struct cancelled *c, const struct waker *w)
{
	return waker_will_wake(&c->known, w) && count_add(&c->n_taken, 0) == 0;
}

static enum poll cancelled_poll(struct future *f, struct context *cx)
{
	struct cancelled *c = future_of(f, struct cancelled);

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	if (!is_marked(c->node) && (is_waiting(c, cx->waker) || !come_or_wait(c, cx->waker)))
		return POLL_PENDING;
	stop_waiting(c);
	context_spend(cx);
	return POLL_READY;
}

static void cancelled_drop(struct future *f)
{
	stop_waiting(future_of(f, struct cancelled));
}

static const struct future_ops cancelled_ops =
	FUTURE_OPS("cancelled", cancelled_poll, cancelled_drop);

struct future *cancelled(struct cancelled *c, const struct cancel_token *t)
{
	bug_unless(t->node);
	*c = (struct cancelled){ .future = future_init(&cancelled_ops), .node = t->node };
	return &c->future;
}
