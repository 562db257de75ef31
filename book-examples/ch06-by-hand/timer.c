/*
 * timer: a timer made of a thread, then the wheel, which needs none.
 *
 * The first timer starts a thread that sleeps and wakes. It is a good future: it can be cancelled in
 * the middle (a descriptor tells the thread), and after a drop nobody has a pointer to it. But each
 * one costs a stack, a system call to start and two switches between threads. The runtime's delay is a
 * list node inside the frame. One wheel holds all of them; the thread that polls tasks looks at it
 * once per turn and sleeps, in between, until the next one is due.
 *
 * Predict: how many threads do ten timers need, and how many do a hundred delays?
 *
 *	make run P=ch06/timer                   ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch06-by-hand/timer.c $(find runtime -name '*.c') -pthread
 *
 * Try: drop a thread_timer of a minute after its first poll. How long does that take, and why?
 */
#define _GNU_SOURCE 1 /* eventfd */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "weft.h"

/* --- A thread for each --- */

struct thread_timer {
	struct future future;
	int ms;
	int cancel; /* an eventfd: whoever writes to it ends the sleep */
	bool has_thread;
	pthread_t thread;

	pthread_mutex_t lock; /* guards what follows */
	bool is_over;
	struct waker waker;
};

static int n_threads;

static void *sleep_then_wake(void *arg)
{
	struct thread_timer *t = arg;
	struct waker waker;

	poll(&(struct pollfd){ .fd = t->cancel, .events = POLLIN }, 1, t->ms);
	pthread_mutex_lock(&t->lock);
	t->is_over = true;
	waker = waker_take(&t->waker);
	pthread_mutex_unlock(&t->lock);
	waker_wake(&waker);
	return NULL;
}

/* In this order: the thread is told, it ends, and then nobody else has what it used. */
static void thread_timer_drop(struct future *future)
{
	struct thread_timer *t = future_of(future, struct thread_timer);

	if (t->has_thread) {
		eventfd_write(t->cancel, 1);
		pthread_join(t->thread, NULL);
		close(t->cancel);
		waker_drop(&t->waker);
	}
}

static void start(struct thread_timer *t)
{
	t->cancel = eventfd(0, EFD_CLOEXEC);
	t->has_thread = t->cancel >= 0 && pthread_create(&t->thread, NULL, sleep_then_wake, t) == 0;
	bug_unless(t->has_thread); /* a lesson, not a library: there it would be an error value */
	n_threads++;
}

static enum poll thread_timer_poll(struct future *future, struct context *cx)
{
	struct thread_timer *t = future_of(future, struct thread_timer);
	struct waker waker = waker_clone(cx->waker), stale;
	bool is_over;

	pthread_mutex_lock(&t->lock);
	stale = t->waker;
	t->waker = waker;
	is_over = t->is_over;
	pthread_mutex_unlock(&t->lock);
	waker_drop(&stale);
	if (is_over)
		thread_timer_drop(future);
	else if (!t->has_thread)
		start(t);
	return is_over ? POLL_READY : POLL_PENDING;
}

static const struct future_ops thread_timer_ops =
	FUTURE_OPS("thread_timer", thread_timer_poll, thread_timer_drop);

static struct future *thread_timer(struct thread_timer *t, int ms)
{
	*t = (struct thread_timer){ .future = future_init(&thread_timer_ops), .ms = ms,
				    .lock = PTHREAD_MUTEX_INITIALIZER };
	return &t->future;
}

/* --- Ten of those, a hundred of the others --- */

enum { TEN = 10, MANY = 100 };

int main(int argc, char **argv)
{
	static struct thread_timer timers[TEN];
	static struct delay delays[MANY];
	static struct future *all[MANY];
	struct join_array join;

	tape_args(argc, argv);
	for (int i = 0; i < TEN; i++)
		all[i] = thread_timer(&timers[i], 20);
	if (block_on_park(join_array(&join, all, TEN)))
		return 1;
	printf("%3d thread timers: %d threads\n", TEN, n_threads);

	for (int i = 0; i < MANY; i++)
		all[i] = delay(&delays[i], 20);
	if (runtime_run(NULL, join_array(&join, all, MANY)))
		return 1;
	printf("%3d delays: %d threads more\n", MANY, n_threads - TEN);
}
