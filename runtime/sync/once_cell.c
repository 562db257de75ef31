/* once_cell: whose turn it is, and whether there is anything left to do. See once_cell.h. */
#include "sync/once_cell.h"

#include <errno.h>

#include "sync/item.h"

static void check_len(const struct once_cell *c, size_t len)
{
	if (c->len != len)
		bug("once_cell", "the value has another size than the variable", NULL, 0);
}

/* Called by who has the turn, which is never given back. */
static void publish(struct once_cell *c)
{
	/* release: pairs with the acquire in once_cell_get */
	atomic_store_explicit(&c->is_set, true, memory_order_release);
	semaphore_close(&c->turn);
	semaphore_close(&c->bell);
}

int once_cell__set(struct once_cell *c, const void *item, size_t len)
{
	int err;

	check_len(c, len);
	err = semaphore_try_acquire(&c->turn, 1);
	if (err)
		return err == -EPIPE ? -EEXIST : -EALREADY;
	item_copy(c->variable, item, len);
	publish(c);
	return 0;
}

/* --- Ends --- */

static bool is_awaited(const struct semaphore *s)
{
	return !waiter_list_is_empty(&s->queue);
}

/* Whoever has the turn, or waits for it, would go on with a cell that is gone. */
static void reset(struct once_cell *c)
{
	bool is_busy = c->turn.available == 0 && !c->turn.closed;

	if (is_busy || is_awaited(&c->turn) || is_awaited(&c->bell))
		bug("once_cell", "it ends while a future still waits on it", __FILE__, __LINE__);
	atomic_store_explicit(&c->is_set, false, memory_order_relaxed);
	semaphore__init_full(&c->turn, 1);
	semaphore__init_full(&c->bell, 0);
}

int once_cell__take(struct once_cell *c, void *slot, size_t len)
{
	void *value = once_cell_get(c);

	check_len(c, len);
	if (!value)
		return -EAGAIN;
	item_copy(slot, value, len);
	reset(c);
	return 0;
}

void once_cell_drop(struct once_cell *c)
{
	void *value = once_cell_get(c);

	if (!c->variable)
		return;
	reset(c);
	if (value && c->drop_item)
		c->drop_item(value);
}

/* --- get_or_init --- */

static bool has_turn(const struct once_cell_get_or_init *g)
{
	return future_is_over(&g->turn.future) && g->turn.err == 0;
}

/* Its turn: the child is run. What it says decides who is next. */
static enum poll initialise(struct once_cell_get_or_init *g, struct context *cx)
{
	if (future_poll(g->child, cx) == POLL_PENDING)
		return POLL_PENDING;
	g->err = g->child_err ? *g->child_err : 0;
	if (g->err)
		semaphore_release(&g->cell->turn, 1);
	else
		publish(g->cell);
	return POLL_READY;
}

/* What most polls of a cell meet is a value: they do without the lock, and leave no trace in it. */
static enum poll wait_for_turn(struct once_cell_get_or_init *g, struct context *cx)
{
	if (g->has_asked || !once_cell_get(g->cell)) {
		g->has_asked = true;
		return future_poll(&g->turn.future, cx);
	}
	if (!context_may_proceed(cx))
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static enum poll get_or_init_poll(struct future *f, struct context *cx)
{
	struct once_cell_get_or_init *g = future_of(f, struct once_cell_get_or_init);

	if (!has_turn(g) && wait_for_turn(g, cx) == POLL_PENDING)
		return POLL_PENDING;
	if (has_turn(g))
		return initialise(g, cx);
	future_drop(g->child);
	g->err = 0;
	return POLL_READY;
}

/* The child first: who has the turn next may use whatever this one had. */
static void get_or_init_drop(struct future *f)
{
	struct once_cell_get_or_init *g = future_of(f, struct once_cell_get_or_init);

	future_drop(g->child);
	if (has_turn(g))
		semaphore_release(&g->cell->turn, 1);
	else
		future_drop(&g->turn.future);
}

static struct future *get_or_init_child(struct future *f, unsigned i)
{
	struct once_cell_get_or_init *g = future_of(f, struct once_cell_get_or_init);

	if (i > 0)
		return NULL;
	return has_turn(g) ? g->child : &g->turn.future;
}

static const struct future_ops get_or_init_ops =
	FUTURE_OPS_PARENT("once_cell_get_or_init", get_or_init_poll, get_or_init_drop,
			  get_or_init_child);
static const struct future_ops turn_ops =
	FUTURE_OPS("once_cell_turn", semaphore__acquire_poll, semaphore__acquire_drop);

struct future *once_cell_get_or_try_init(struct once_cell_get_or_init *g, struct once_cell *c,
					 struct future *child, const int *err)
{
	bug_unless(c->variable && child);
	*g = (struct once_cell_get_or_init){ .future = future_init(&get_or_init_ops),
					     .cell = c,
					     .child = child,
					     .child_err = err,
					     .err = -ECANCELED };
	semaphore__acquire_as(&turn_ops, &g->turn, &c->turn, 1);
	return &g->future;
}

struct future *once_cell_get_or_init(struct once_cell_get_or_init *g, struct once_cell *c,
				     struct future *child)
{
	return once_cell_get_or_try_init(g, c, child, NULL);
}

/* --- wait: for a permit that will never come, until that is certain --- */

static const struct future_ops wait_ops =
	FUTURE_OPS("once_cell_wait", semaphore__acquire_poll, semaphore__acquire_drop);

struct future *once_cell_wait(struct once_cell_wait *w, struct once_cell *c)
{
	bug_unless(c->variable);
	return semaphore__acquire_as(&wait_ops, &w->acquire, &c->bell, 1);
}
