/*
 * once_cell: a variable that is written once, by whoever needs it first.
 *
 *	static struct config config;
 *	static struct once_cell config_cell = once_cell_init(&config, NULL);
 *	...
 *	co_await(once_cell_get_or_try_init(&f->get, &config_cell,
 *					   load(&f->load, &config), &f->load.err));
 *	if (f->get.err)
 *		co_return;                       // it could not be loaded; the cell is still empty
 *	use(&config);                            // from now on it does not change
 *
 * The one idea: beside the variable stands a cell, which says whether it can be read yet, and whose
 * turn it is to write it. Everybody brings a future that could; one of them is run, the others wait
 * and are dropped unpolled when the value is there. (What the cell stands on is one semaphore with
 * one permit, the turn, which is closed when there is nothing left to do.)
 *
 *	        get_or_init, set           the future is done, or set
 *	EMPTY --------------------> BUSY ------------------------------> SET
 *	  ^                          | ^
 *	  |  it failed, or was       | |  and if anybody waits, it is his turn at once:
 *	  +--dropped: nobody waits --+ +--his own future is run, not the one that failed
 *
 * The races: two that come first together, one gets the turn; a future that is dropped against one
 * that comes, who waits longest gets the turn and owns it before it runs; set against get_or_init,
 * whichever had the turn first. Who sees that the cell is set sees the value.
 *
 * The variable is the caller's: the cell only copies into it (once_cell_set) or out of it
 * (once_cell_take), and destroys what is in it (once_cell_drop). Until it is set, nobody but the
 * future that is run may touch it; a future that fails, or is dropped, leaves nothing in it that
 * would have to be destroyed. All functions may be called from any thread, but for the two that end
 * it. A future that waits for its own cell waits for ever.
 */
#ifndef WEFT_SYNC_ONCE_CELL_H
#define WEFT_SYNC_ONCE_CELL_H

#include <stdatomic.h>

#include "sync/semaphore.h"

struct once_cell {
	void *variable; /* borrowed; all three are constant */
	size_t len;
	void (*drop_item)(void *item);

	atomic_bool is_set;
	struct semaphore turn; /* one permit, which the value has for good: then it is closed */
	struct semaphore bell; /* no permit ever; closed when it is set */
};

/*
 * The initialiser of an empty cell for `*variable_`, also at file scope. `drop_item_` destroys a
 * value; it may be NULL.
 */
#define once_cell_init(variable_, drop_item_)                                                      \
	{ .variable = (variable_), .len = sizeof *(variable_), .drop_item = (drop_item_),          \
	  .turn = { .available = 1, .max = 1 } }

/* The variable, if it is set; else NULL. Costs one load. */
static inline void *once_cell_get(const struct once_cell *c)
{
	/* acquire: pairs with the release in publish() */
	return atomic_load_explicit(&c->is_set, memory_order_acquire) ? c->variable : NULL;
}

/*
 * Copies *item into the variable: 0; -EEXIST: it has a value; -EALREADY: it is being initialised,
 * or that is somebody's turn. In either case the item is still the caller's.
 */
#define once_cell_set(c, item) once_cell__set((c), (item), sizeof *(item))

/*
 * Ready when the cell is set. Owns `child`, a future that writes the variable: it is polled if it
 * is its turn, and else dropped. With `_try_`, *err is where the child says whether it worked, read
 * when it is ready: 0, or what becomes the error of this. Dropped, it gives the turn to who waits.
 */
struct once_cell_get_or_init {
	struct future future;
	struct once_cell *cell;         /* borrowed */
	struct future *child;           /* owned */
	const int *child_err;           /* borrowed; NULL: it cannot fail */
	struct semaphore_acquire turn;  /* over, with err 0: the child is being run */
	bool has_asked;                 /* for the turn */
	int err; /* 0; what the child said: the cell is as it was before; -ECANCELED: dropped */
};
struct future *once_cell_get_or_init(struct once_cell_get_or_init *g, struct once_cell *c,
				     struct future *child);
struct future *once_cell_get_or_try_init(struct once_cell_get_or_init *g, struct once_cell *c,
					 struct future *child, const int *err);

/* Ready when the cell is set, by somebody else. READY means that: there is no error. */
struct once_cell_wait {
	struct semaphore_acquire acquire;
};
struct future *once_cell_wait(struct once_cell_wait *w, struct once_cell *c);

/*
 * Both end it: no future may be waiting on it, nobody may be reading. Afterwards it is empty, and
 * can be used again. The first moves the value to *slot: 0, or -EAGAIN if there is none. The second
 * destroys the value, if there is one; zeroed cells are allowed.
 */
#define once_cell_take(c, slot) once_cell__take((c), (slot), sizeof *(slot))
void once_cell_drop(struct once_cell *c);

/* --- What the macros stand for --- */

int once_cell__set(struct once_cell *c, const void *item, size_t len);
int once_cell__take(struct once_cell *c, void *slot, size_t len);

#endif
