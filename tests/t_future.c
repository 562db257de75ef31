/* t_future: see t_future.h. */
#include "t_future.h"

#include "base/mem.h"
#include "t.h"

#include <stdlib.h>

static struct waker counting_clone(void *data)
{
	struct t_waker *w = data;

	atomic_fetch_add(&w->clones, 1);
	if (w->on_clone)
		w->on_clone(w->arg);
	return t_waker_ref(w);
}

static void counting_drop(void *data)
{
	struct t_waker *w = data;

	atomic_fetch_add(&w->drops, 1);
	if (w->on_drop)
		w->on_drop(w->arg);
}

static void counting_wake_by_ref(void *data)
{
	struct t_waker *w = data;

	atomic_fetch_add(&w->wakes, 1);
	if (w->on_wake)
		w->on_wake(w->arg);
}

static void counting_wake(void *data)
{
	counting_wake_by_ref(data);
	counting_drop(data);
}

static const struct waker_vtable counting = { .clone = counting_clone,
					      .wake = counting_wake,
					      .wake_by_ref = counting_wake_by_ref,
					      .drop = counting_drop };

struct waker t_waker_ref(struct t_waker *w)
{
	return (struct waker){ &counting, w };
}

int t_wakes(struct t_waker *w)
{
	return atomic_exchange(&w->wakes, 0);
}

int t_held(struct t_waker *w)
{
	return atomic_load(&w->clones) - atomic_load(&w->drops);
}

enum poll t_poll_budget(struct future *f, struct t_waker *w, unsigned *budget)
{
	struct waker waker = t_waker_ref(w);
	struct context cx = { .waker = &waker, .budget = *budget };
	enum poll polled = future_poll(f, &cx);

	*budget = cx.budget;
	return polled;
}

enum poll t_poll(struct future *f, struct t_waker *w)
{
	return t_poll_in(f, w, NULL);
}

enum poll t_poll_in(struct future *f, struct t_waker *w, struct runtime *rt)
{
	struct waker waker = t_waker_ref(w);
	struct context cx = context_of(&waker);

	cx.rt = rt;
	return future_poll(f, &cx);
}

static atomic_long live, allocs, countdown = -1;
static atomic_bool failed;

static void *failing_alloc(size_t len)
{
	void *p;

	if (atomic_load(&countdown) >= 0 && atomic_fetch_sub(&countdown, 1) == 0) {
		atomic_store(&failed, true);
		return NULL;
	}
	p = malloc(len);
	CHECK(p);
	atomic_fetch_add(&live, (long)len);
	atomic_fetch_add(&allocs, 1);
	return p;
}

static void failing_free(void *p, size_t len)
{
	atomic_fetch_sub(&live, (long)len);
	free(p);
}

static const struct mem_ops failing = { .alloc = failing_alloc, .free = failing_free };

void t_mem_begin(void)
{
	atomic_store(&live, 0);
	atomic_store(&allocs, 0);
	t_mem_fail(-1);
	mem_ops = &failing;
}

void t_mem_fail(long nth)
{
	atomic_store(&failed, false);
	atomic_store(&countdown, nth);
}

long t_mem_live(void)
{
	return atomic_load(&live);
}

long t_mem_allocs(void)
{
	return atomic_load(&allocs);
}

bool t_mem_failed(void)
{
	return atomic_load(&failed);
}

void t_cancel_at_every_poll(bool (*run)(unsigned k))
{
	for (unsigned k = 0; k <= 1000; k++)
		if (run(k))
			return;
	CHECK(!"completed within 1000 polls");
}
