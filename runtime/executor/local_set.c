/* local_set: a scheduler, and a future that runs it. See local_set.h. */
#include "executor/local_set.h"

#include <errno.h>
#include <pthread.h>

#include "base/mem.h"
#include "task/scheduler.h"

struct local_scheduler {
	struct scheduler scheduler; /* first */
	struct runtime services;    /* what its tasks see: this scheduler, and the others' services */
	struct waker waker;         /* under the scheduler's lock: of who awaits local_set_run */
	bool has_thread;            /* somebody has polled it: */
	pthread_t thread;
};

/* Under the lock. Who parked has left his waker there: see park. */
static struct waker unpark(struct scheduler *s)
{
	return waker_take(&((struct local_scheduler *)s)->waker);
}

static void release(struct scheduler *s)
{
	mem_free(s, sizeof(struct local_scheduler));
}

static const struct scheduler_ops local_ops = {
	.push = scheduler__push_inbox, .unpark = unpark, .release = release
};

int local_set_init(struct local_set *set, struct runtime *rt)
{
	struct local_scheduler *l = mem_alloc(sizeof *l);

	if (!l)
		return -ENOMEM;
	*l = (struct local_scheduler){ 0 };
	scheduler_init(&l->scheduler, &local_ops, &l->services);
	if (rt)
		l->services = *rt;
	l->services.scheduler = &l->scheduler;
	set->local = l;
	return 0;
}

struct runtime *local_set_runtime(const struct local_set *set)
{
	return &set->local->services;
}

size_t local_set_n_tasks(const struct local_set *set)
{
	return scheduler_n_live(&set->local->scheduler);
}

/* --- Running it --- */

static void check_thread(struct local_scheduler *l)
{
	if (!l->has_thread)
		l->thread = pthread_self();
	l->has_thread = true;
	if (!pthread_equal(l->thread, pthread_self()))
		bug("local_set", "polled on another thread than before: await it by block_on_park_in",
		    __FILE__, __LINE__);
}

/* True: there is more to poll. */
static bool run_tasks(struct local_scheduler *l)
{
	struct scheduler *s = &l->scheduler;
	struct context cx = { .rt = &l->services };

	scheduler_empty_inbox(s);
	for (unsigned i = 0; i < LOCAL_SET_POLLS; i++) {
		struct task *t = scheduler_pop(s);

		if (!t)
			return false;
		cx.budget = CONTEXT_BUDGET;
		scheduler_run(s, t, &cx);
	}
	return true;
}

/*
 * Leaves the waker for whoever puts something into the inbox. The look into the inbox and the note are
 * one section under the lock (scheduler_park); the waker is there before both. False: do not wait.
 */
static bool park(struct local_scheduler *l, const struct waker *w)
{
	struct waker fresh = waker_clone(w), stale;

	lock_acquire(&l->scheduler.lock);
	stale = l->waker;
	l->waker = fresh;
	lock_release(&l->scheduler.lock);
	waker_drop(&stale);
	return scheduler_park(&l->scheduler);
}

static void forget_waker(struct local_scheduler *l)
{
	struct waker stale;

	scheduler_unpark(&l->scheduler);
	lock_acquire(&l->scheduler.lock);
	stale = waker_take(&l->waker);
	lock_release(&l->scheduler.lock);
	waker_drop(&stale);
}

static bool is_over(struct local_set_run *r, struct context *cx)
{
	if (r->until)
		return future_poll(r->until, cx) == POLL_READY;
	return local_set_n_tasks(r->set) == 0 && scheduler_is_empty(&r->set->local->scheduler);
}

/*
 * `until` is polled by its own waker, outside of the set; what it wakes in the set comes by the inbox,
 * so it goes first. Within the set this thread is the scheduler's.
 */
static enum poll poll_run(struct future *f, struct context *cx)
{
	struct local_set_run *r = future_of(f, struct local_set_run);
	struct local_scheduler *l = r->set->local;
	struct scheduler *outer = scheduler_here;
	bool is_more;

	check_thread(l);
	if (r->until && is_over(r, cx)) {
		forget_waker(l);
		return POLL_READY;
	}
	scheduler_here = &l->scheduler;
	is_more = run_tasks(l);
	scheduler_here = outer;
	if (!r->until && is_over(r, cx)) {
		forget_waker(l);
		return POLL_READY;
	}
	if (is_more || !park(l, cx->waker))
		waker_wake_by_ref(cx->waker);
	return POLL_PENDING;
}

static void drop_run(struct future *f)
{
	struct local_set_run *r = future_of(f, struct local_set_run);

	forget_waker(r->set->local);
	future_drop(r->until);
}

static struct future *child_of_run(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct local_set_run)->until : NULL;
}

static const struct future_ops run_ops =
	FUTURE_OPS_PARENT("local_set_run", poll_run, drop_run, child_of_run);

struct future *local_set_run(struct local_set_run *r, struct local_set *set, struct future *until)
{
	*r = (struct local_set_run){ .future = future_init(&run_ops), .set = set, .until = until };
	return &r->future;
}

void local_set_drop(struct local_set *set)
{
	struct local_scheduler *l = set->local;
	struct scheduler *outer = scheduler_here;

	if (!l)
		return;
	check_thread(l);
	bug_unless(outer != &l->scheduler);
	scheduler_here = &l->scheduler;
	scheduler_close(&l->scheduler);
	scheduler_here = outer;
	forget_waker(l);
	set->local = NULL;
	scheduler_leave(&l->scheduler);
}
