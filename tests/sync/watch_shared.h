/*
 * watch_shared: a watch between threads. Its values are references that are counted, so that one
 * that is lost, given up twice, or seen half written, is noticed. What goes wrong is counted in
 * n_wrong, for threads cannot fail a test.
 */
#ifndef WEFT_TESTS_WATCH_SHARED_H
#define WEFT_TESTS_WATCH_SHARED_H

#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "executor/block_on_park.h"
#include "sync/watch.h"

enum { N_ROUNDS = 2000 };

struct shared {
	atomic_int n_refs;
	long number, twice; /* twice is 2 * number: a torn value is noticed */
};

static struct watch_sender tx;
static struct watch_receiver rx;
static atomic_int n_wrong;

static inline struct shared *make(long number)
{
	struct shared *v = mem_alloc(sizeof *v);

	if (!v)
		return NULL;
	v->number = number;
	v->twice = 2 * number;
	atomic_store(&v->n_refs, 1);
	return v;
}

static inline int clone_shared(void *dst, const void *src)
{
	struct shared *v = *(struct shared *const *)src;

	*(struct shared **)dst = v;
	atomic_fetch_add(&v->n_refs, 1);
	return 0;
}

static inline void drop_shared(void *item)
{
	struct shared *v = *(struct shared **)item;
	int left = atomic_fetch_sub(&v->n_refs, 1) - 1;

	n_wrong += left < 0;
	if (left == 0)
		mem_free(v, sizeof *v);
}

static inline void open_it(void)
{
	struct shared *first = make(0);

	n_wrong += watch_open(&tx, &rx, struct shared *, &first, clone_shared, drop_shared) != 0;
}

static inline void send_number(const struct watch_sender *t, long number)
{
	struct shared *v = make(number);

	n_wrong += !v;
	watch_replace(t, &v);
}

static inline long number_of(struct shared *v)
{
	long number = v->number;

	n_wrong += v->twice != 2 * number;
	drop_shared(&v);
	return number;
}

static inline long get_number(struct watch_receiver *r)
{
	struct shared *v = NULL;

	n_wrong += watch_get_update(r, &v) != 0;
	return number_of(v);
}

static inline int await_change(struct watch_receiver *r)
{
	struct watch_changed changed;

	n_wrong += block_on_park(watch_changed(&changed, r)) != 0;
	return changed.err;
}

#endif
