/* multi_thread: the workers' loop, and where tasks go. See multi_thread.h for its picture. */
#define _GNU_SOURCE 1 /* CLOCK_MONOTONIC */
#include "executor/multi_thread.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "executor/block_on_park.h"

_Thread_local struct worker *worker_here;

static struct multi_thread *of(const struct executor *x)
{
	return (struct multi_thread *)x;
}

/* relaxed: a hint; what matters is seen under the lock, or in idle_rest */
static bool is_any_injected(struct multi_thread *mt)
{
	return atomic_load_explicit(&mt->injection.n, memory_order_relaxed) > 0;
}

/* With tasks waiting a worker has to be watched: who knows how long the next poll is. */
static void watch_backlog(struct worker *w)
{
	if (w->is_watched || w->is_resting)
		return;
	if (run_queue_n(&w->queue) > 0 || is_any_injected(w->mt)) {
		w->is_watched = true;
		idle_watch(&w->mt->idle);
	}
}

/* --- The injection queue --- */

/* Under the lock. */
static void inject(struct injection *q, struct task *first, struct task *last, unsigned n)
{
	if (q->first)
		q->last->next = first;
	else
		q->first = first;
	q->last = last;
	atomic_store_explicit(&q->n, atomic_load_explicit(&q->n, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/*
 * Takes the oldest, and with it a fair share of the rest for the worker's own queue, which is empty
 * unless only one is asked for.
 */
static struct task *take_injected(struct worker *w, bool only_one)
{
	struct injection *q = &w->mt->injection;
	struct task *t;
	unsigned n;

	if (!is_any_injected(w->mt))
		return NULL;
	lock_acquire(&q->lock);
	t = q->first;
	n = atomic_load_explicit(&q->n, memory_order_relaxed);
	if (t) {
		unsigned share = only_one ? 0 : n / w->mt->n_workers;

		q->first = t->next;
		for (n--; share > 0 && q->first && run_queue_n(&w->queue) < RUN_QUEUE_LEN / 2; share--) {
			struct task *next = q->first->next;

			if (!run_queue_push(&w->queue, q->first))
				break;
			q->first = next;
			n--;
		}
		atomic_store_explicit(&q->n, n, memory_order_relaxed);
	}
	lock_release(&q->lock);
	watch_backlog(w);
	return t;
}

/* --- Where a task goes that can run --- */

/* Behind all others. The injection queue is open while there are workers. */
static void push_last(struct worker *w, struct task *t)
{
	struct injection *q = &w->mt->injection;

	while (!run_queue_push(&w->queue, t)) {
		struct task *first, *last;
		uint32_t n = run_queue_spill(&w->queue, &first, &last);

		if (n > 0) {
			lock_acquire(&q->lock);
			inject(q, first, last, n);
			lock_release(&q->lock);
		}
	}
}

static void push_here(struct worker *w, struct task *t)
{
	struct task *before = w->slot;

	w->slot = t;
	if (before) {
		push_last(w, before);
		watch_backlog(w);
	}
}

/*
 * From a thread that is no worker of this runtime. The runtime may have been destroyed since the caller
 * set SCHEDULED. Under the lock of the queue it cannot go away, so somebody is called under it: a moment
 * later the descriptor of the reactor may be closed, and its number be another file's.
 */
static void push_from_outside(struct multi_thread *mt, struct task *t)
{
	struct injection *q = &mt->injection;
	bool too_late;

	t->next = NULL;
	lock_acquire(&q->lock);
	too_late = q->is_closed;
	if (!too_late) {
		inject(q, t, t, 1);
		idle_call(&mt->idle);
	}
	lock_release(&q->lock);
	if (too_late)
		scheduler__turn_away(&mt->x.scheduler, t);
}

static void push(struct scheduler *s, struct task *t)
{
	struct multi_thread *mt = of(executor_of_scheduler(s));
	struct worker *w = worker_here;

	if (w && w->mt == mt)
		push_here(w, t);
	else
		push_from_outside(mt, t);
}

/* --- One turn --- */

static void run(struct worker *w, struct task *t)
{
	struct executor *x = &w->mt->x;
	struct waker waker = { &task__waker_vtable, t };
	struct context cx = { .waker = &waker, .rt = &x->services, .task = t,
			      .budget = x->options.budget };

	switch (state_begin_run(&t->state)) {
	case STATE_RELEASE:
		task__unref(t);
		return;
	case STATE_DROP:
		future_drop(task__future(t));
		scheduler__finish(&x->scheduler, t, true);
		return;
	case STATE_POLL:
		if (future_poll(task__future(t), &cx) == POLL_READY) {
			scheduler__finish(&x->scheduler, t, false);
		} else if (state_end_run(&t->state)) {
			watch_backlog(w); /* of the others: this one we go on with ourselves */
			push_last(w, t);
		}
		return;
	}
}

/* Due timers and ready descriptors, unless somebody sleeps there, who then sees to them. */
static void look(struct worker *w)
{
	struct executor *x = &w->mt->x;

	if (!lock_try(&w->mt->idle.driver))
		return;
	if (timers_n(&x->timers) > 0)
		timers_turn(&x->timers);
	if (reactor_n_waiting(&x->reactor) > 0)
		(void)reactor_wait(&x->reactor, 0);
	lock_release(&w->mt->idle.driver);
}

static struct task *take_slot(struct worker *w)
{
	struct task *t = w->slot;

	if (!t)
		return NULL;
	w->slot = NULL;
	if (w->n_from_slot++ < WORKER_SLOT_MAX)
		return t;
	push_last(w, t);
	return NULL;
}

/* What the worker has itself, or finds in front of the door. */
static struct task *next(struct worker *w)
{
	struct task *t = NULL;

	if (++w->n_polls >= w->mt->x.options.event_interval) {
		w->n_polls = 0;
		look(w);
		t = take_injected(w, true);
		if (t)
			return t;
	}
	t = take_slot(w);
	if (t)
		return t;
	w->n_from_slot = 0;
	t = run_queue_pop(&w->queue);
	return t ? t : take_injected(w, false);
}

/* From whoever has something, beginning anywhere. */
static struct task *steal(struct worker *w)
{
	struct multi_thread *mt = w->mt;
	unsigned first = (unsigned)(rand_next(&w->rand) % mt->n_workers);

	for (unsigned i = 0; i < mt->n_workers; i++) {
		struct worker *from = &mt->workers[(first + i) % mt->n_workers];
		struct task *t = from == w ? NULL : run_queue_steal(&from->queue, &w->queue);

		if (t)
			return t;
	}
	return NULL;
}

/* --- Rest --- */

/* In the reactor, at most so long; what its events and timers wake comes to our own queue. */
static void sleep_in_reactor(struct worker *w, uint64_t limit_ns)
{
	struct executor *x = &w->mt->x;
	uint64_t timers_ns = timers_plan_ns(&x->timers);

	(void)reactor_wait(&x->reactor, timers_ns < limit_ns ? timers_ns : limit_ns);
	if (timers_n(&x->timers) > 0)
		timers_turn(&x->timers);
	else
		timers_rise(&x->timers);
}

/* Not done, and nobody could ever have it polled. */
static bool is_dead(const struct task *root)
{
	return !task_is_done(root) && !task__may_run(root);
}

static bool some_root_is_dead(struct multi_thread *mt)
{
	bool is_some = false;

	/* relaxed: a hint; who enters now has injected a task, and so calls somebody */
	if (atomic_load_explicit(&mt->n_roots, memory_order_relaxed) == 0)
		return false;
	lock_acquire(&mt->roots_lock);
	for (struct waiting_root *r = mt->roots; r && !is_some; r = r->next)
		is_some = is_dead(r->task);
	lock_release(&mt->roots_lock);
	return is_some;
}

/* Those who wait for a root that is dead get it back, dropped. */
static void abort_dead_roots(struct multi_thread *mt)
{
	lock_acquire(&mt->roots_lock);
	for (struct waiting_root *r = mt->roots; r; r = r->next)
		if (is_dead(r->task)) {
			r->is_deadlocked = true;
			task_abort(r->task); /* calls nobody: it puts the task into our slot */
		}
	lock_release(&mt->roots_lock);
}

/*
 * Everybody sleeps, and nothing is armed: if it is provable that nobody will ever wake us, say so. What
 * other threads abort or spawn meanwhile waits until we are done: its worker cannot get up.
 */
static void look_for_deadlock(struct worker *w)
{
	struct multi_thread *mt = w->mt;

	if (timers_n(&mt->x.timers) > 0 || reactor_n_waiting(&mt->x.reactor) > 0 ||
	    !idle_hold_if_silent(&mt->idle))
		return;
	if (some_root_is_dead(mt) && stall_is_deadlock(&mt->x))
		abort_dead_roots(mt);
	idle_let_go(&mt->idle);
}

static void sleep_for(struct worker *w, uint64_t limit_ns)
{
	if (w->rest.is_in_reactor)
		sleep_in_reactor(w, limit_ns);
	else
		idle_sleep(&w->rest, limit_ns);
}

/* Lies down until something was brought, or until it is time to search: then with what was found. */
static struct task *rest(struct worker *w, uint64_t *nap_ns)
{
	struct idle *idle = &w->mt->idle;
	enum idle_next what = idle_what_next(idle, &w->rest, false);

	while (what != IDLE_SEARCH) {
		struct task *t;

		if (what == IDLE_SLEEP)
			look_for_deadlock(w);
		if (!w->slot)
			sleep_for(w, what == IDLE_NAP ? *nap_ns : UINT64_MAX);
		t = next(w);
		if (t)
			return t;
		what = idle_what_next(idle, &w->rest, what == IDLE_NAP);
	}
	if (*nap_ns < IDLE_NAP_MAX_NS)
		*nap_ns *= 2;
	return steal(w);
}

/* There is nothing to do: a task in the end, or NULL, it is over. */
static struct task *wait(struct worker *w)
{
	struct multi_thread *mt = w->mt;
	struct task *t = steal(w);
	uint64_t nap_ns = IDLE_NAP_NS;

	if (t) {
		watch_backlog(w);
		return t;
	}
	w->is_watched = false;
	w->is_resting = true;
	while (!t && !idle_is_over(&mt->idle)) {
		if (idle_rest(&mt->idle, &w->rest, &mt->injection.n))
			t = rest(w, &nap_ns);
		if (!t)
			t = take_injected(w, false);
	}
	w->is_resting = false;
	if (t)
		idle_found(&mt->idle, &w->rest);
	watch_backlog(w);
	return t;
}

static void end(struct multi_thread *mt);

/* If nobody waits for us any more, the last one to leave does what he would have done. */
static void leave(struct worker *w)
{
	struct multi_thread *mt = w->mt;
	bool must_clean_up;

	scheduler_local_end(&w->local);
	scheduler_local = NULL;
	worker_here = NULL;
	pthread_mutex_lock(&mt->exit_lock);
	must_clean_up = --mt->n_alive == 0 && mt->is_abandoned;
	if (mt->n_alive == 0)
		pthread_cond_signal(&mt->all_have_left);
	pthread_mutex_unlock(&mt->exit_lock);
	if (must_clean_up)
		end(mt);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	worker_here = w;
	scheduler_local = &w->local;
	while (!idle_is_over(&w->mt->idle)) {
		struct task *t = next(w);

		if (!t)
			t = wait(w);
		if (t)
			run(w, t);
	}
	leave(w);
	return NULL;
}

/* --- Inside --- */

/* The root cannot be left behind: it borrows `f`. */
static void cancel(struct task *t)
{
	task_abort(t);
	while (!task_is_done(t))
		sched_yield();
}

static void enlist(struct multi_thread *mt, struct waiting_root *r)
{
	lock_acquire(&mt->roots_lock);
	r->next = mt->roots;
	mt->roots = r;
	lock_release(&mt->roots_lock);
	atomic_fetch_add_explicit(&mt->n_roots, 1, memory_order_relaxed);
}

static void strike_off(struct multi_thread *mt, const struct waiting_root *r)
{
	lock_acquire(&mt->roots_lock);
	for (struct waiting_root **p = &mt->roots; *p; p = &(*p)->next)
		if (*p == r) {
			*p = r->next;
			break;
		}
	lock_release(&mt->roots_lock);
	/* release: pairs with the acquire in multi_thread_n_roots; we are done with the runtime */
	atomic_fetch_sub_explicit(&mt->n_roots, 1, memory_order_release);
}

int multi_thread_block_on(struct executor *x, struct future *f)
{
	struct multi_thread *mt = of(x);
	struct waiting_root r = { 0 };
	struct task_join join;
	int err;

	/* What spawn does; but it is on the list before anybody can run it, and so find it dead. */
	r.task = task__new(&x->services, sizeof(struct root), _Alignof(struct root));
	if (!r.task) {
		future_drop(f);
		return -ENOMEM;
	}
	enlist(mt, &r);
	task__start(r.task, root(task_frame(r.task, struct root), f));
	err = block_on_park(task_join(&join, r.task));
	if (err)
		cancel(r.task);
	else
		err = r.is_deadlocked ? -EDEADLK : join.err;
	strike_off(mt, &r);
	task_detach(r.task);
	return err;
}

/* acquire: pairs with the release in strike_off */
size_t multi_thread_n_roots(const struct executor *x)
{
	return atomic_load_explicit(&of(x)->n_roots, memory_order_acquire);
}

uint64_t multi_thread_random(struct executor *x)
{
	struct multi_thread *mt = of(x);
	uint64_t n;

	lock_acquire(&mt->rand_lock);
	n = rand_next(&x->rand);
	lock_release(&mt->rand_lock);
	return n;
}

/* --- Beginning and end --- */

static void release(struct scheduler *s)
{
	struct multi_thread *mt = of(executor_of_scheduler(s));

	mem_free(mt, mt->len);
}

static const struct scheduler_ops workers = { .push = push, .release = release, .is_multi = true };

/* Makes the condition's deadlines those of a clock that nobody sets. */
static int init_exit(struct multi_thread *mt)
{
	pthread_condattr_t attr;
	int err = pthread_condattr_init(&attr);

	if (err)
		return -err;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	err = pthread_cond_init(&mt->all_have_left, &attr);
	pthread_condattr_destroy(&attr);
	if (!err)
		err = pthread_mutex_init(&mt->exit_lock, NULL);
	return -err;
}

static struct timespec after_ms(uint64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* False: some have not left in time, and are left to themselves from now on. */
static bool await_workers(struct multi_thread *mt, uint64_t timeout_ms)
{
	bool is_limited = timeout_ms < INT64_MAX / 1000000; /* what is longer is for ever */
	struct timespec deadline = after_ms(is_limited ? timeout_ms : 0);
	int err = 0;

	pthread_mutex_lock(&mt->exit_lock);
	while (mt->n_alive > 0 && err != ETIMEDOUT)
		err = is_limited ? pthread_cond_timedwait(&mt->all_have_left, &mt->exit_lock, &deadline)
				 : pthread_cond_wait(&mt->all_have_left, &mt->exit_lock);
	mt->is_abandoned = mt->n_alive > 0;
	for (unsigned i = 0; i < mt->n_workers && mt->is_abandoned; i++)
		pthread_detach(mt->workers[i].thread);
	err = mt->is_abandoned;
	pthread_mutex_unlock(&mt->exit_lock);
	return !err;
}

/* The first `n`, who have left or are about to. */
static void join_workers(struct multi_thread *mt, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pthread_join(mt->workers[i].thread, NULL);
}

static int start_workers(struct multi_thread *mt)
{
	for (unsigned i = 0; i < mt->n_workers; i++) {
		struct worker *w = &mt->workers[i];
		int err;

		w->mt = mt;
		scheduler_add_local(&mt->x.scheduler, &w->local);
		w->rand.state = mt->x.options.seed + i;
		err = pthread_create(&w->thread, NULL, work, w);
		if (err) {
			idle_end(&mt->idle);
			join_workers(mt, i);
			return -err;
		}
	}
	return 0;
}

/* Nobody is left who polls. What is queued is done by now, or came too late. */
static void empty_queues(struct multi_thread *mt)
{
	struct injection *q = &mt->injection;
	struct task *late;

	for (unsigned i = 0; i < mt->n_workers; i++) {
		struct worker *w = &mt->workers[i];

		if (w->slot)
			scheduler__turn_away(&mt->x.scheduler, w->slot);
		for (struct task *t; (t = run_queue_pop(&w->queue));)
			scheduler__turn_away(&mt->x.scheduler, t);
	}
	lock_acquire(&q->lock);
	q->is_closed = true;
	late = q->first;
	q->first = q->last = NULL;
	lock_release(&q->lock);
	for (struct task *next; late; late = next) {
		next = late->next;
		scheduler__turn_away(&mt->x.scheduler, late);
	}
}

static void end(struct multi_thread *mt)
{
	struct executor *x = &mt->x;

	scheduler__drop_all(&x->scheduler);
	empty_queues(mt);
	reactor_fini(&x->reactor);
	pthread_mutex_destroy(&mt->exit_lock);
	pthread_cond_destroy(&mt->all_have_left);
	scheduler_leave(&x->scheduler);
}

int multi_thread_build(const struct runtime_builder *options, struct executor **out)
{
	size_t len = sizeof(struct multi_thread) + options->n_workers * sizeof(struct worker);
	struct multi_thread *mt;
	int err;

	if (options->virtual_time)
		return -EINVAL; /* who could say that nothing else can happen? */
	mt = mem_alloc(len);
	if (!mt)
		return -ENOMEM;
	memset(mt, 0, len);
	err = executor_init(&mt->x, options, &workers);
	if (err) {
		mem_free(mt, len);
		return err;
	}
	mt->len = len;
	mt->n_workers = mt->n_alive = options->n_workers;
	idle_init(&mt->idle, &mt->x.reactor, mt->n_workers);
	err = init_exit(mt);
	if (!err)
		err = start_workers(mt);
	if (err)
		end(mt);
	else
		*out = &mt->x;
	return err;
}

int multi_thread_shutdown(struct executor *x, uint64_t timeout_ms)
{
	struct multi_thread *mt = of(x);

	if (multi_thread_n_roots(x) > 0)
		bug("runtime_destroy", "somebody is inside runtime_block_on", __FILE__, __LINE__);
	idle_end(&mt->idle);
	if (!await_workers(mt, timeout_ms))
		return -ETIMEDOUT;
	join_workers(mt, mt->n_workers);
	end(mt);
	return 0;
}
