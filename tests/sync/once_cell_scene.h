/* once_cell_scene: a cell over a pointer to the heap, and futures that make values for it. */
#ifndef WEFT_TESTS_ONCE_CELL_SCENE_H
#define WEFT_TESTS_ONCE_CELL_SCENE_H

#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "base/mem.h"
#include "sync/once_cell.h"

static int *variable;
static struct once_cell cell;

static inline int *value(int n)
{
	int *p = mem_alloc(sizeof *p);

	CHECK(p);
	*p = n;
	return p;
}

static inline void value_drop(void *item)
{
	int **p = item;

	mem_free(*p, sizeof **p);
	*p = NULL;
}

static inline void cell_begin(void)
{
	t_mem_begin();
	variable = NULL;
	cell = (struct once_cell)once_cell_init(&variable, value_drop);
}

static inline int set(int n)
{
	int *p = value(n);
	int err = once_cell_set(&cell, &p);

	if (err)
		value_drop(&p);
	return err;
}

/* What is in the cell; -1: it is empty. */
static inline int get(void)
{
	int **p = once_cell_get(&cell);

	return p ? **p : -1;
}

/* Gives up the cell; then no value may be left. */
static inline void cell_end(void)
{
	once_cell_drop(&cell);
	CHECK_EQ(get(), -1);
	CHECK_EQ(t_mem_live(), 0);
}

/* Writes the variable after so many polls, or fails; until then it holds a clone of its waker. */
struct maker {
	struct future future;
	int left, n, err; /* err: what it will say */
	int polls;
	int result; /* what it said; 1: nothing yet */
	struct waker waker;
};

static inline enum poll maker_poll(struct future *f, struct context *cx)
{
	struct maker *m = future_of(f, struct maker);

	m->polls++;
	if (m->left > 0) {
		m->left--;
		waker_refresh(&m->waker, cx->waker);
		return POLL_PENDING;
	}
	waker_drop(&m->waker);
	m->result = m->err;
	if (!m->err)
		variable = value(m->n);
	return POLL_READY;
}

static inline void maker_drop(struct future *f)
{
	waker_drop(&future_of(f, struct maker)->waker);
}

static const struct future_ops maker_ops = FUTURE_OPS("maker", maker_poll, maker_drop);

static inline struct future *maker(struct maker *m, int left, int n, int err)
{
	*m = (struct maker){ .future = future_init(&maker_ops), .left = left, .n = n, .err = err,
			     .result = 1 };
	return &m->future;
}

/* One who wants the value, and could make it. */
struct user {
	struct once_cell_get_or_init get;
	struct maker maker;
	struct t_waker waker;
};

static inline enum poll user_poll(struct user *u)
{
	return t_poll(&u->get.future, &u->waker);
}

/* Polled for the first time. */
static inline enum poll user(struct user *u, int left, int n, int err)
{
	u->waker = t_waker();
	once_cell_get_or_try_init(&u->get, &cell, maker(&u->maker, left, n, err), &u->maker.result);
	return user_poll(u);
}

#endif
