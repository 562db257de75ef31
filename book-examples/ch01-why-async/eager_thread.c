/*
 * eager_thread: a thread that is created runs at once; the future beside it waits to be asked.
 *
 * The same work twice, as a thread and as a future: three steps, with a pause before each. Then we
 * change our mind. The thread is at work already, and nobody can call it back: unless it was
 * written to listen, all that is left is to wait for its end, because until then it uses our
 * memory. The future has not begun. One call cancels it, and after that nobody has a pointer to it.
 *
 * Predict: both are built, both are given up. How many steps does each of them take?
 *
 *	make run P=ch01/eager_thread            ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch01-why-async/eager_thread.c $(find runtime -name '*.c') -pthread
 *
 * Try: give both a thousand steps. What would it take to be rid of the thread at once?
 */
#define _GNU_SOURCE 1 /* nanosleep */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

#include "weft.h"

enum { N_STEPS = 3, PAUSE_MS = 10 };

/* --- As a thread --- */

struct thread {
	pthread_t id;
	sem_t has_begun;
	int n_steps; /* the thread's, until it has been joined */
};

static void *thread_run(void *arg)
{
	struct thread *t = arg;

	printf("thread: at work\n");
	sem_post(&t->has_begun);
	while (t->n_steps < N_STEPS) {
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000 }, NULL);
		t->n_steps++;
	}
	return NULL;
}

/* Returns 0 when the thread runs; or an error number, since a thread can be too much to ask for. */
static int thread(struct thread *t)
{
	*t = (struct thread){ 0 };
	sem_init(&t->has_begun, 0, 0);
	return pthread_create(&t->id, NULL, thread_run, t);
}

/* --- As a future --- */

struct steps {
	struct co co;
	int n_steps;
	struct delay pause;
};

static enum poll steps_run(struct co *co, struct context *cx)
{
	struct steps *const f = co_frame(co, struct steps);

	co_begin(co);
	printf("future: at work\n");
	while (f->n_steps < N_STEPS) {
		co_await(delay(&f->pause, PAUSE_MS));
		f->n_steps++;
	}
	co_end;
}

/* Cannot fail: it fills in a struct. */
static struct future *steps(struct steps *f)
{
	*f = (struct steps){ .co = co_init(steps_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct thread t;
	struct steps f;

	tape_args(argc, argv);
	if (thread(&t))
		return 1;
	steps(&f);
	sem_wait(&t.has_begun);
	printf("main: there is a thread and a future, and nobody has asked for anything\n");

	future_drop(&f.co.future);
	pthread_join(t.id, NULL);
	sem_destroy(&t.has_begun);
	printf("main: both given up: %d steps by the thread, %d by the future\n", t.n_steps,
	       f.n_steps);

	if (runtime_run(&(struct runtime_builder){ .virtual_time = true }, steps(&f)))
		return 1;
	printf("main: another future, run: %d steps\n", f.n_steps);
}
