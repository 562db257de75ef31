/* Runtimes under attack from other threads: what they do while the runtime walks, ends, or begins. */
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "executor/block_on_park.h"
#include "future/co.h"
#include "future/yield_now.h"

/* Comes to an end that is counted: at once, or never. */
struct mortal {
	struct future future;
	atomic_uint *n_ended;
	bool at_once;
};

static enum poll poll_mortal(struct future *f, struct context *cx)
{
	struct mortal *m = future_of(f, struct mortal);

	(void)cx;
	if (!m->at_once)
		return POLL_PENDING;
	atomic_fetch_add(m->n_ended, 1);
	return POLL_READY;
}

static void drop_mortal(struct future *f)
{
	atomic_fetch_add(future_of(f, struct mortal)->n_ended, 1);
}

static const struct future_ops mortal_ops = FUTURE_OPS("mortal", poll_mortal, drop_mortal);

/* So large that its memory is returned with its last reference. */
struct large {
	struct mortal mortal;
	char ballast[2000];
};

static struct future *mortal(struct mortal *m, atomic_uint *n_ended, bool at_once)
{
	*m = (struct mortal){
		.future = future_init(&mortal_ops), .n_ended = n_ended, .at_once = at_once
	};
	return &m->future;
}

static struct future *large(struct large *l, atomic_uint *n_ended)
{
	return mortal(&l->mortal, n_ended, true);
}

/* --- The memory of a task goes while the runtime walks over all of them --- */

enum { N_LARGE = 400, N_WALKS = 20 };

struct heap {
	struct task *tasks[N_LARGE];
	atomic_bool go;
};

static void *detach_thread(void *arg)
{
	struct heap *h = arg;

	while (!atomic_load(&h->go))
		;
	for (int i = 0; i < N_LARGE; i++)
		task_detach(h->tasks[i]);
	return NULL;
}

TEST(runtime_attack_threads, handles_are_given_up_while_the_runtime_walks_over_its_tasks)
{
	FILE *out = fopen("/dev/null", "w");
	atomic_uint n_ended = 0;

	CHECK(out);
	t_mem_begin();
	for (int round = 0; round < N_WALKS; round++) {
		struct runtime *rt = t_runtime();
		struct heap h = { .go = false };
		struct yield_now turn;
		pthread_t thread;

		for (int i = 0; i < N_LARGE; i++)
			h.tasks[i] = spawn(rt, large, &n_ended);
		CHECK_EQ(runtime_block_on(rt, yield_now(&turn)), 0);
		while (runtime_n_tasks(rt) > 0)
			CHECK_EQ(runtime_block_on(rt, yield_now(&turn)), 0);
		CHECK_EQ(pthread_create(&thread, NULL, detach_thread, &h), 0);
		atomic_store(&h.go, true);
		for (int i = 0; i < 20; i++)
			runtime_dump(rt, out);
		CHECK_EQ(pthread_join(thread, NULL), 0);
		runtime_destroy(rt);
	}
	CHECK_EQ(n_ended, N_WALKS * N_LARGE);
	CHECK_EQ(t_mem_live(), 0);
	fclose(out);
}

/* --- Spawning while the runtime is destroyed --- */

struct spawner {
	struct runtime *rt;
	struct task *keeper; /* keeps the runtime's memory */
	atomic_uint n_spawned, n_ended;
};

static void *spawn_thread(void *arg)
{
	struct spawner *s = arg;
	struct task *t;

	while ((t = spawn(s->rt, mortal, &s->n_ended, false))) {
		task_detach(t);
		atomic_fetch_add(&s->n_spawned, 1);
	}
	task_detach(s->keeper);
	return NULL;
}

TEST(runtime_attack_threads, what_is_spawned_while_the_runtime_is_destroyed_is_dropped)
{
	for (int round = 0; round < 300; round++) {
		struct spawner s = { 0 };
		pthread_t thread;

		t_mem_begin();
		s.rt = t_runtime();
		s.keeper = spawn(s.rt, mortal, &s.n_ended, false);
		CHECK_EQ(pthread_create(&thread, NULL, spawn_thread, &s), 0);
		while (atomic_load(&s.n_spawned) == 0)
			;
		runtime_destroy(s.rt);
		CHECK_EQ(pthread_join(thread, NULL), 0);
		CHECK_EQ(s.n_ended, s.n_spawned + 1);
		CHECK_EQ(t_mem_live(), 0);
	}
}

/* --- A handle in other hands --- */

struct holder {
	struct task *t;
	bool aborts;
	atomic_bool has_begun;
	uint32_t id;
	int err;
};

static void *holder_thread(void *arg)
{
	struct holder *h = arg;
	struct task_join join;

	h->id = task_id(h->t);
	atomic_store(&h->has_begun, true);
	if (h->aborts)
		task_abort(h->t);
	CHECK_EQ(block_on_park(task_join(&join, h->t)), 0);
	h->err = join.err;
	h->id = task_id(h->t);
	task_detach(h->t);
	return NULL;
}

struct in_turns {
	struct co co;
	struct holder *holder;
	unsigned i, n;
	struct yield_now yield;
};

static enum poll in_turns_run(struct co *co, struct context *cx)
{
	struct in_turns *const f = co_frame(co, struct in_turns);

	co_begin(co);
	for (f->i = 0; f->i < f->n || !atomic_load(&f->holder->has_begun); f->i++)
		co_await(yield_now(&f->yield));
	co_end;
}

static struct future *in_turns(struct in_turns *f, struct holder *h, unsigned n)
{
	*f = (struct in_turns){ .co = co_init(in_turns_run), .holder = h, .n = n };
	return &f->co.future;
}

/* The thread begins while the task is there already: from plain writes to atomic ones. */
static void hold(unsigned n, bool aborts)
{
	struct runtime *rt = t_runtime();
	struct holder h = { .aborts = aborts };
	struct in_turns root;
	pthread_t thread;

	h.t = spawn(rt, in_turns, &h, n);
	CHECK_EQ(pthread_create(&thread, NULL, holder_thread, &h), 0);
	CHECK_EQ(runtime_block_on(rt, in_turns(&root, &h, n)), 0);
	if (n % 2)
		CHECK_EQ(runtime_block_on(rt, in_turns(&root, &h, 2 * n)), 0);
	runtime_destroy(rt);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(h.err == 0 || h.err == -ECANCELED);
	CHECK(h.id == 1);
}

TEST(runtime_attack_threads, a_thread_may_abort_and_join_what_ends_or_is_destroyed_just_then)
{
	for (unsigned n = 0; n < 300; n++) {
		hold(n % 7, false);
		hold(n % 7, true);
	}
}

