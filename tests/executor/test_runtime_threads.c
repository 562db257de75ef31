/* The runtime and other threads: wakes, spawns, aborts and handles that cross. */
#define _GNU_SOURCE 1 /* pipe2 */
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/lock.h"
#include "future/co.h"
#include "future/pending.h"
#include "time/delay.h"

/* A number that one thread raises and one task waits for. */
struct tide {
	struct lock lock;
	unsigned level;
	struct waker waker;
};

struct rises_to {
	struct future future;
	struct tide *tide;
	unsigned level;
};

static enum poll poll_rises(struct future *f, struct context *cx)
{
	struct rises_to *r = future_of(f, struct rises_to);
	struct waker other = waker_clone(cx->waker);
	bool there;

	lock_acquire(&r->tide->lock);
	there = r->tide->level >= r->level;
	if (!there) {
		struct waker stale = r->tide->waker;

		r->tide->waker = other;
		other = stale;
	}
	lock_release(&r->tide->lock);
	waker_drop(&other);
	return there ? POLL_READY : POLL_PENDING;
}

static void drop_rises(struct future *f)
{
	struct tide *t = future_of(f, struct rises_to)->tide;
	struct waker stale;

	lock_acquire(&t->lock);
	stale = waker_take(&t->waker);
	lock_release(&t->lock);
	waker_drop(&stale);
}

static const struct future_ops rises_ops = FUTURE_OPS("rises_to", poll_rises, drop_rises);

static struct future *rises_to(struct rises_to *r, struct tide *tide, unsigned level)
{
	*r = (struct rises_to){ .future = future_init(&rises_ops), .tide = tide, .level = level };
	return &r->future;
}

static void raise_tide(struct tide *t)
{
	struct waker waker;

	lock_acquire(&t->lock);
	t->level++;
	waker = waker_take(&t->waker);
	lock_release(&t->lock);
	waker_wake(&waker);
}

enum { ROUNDS = 5000 };

/* Two tides make a ping-pong: the task raises `ping`, the thread `pong`. */
struct court {
	struct tide ping, pong;
};

static void *pong_thread(void *arg)
{
	struct court *c = arg;

	for (unsigned seen = 0; seen < ROUNDS;) {
		unsigned level;

		lock_acquire(&c->ping.lock);
		level = c->ping.level;
		lock_release(&c->ping.lock);
		for (; seen < level; seen++)
			raise_tide(&c->pong);
	}
	return NULL;
}

struct player {
	struct co co;
	struct court *court;
	unsigned i;
	struct rises_to rise;
};

static enum poll player_run(struct co *co, struct context *cx)
{
	struct player *const f = co_frame(co, struct player);

	co_begin(co);
	for (f->i = 1; f->i <= ROUNDS; f->i++) {
		raise_tide(&f->court->ping);
		co_await(rises_to(&f->rise, &f->court->pong, f->i));
	}
	co_end;
}

static struct future *player(struct player *f, struct court *court)
{
	*f = (struct player){ .co = co_init(player_run), .court = court };
	return &f->co.future;
}

TEST(runtime_threads, no_wake_from_another_thread_is_lost)
{
	struct runtime *rt = t_runtime();
	struct court court = { 0 };
	struct player f;
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, pong_thread, &court), 0);
	CHECK_EQ(runtime_block_on(rt, player(&f, &court)), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	runtime_destroy(rt);
}

/*
 * --- Spawning, aborting and joining from other threads
 * ------------------------------------------
 */

struct arrival {
	struct future future;
	struct tide *tide;
};

static enum poll poll_arrival(struct future *f, struct context *cx)
{
	(void)cx;
	raise_tide(future_of(f, struct arrival)->tide);
	return POLL_READY;
}

static const struct future_ops arrival_ops = FUTURE_OPS("arrival", poll_arrival, NULL);

static struct future *arrival(struct arrival *a, struct tide *tide)
{
	*a = (struct arrival){ .future = future_init(&arrival_ops), .tide = tide };
	return &a->future;
}

enum { SPAWNERS = 3, EACH = 1000 };

struct spawner {
	struct runtime *rt;
	struct tide *tide, never;
};

static void *spawner_thread(void *arg)
{
	struct spawner *s = arg;

	for (int i = 0; i < EACH; i++) {
		struct task *t = spawn(s->rt, arrival, s->tide);
		struct task *stuck = spawn(s->rt, rises_to, &s->never, 1);

		CHECK(t && stuck);
		task_abort(stuck);
		task_detach(stuck);
		task_detach(t);
	}
	return NULL;
}

TEST(runtime_threads, any_thread_may_spawn_abort_and_detach)
{
	struct tide tide = { 0 };
	struct spawner s = { .tide = &tide };
	pthread_t threads[SPAWNERS];
	struct rises_to all;

	t_mem_begin();
	s.rt = t_runtime();
	for (int i = 0; i < SPAWNERS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, spawner_thread, &s), 0);
	CHECK_EQ(runtime_block_on(s.rt, rises_to(&all, s.tide, SPAWNERS * EACH)), 0);
	for (int i = 0; i < SPAWNERS; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	runtime_destroy(s.rt);
	CHECK_EQ(t_mem_live(), 0);
}

static void *busy_thread(void *arg)
{
	struct spawner *s = arg;
	struct rises_to r;

	raise_tide(s->tide);
	return (void *)(intptr_t)runtime_block_on(s->rt, rises_to(&r, &s->never, 1));
}

TEST(runtime_threads, a_second_thread_cannot_be_inside_at_the_same_time)
{
	struct tide tide = { 0 }, other = { 0 };
	struct spawner s = { .rt = t_runtime(), .tide = &tide };
	struct rises_to r;
	pthread_t thread;
	void *result;

	/* The thread is inside once a task that this thread spawned has run. */
	CHECK_EQ(pthread_create(&thread, NULL, busy_thread, &s), 0);
	task_detach(spawn(s.rt, arrival, s.tide));
	for (unsigned level = 0; level < 2;) {
		lock_acquire(&s.tide->lock);
		level = s.tide->level;
		lock_release(&s.tide->lock);
	}
	CHECK_EQ(runtime_block_on(s.rt, rises_to(&r, &other, 1)), -EBUSY);
	CHECK(future_is_over(&r.future));
	raise_tide(&s.never);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ((intptr_t)result, 0);
	runtime_destroy(s.rt);
}

/*
 * --- A stall is said once, and the runtime goes on to wait
 * --------------------------------------
 */

struct listener {
	FILE *report;
	struct tide tide;
	unsigned n_stalled;
};

/* Waits for the report, not for a time; then wakes the task that it was about. */
static void *listener_thread(void *arg)
{
	struct listener *l = arg;
	char line[512];

	while (fgets(line, sizeof line, l->report)) {
		l->n_stalled += strstr(line, "weft: stalled") != NULL;
		if (strstr(line, "rises_to(&f->rise"))
			raise_tide(&l->tide);
	}
	return NULL;
}

struct patient {
	struct co co;
	struct tide *tide;
	struct rises_to rise;
};

static enum poll patient_run(struct co *co, struct context *cx)
{
	struct patient *const f = co_frame(co, struct patient);

	co_begin(co);
	co_await(rises_to(&f->rise, f->tide, 1));
	co_end;
}

static struct future *patient(struct patient *f, struct tide *tide)
{
	*f = (struct patient){ .co = co_init(patient_run), .tide = tide };
	return &f->co.future;
}

TEST(runtime_threads, a_stall_is_reported_once_and_waited_out)
{
	struct runtime_builder b = { .stall_warn_ms = 1 };
	struct listener l = { 0 };
	struct runtime *rt;
	struct patient f;
	pthread_t thread;
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	l.report = fdopen(fds[0], "r");
	b.diagnostics = fdopen(fds[1], "w");
	CHECK_EQ(runtime_build(&b, &rt), 0);
	CHECK_EQ(pthread_create(&thread, NULL, listener_thread, &l), 0);
	CHECK_EQ(runtime_block_on(rt, patient(&f, &l.tide)), 0);
	fclose(b.diagnostics);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(l.n_stalled, 1);
	fclose(l.report);
	runtime_destroy(rt);
}

static void *reader_thread(void *arg)
{
	char c;

	return (void *)(intptr_t)read(*(int *)arg, &c, 1);
}

TEST(runtime_threads, without_a_waker_left_it_is_a_deadlock_though_other_threads_live)
{
	struct runtime_builder b = { .diagnostics = fopen("/dev/null", "w") };
	struct runtime *rt;
	struct pending never;
	pthread_t thread;
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	CHECK_EQ(pthread_create(&thread, NULL, reader_thread, &fds[0]), 0);
	CHECK_EQ(runtime_build(&b, &rt), 0);
	CHECK_EQ(runtime_block_on(rt, pending(&never)), -EDEADLK);
	runtime_destroy(rt);
	close(fds[1]);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	close(fds[0]);
	fclose(b.diagnostics);
}

static struct waker kept;

static void *late_thread(void *arg)
{
	raise_tide(arg);
	waker_wake_by_ref(&kept);
	waker_drop(&kept);
	return NULL;
}

TEST(runtime_threads, wakes_that_arrive_while_the_runtime_is_destroyed_are_harmless)
{
	for (int i = 0; i < 200; i++) {
		struct tide tide = { 0 }, never = { 0 };
		struct rises_to started, first;
		struct runtime *rt;
		pthread_t thread;

		t_mem_begin();
		rt = t_runtime();
		task_detach(spawn(rt, rises_to, &never, 1));
		task_detach(spawn(rt, arrival, &tide));
		CHECK_EQ(runtime_block_on(rt, rises_to(&first, &tide, 1)), 0);
		kept = waker_clone(&never.waker);
		CHECK_EQ(pthread_create(&thread, NULL, late_thread, &tide), 0);
		CHECK_EQ(runtime_block_on(rt, rises_to(&started, &tide, 2)), 0);
		runtime_destroy(rt);
		CHECK_EQ(pthread_join(thread, NULL), 0);
		CHECK_EQ(t_mem_live(), 0);
	}
}

/* --- Timers that another thread arms --- */

/* Gives its waker to a thread, which arms a timer with it, and waits for that. */
struct lends_its_waker {
	struct future future;
	struct delay delay; /* the thread's, until it has been joined */
	struct runtime *rt;
	struct waker waker;
	pthread_t thread;
	unsigned n_polls;
};

static void *arms_a_timer(void *arg)
{
	struct lends_its_waker *l = arg;
	struct context cx = context_of(&l->waker);

	cx.rt = l->rt;
	CHECK_EQ(future_poll(delay(&l->delay, 1), &cx), POLL_PENDING);
	return NULL;
}

static enum poll poll_lends(struct future *f, struct context *cx)
{
	struct lends_its_waker *l = future_of(f, struct lends_its_waker);

	if (l->n_polls++ == 0) {
		l->rt = cx->rt;
		l->waker = waker_clone(cx->waker);
		CHECK_EQ(pthread_create(&l->thread, NULL, arms_a_timer, l), 0);
		return POLL_PENDING;
	}
	pthread_join(l->thread, NULL);
	CHECK(delay_is_elapsed(&l->delay));
	future_drop(&l->delay.future);
	waker_drop(&l->waker);
	return POLL_READY;
}

static const struct future_ops lends_ops = FUTURE_OPS("lends_its_waker", poll_lends, NULL);

static void lend_a_waker(struct runtime *rt)
{
	struct lends_its_waker l = { .future = future_init(&lends_ops) };

	CHECK_EQ(runtime_block_on(rt, &l.future), 0);
	CHECK_EQ(l.n_polls, 2);
	runtime_destroy(rt);
}

/* Nothing else would wake it: if the timer did not hurry the sleeper this would not end. */
TEST(runtime_threads, a_timer_that_another_thread_arms_is_in_time)
{
	for (int i = 0; i < 50; i++)
		lend_a_waker(t_runtime());
}

TEST(runtime_threads, a_timer_that_another_thread_arms_moves_a_virtual_clock)
{
	for (int i = 0; i < 50; i++)
		lend_a_waker(t_runtime_virtual());
}
