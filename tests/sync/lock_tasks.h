/*
 * lock_tasks: many tasks over one lock, awaiting while they hold it, on a runtime of any number of
 * workers. What is guarded is not atomic: only the locks make it exact.
 */
#ifndef WEFT_TESTS_LOCK_TASKS_H
#define WEFT_TESTS_LOCK_TASKS_H

#include "t.h"
#include "t_runtime.h"

#include "future/co.h"
#include "future/yield_now.h"
#include "sync/mutex.h"
#include "sync/rwlock.h"
#include "sync/semaphore.h"

/* What all tasks of a test share, and the count of those that are done. */
static struct mutex mutex;
static struct rwlock rwlock;
static struct semaphore semaphore;
static long guarded;
static atomic_int n_inside, n_most, n_wrong;

/* One more is inside; remembers how many were there at most. */
static inline void enter(void)
{
	int n = atomic_fetch_add(&n_inside, 1) + 1, most = atomic_load(&n_most);

	while (n > most && !atomic_compare_exchange_weak(&n_most, &most, n))
		;
}

static inline void leave(void)
{
	atomic_fetch_sub(&n_inside, 1);
}

/* --- The mutex: read, let others run, write --- */

struct counts {
	struct co co;
	struct mutex_lock lock;
	struct yield_now yield;
	long seen;
};

static enum poll counts_run(struct co *co, struct context *cx)
{
	struct counts *const f = co_frame(co, struct counts);

	co_begin(co);
	co_await(mutex_lock(&f->lock, &mutex));
	f->seen = guarded;
	co_await(yield_now(&f->yield));
	guarded = f->seen + 1;
	mutex_unlock(&mutex);
	co_end;
}

static inline struct future *counts(struct counts *f)
{
	*f = (struct counts){ .co = co_init(counts_run) };
	return &f->co.future;
}

/* --- The rwlock: a writer leaves the value negative while it awaits --- */

struct writes {
	struct co co;
	struct rwlock_write lock;
	struct yield_now yield;
	long seen;
};

static enum poll writes_run(struct co *co, struct context *cx)
{
	struct writes *const f = co_frame(co, struct writes);

	co_begin(co);
	co_await(rwlock_write(&f->lock, &rwlock));
	f->seen = guarded;
	guarded = -1;
	co_await(yield_now(&f->yield));
	guarded = f->seen + 1;
	rwlock_write_unlock(&rwlock);
	co_end;
}

static inline struct future *writes(struct writes *f)
{
	*f = (struct writes){ .co = co_init(writes_run) };
	return &f->co.future;
}

struct reads {
	struct co co;
	struct rwlock_read lock;
	struct yield_now yield;
	long seen;
};

static enum poll reads_run(struct co *co, struct context *cx)
{
	struct reads *const f = co_frame(co, struct reads);

	co_begin(co);
	co_await(rwlock_read(&f->lock, &rwlock));
	f->seen = guarded;
	co_await(yield_now(&f->yield));
	n_wrong += f->seen < 0 || f->seen != guarded;
	rwlock_read_unlock(&rwlock);
	co_end;
}

static inline struct future *reads(struct reads *f)
{
	*f = (struct reads){ .co = co_init(reads_run) };
	return &f->co.future;
}

/* --- The semaphore: so many inside, and no more --- */

struct visits {
	struct co co;
	struct semaphore_acquire acquire;
	struct yield_now yield;
	size_t n;
};

static enum poll visits_run(struct co *co, struct context *cx)
{
	struct visits *const f = co_frame(co, struct visits);

	co_begin(co);
	co_await(semaphore_acquire(&f->acquire, &semaphore, f->n));
	enter();
	co_await(yield_now(&f->yield));
	leave();
	semaphore_release(&semaphore, f->n);
	co_end;
}

static inline struct future *visits(struct visits *f, size_t n)
{
	*f = (struct visits){ .co = co_init(visits_run), .n = n };
	return &f->co.future;
}

/* --- All of them --- */

enum { LOCK_TASKS_MAX = 10000 };

typedef struct task *spawn_one(struct runtime *rt, int i);

/* Spawns `n` tasks and awaits them all. */
struct crowd {
	struct co co;
	spawn_one *spawn_it;
	struct task *task[LOCK_TASKS_MAX];
	struct task_join join;
	int n, i;
};

static enum poll crowd_run(struct co *co, struct context *cx)
{
	struct crowd *const f = co_frame(co, struct crowd);

	co_begin(co);
	for (f->i = 0; f->i < f->n; f->i++)
		f->task[f->i] = f->spawn_it(cx->rt, f->i);
	for (f->i = 0; f->i < f->n; f->i++) {
		co_await(task_join(&f->join, f->task[f->i]));
		n_wrong += f->join.err != 0;
		task_detach(f->task[f->i]);
	}
	co_end;
}

static inline struct future *crowd(struct crowd *f, spawn_one *spawn_it, int n)
{
	f->co = (struct co)co_init(crowd_run);
	f->spawn_it = spawn_it;
	f->n = n;
	return &f->co.future;
}

/* 0 workers: all on the calling thread. */
static inline void run_crowd(unsigned n_workers, spawn_one *spawn_it, int n)
{
	static struct crowd f;
	struct runtime *rt = NULL;

	CHECK(n <= LOCK_TASKS_MAX);
	guarded = 0;
	n_inside = n_most = n_wrong = 0;
	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = n_workers }, &rt), 0);
	CHECK_EQ(runtime_block_on(rt, crowd(&f, spawn_it, n)), 0);
	runtime_destroy(rt);
	CHECK_EQ(atomic_load(&n_wrong), 0);
}

static inline struct task *spawn_counts(struct runtime *rt, int i)
{
	(void)i;
	return spawn(rt, counts);
}

static inline void mutex_contention(unsigned n_workers, int n)
{
	mutex_init(&mutex);
	run_crowd(n_workers, spawn_counts, n);
	CHECK_EQ(guarded, n);
	CHECK_EQ(mutex_try_lock(&mutex), 0);
}

static inline struct task *spawn_reads_or_writes(struct runtime *rt, int i)
{
	return i % 3 == 0 ? spawn(rt, writes) : spawn(rt, reads);
}

static inline void rwlock_contention(unsigned n_workers, int n)
{
	CHECK_EQ(rwlock_init(&rwlock, 100), 0);
	run_crowd(n_workers, spawn_reads_or_writes, n);
	CHECK_EQ(guarded, (n + 2) / 3);
	CHECK_EQ(rwlock_try_write(&rwlock), 0);
}

static inline struct task *spawn_visits(struct runtime *rt, int i)
{
	(void)i;
	return spawn(rt, visits, 1);
}

static inline struct task *spawn_visits_of_two(struct runtime *rt, int i)
{
	(void)i;
	return spawn(rt, visits, 2);
}

/* `n_permits` in all, of which each visitor takes `n_each`. */
static inline void visitors(unsigned n_workers, int n, size_t n_permits, int n_each)
{
	CHECK_EQ(semaphore_init(&semaphore, n_permits), 0);
	run_crowd(n_workers, n_each == 1 ? spawn_visits : spawn_visits_of_two, n);
	CHECK(atomic_load(&n_most) <= (int)n_permits / n_each);
	CHECK_EQ(semaphore_available(&semaphore), n_permits);
}

#endif
