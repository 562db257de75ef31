/* test_tape_threads: one thread's story, while others wake, spawn and poll. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/tape.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "executor/block_on_park.h"
#include "executor/block_on_spin.h"
#include "future/yield_now.h"
#include "trace/actors.h"
#include "trace/taped.h"

/* --- errand: a future that sends a thread, and is ready when that one comes back --- */

struct errand {
	struct future future;
	void (*work)(struct errand *e); /* in the thread; ends in errand_over */
	struct runtime *rt;
	bool has_thread;
	pthread_t thread;
	struct waker waker; /* the thread's, once there is one */
	atomic_bool is_over;
};

/* The last that a thread, or a task that it spawned, does for an errand. */
static void errand_over(struct errand *e)
{
	struct waker waker = waker_take(&e->waker);

	atomic_store(&e->is_over, true);
	waker_wake(&waker);
}

static void *errand_thread(void *arg)
{
	struct errand *e = arg;

	e->work(e);
	return NULL;
}

static enum poll errand_poll(struct future *f, struct context *cx)
{
	struct errand *e = future_of(f, struct errand);

	if (atomic_load(&e->is_over)) {
		pthread_join(e->thread, NULL);
		return POLL_READY;
	}
	if (!e->has_thread) {
		e->rt = cx->rt;
		e->waker = waker_clone(cx->waker);
		e->has_thread = pthread_create(&e->thread, NULL, errand_thread, e) == 0;
		CHECK(e->has_thread);
	}
	return POLL_PENDING;
}

static const struct future_ops errand_ops = FUTURE_OPS("errand", errand_poll, NULL);

static struct future *errand(struct errand *e, void (*work)(struct errand *e))
{
	*e = (struct errand){ .future = future_init(&errand_ops), .work = work };
	return &e->future;
}

enum { ROUNDS = 50 };

/* --- Wakes --- */

/*
 * The thread may be faster than the poll that sent it, or much slower. Either way the tape has what
 * this thread sees, in the order in which it sees it.
 */
TEST(tape_threads, a_wake_from_another_thread_is_told_when_the_runtime_meets_it)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct taped t;
		struct errand f;

		taped_begin(&t);
		CHECK_EQ(run_virtual(errand(&f, errand_over)), 0);
		taped_is(&t, "|     0 ms  spawn    #1 errand                 from outside\n"
			     "|     0 ms  poll     #1 errand\n"
			     "|     0 ms  pending  #1 errand\n"
			     "|     0 ms  park\n"
			     "|     0 ms  wake     #1 errand                 by another thread\n"
			     "|     0 ms  poll     #1 errand\n"
			     "|     0 ms  ready    #1 errand\n");
	}
}

TEST(tape_threads, a_wake_from_another_thread_is_told_when_a_parked_thread_goes_on)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct taped t;
		struct errand f;

		taped_begin(&t);
		CHECK_EQ(block_on_park(errand(&f, errand_over)), 0);
		taped_is(&t, "| poll     #1 errand\n"
			     "| pending  #1 errand\n"
			     "| park\n"
			     "| wake     #1 errand                 by another thread\n"
			     "| poll     #1 errand\n"
			     "| ready    #1 errand\n");
	}
}

/* --- Spawns --- */

struct end_of {
	struct future future;
	struct errand *errand;
};

static enum poll end_of_poll(struct future *f, struct context *cx)
{
	(void)cx;
	errand_over(future_of(f, struct end_of)->errand);
	return POLL_READY;
}

static const struct future_ops end_of_ops = FUTURE_OPS("end_of", end_of_poll, NULL);

static struct future *end_of(struct end_of *f, struct errand *e)
{
	*f = (struct end_of){ .future = future_init(&end_of_ops), .errand = e };
	return &f->future;
}

static void spawn_the_end(struct errand *e)
{
	struct task *t = spawn(e->rt, end_of, e);

	CHECK(t);
	task_detach(t);
}

TEST(tape_threads, a_task_from_another_thread_is_told_when_the_runtime_meets_it)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct taped t;
		struct errand f;

		taped_begin(&t);
		CHECK_EQ(run_virtual(errand(&f, spawn_the_end)), 0);
		taped_is(&t, "|     0 ms  spawn    #1 errand                 from outside\n"
			     "|     0 ms  poll     #1 errand\n"
			     "|     0 ms  pending  #1 errand\n"
			     "|     0 ms  park\n"
			     "|     0 ms  spawn    #2 end_of                 from outside\n"
			     "|     0 ms  poll     #2 end_of\n"
			     "|     0 ms  wake     #1 errand                 by #2 end_of\n"
			     "|     0 ms  ready    #2 end_of\n"
			     "|     0 ms  poll     #1 errand\n"
			     "|     0 ms  ready    #1 errand\n");
	}
}

/* --- What is not on it --- */

static void poll_on_its_own(struct errand *e)
{
	struct yield_now turn;
	struct nap f;

	block_on_spin(yield_now(&turn));
	CHECK_EQ(run_virtual(nap(&f, 5)), 0);
	CHECK_EQ(block_on_park(yield_now(&turn)), 0);
	errand_over(e);
}

TEST(tape_threads, what_another_thread_polls_is_not_on_it)
{
	struct taped t;
	struct errand f;

	taped_begin(&t);
	CHECK_EQ(block_on_park(errand(&f, poll_on_its_own)), 0);
	taped_is(&t, "| poll     #1 errand\n"
		     "| pending  #1 errand\n"
		     "| park\n"
		     "| wake     #1 errand                 by another thread\n"
		     "| poll     #1 errand\n"
		     "| ready    #1 errand\n");
}

/* --- A runtime of several threads: on the tape is what this one does --- */

enum { CROWD = 40 };

struct crowd {
	struct co co;
	unsigned i, n_over;
	struct task *tasks[CROWD];
	struct task_join join;
};

static enum poll crowd_run(struct co *co, struct context *cx)
{
	struct crowd *const f = co_frame(co, struct crowd);

	co_begin(co);
	for (f->i = 0; f->i < CROWD; f->i++)
		f->tasks[f->i] = spawn(cx->rt, nap, f->i % 3);
	for (f->i = 0; f->i < CROWD; f->i++) {
		co_await(task_join(&f->join, f->tasks[f->i]));
		f->n_over += f->join.err == 0;
		task_detach(f->tasks[f->i]);
	}
	co_end;
}

static struct future *crowd(struct crowd *f)
{
	*f = (struct crowd){ .co = co_init(crowd_run) };
	return &f->co.future;
}

TEST(tape_threads, a_runtime_of_several_threads_may_be_recorded)
{
	struct taped t;
	struct crowd f;

	taped_begin(&t);
	CHECK_EQ(runtime_run(&(struct runtime_builder){ .n_workers = 3 }, crowd(&f)), 0);
	CHECK_EQ(f.n_over, CROWD);
	free(taped_end(&t));
}

/* --- Begin and end --- */

static void meddle(struct errand *e)
{
	CHECK_EQ(tape_begin(stdout), -EBUSY);
	CHECK_EQ(tape_begin_svg("/nowhere/at/all.svg"), -EBUSY);
	CHECK_EQ(tape_end(), -EPERM);
	errand_over(e);
}

TEST(tape_threads, another_thread_can_neither_begin_a_second_one_nor_end_it)
{
	struct taped t;
	struct errand f;

	taped_begin(&t);
	CHECK_EQ(block_on_park(errand(&f, meddle)), 0);
	taped_is(&t, "| poll     #1 errand\n"
		     "| pending  #1 errand\n"
		     "| park\n"
		     "| wake     #1 errand                 by another thread\n"
		     "| poll     #1 errand\n"
		     "| ready    #1 errand\n");
}

/* Each time a thread is in the midst of its own polls when the tape begins and ends here. */
static atomic_bool is_enough;

static void *spin(void *arg)
{
	struct yield_now turn;

	while (!atomic_load(&is_enough))
		block_on_spin(yield_now(&turn));
	return arg;
}

TEST(tape_threads, it_may_begin_and_end_while_others_poll)
{
	pthread_t thread;

	atomic_store(&is_enough, false);
	CHECK_EQ(pthread_create(&thread, NULL, spin, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct yield_now turn;
		struct taped t;

		taped_begin(&t);
		block_on_spin(yield_now(&turn));
		taped_is(&t, "| poll     #1 yield_now\n"
			     "| pending  #1 yield_now\n"
			     "| poll     #1 yield_now\n"
			     "| ready    #1 yield_now\n");
	}
	atomic_store(&is_enough, true);
	pthread_join(thread, NULL);
}
