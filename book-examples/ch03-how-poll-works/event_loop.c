/*
 * event_loop: an executor for many tasks, which sleeps in epoll until one of them is woken.
 *
 * It takes two things. The ready queue says whom to poll. Here it is a pipe: to wake a task is to
 * write its address into it, from any thread. And there must be one place to sleep, where every
 * event ends the sleep: epoll watches the pipe, and each descriptor that a task waits for. Beside
 * each descriptor lies a waker. All that the loop does about an event is to call it; then the task
 * is in the queue like any other. Three naps, of 300, 100 and 200 ms, run on one thread.
 *
 * Predict: how often is each nap polled? How often does the thread sleep, and how long altogether?
 *
 *	make run P=ch03/event_loop              ARGS=--tape shows each poll, wake and sleep
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch03-how-poll-works/event_loop.c $(find runtime -name '*.c') -pthread
 *
 * Try: in sleep_until_woken, call the waker twice. Which line now keeps the loop from a bug?
 */
#define _GNU_SOURCE 1 /* pipe2 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "future/future.h"
#include "trace/tape.h"

/* --- The ready queue, and the waker that fills it --- */

static int queue[2]; /* a pipe of pointers to futures: each is a task */

/* A pipe holds some thousand pointers. A larger loop would see to it that each task is in once. */
static void task_wake(void *task)
{
	probe_wake(task); /* for the tape */
	bug_unless(write(queue[1], &task, sizeof task) == sizeof task);
}

static void task_drop(void *task)
{
	(void)task; /* tasks belong to main and outlive all their wakers: nobody has to count */
}

static struct waker task_clone(void *task);

static const struct waker_vtable task_vtable = {
	.clone = task_clone, .wake = task_wake, .wake_by_ref = task_wake, .drop = task_drop
};

static struct waker task_clone(void *task)
{
	return (struct waker){ &task_vtable, task };
}

/* --- The loop --- */

static int epoll; /* where the thread sleeps */

/* From now on the sleep ends when `fd` can be read, and then the waker in `slot` is called. */
static bool watch(int fd, struct waker *slot)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = slot };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void sleep_until_woken(void)
{
	struct epoll_event event;

	probe_park();
	if (epoll_wait(epoll, &event, 1, -1) == 1)
		waker_wake_by_ref(event.data.ptr); /* beside the queue lies none: it has its task */
}

/* One that is over may be woken all the same, but must not be polled. */
static bool has_finished(struct future *task)
{
	struct waker waker = { &task_vtable, task };
	struct context cx = context_of(&waker);

	return future_is_live(task) && future_poll(task, &cx) == POLL_READY;
}

/* Everybody is asked once. From then on only those who were woken are, in that order. */
static void run(struct future **tasks, int n)
{
	struct future *next;
	int n_live = n;

	for (int i = 0; i < n; i++)
		n_live -= has_finished(tasks[i]);
	while (n_live > 0)
		if (read(queue[0], &next, sizeof next) == sizeof next)
			n_live -= has_finished(next);
		else
			sleep_until_woken();
}

/* --- Something to wait for: a descriptor that can be read when the time is over --- */

struct nap {
	struct future future;
	int ms;
	int fd;             /* a timerfd; -1: not started */
	struct waker waker; /* the slot that epoll knows */
};

static bool start(struct nap *n)
{
	struct itimerspec when = { .it_value.tv_nsec = n->ms * 1000000L };

	n->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	return timerfd_settime(n->fd, 0, &when, NULL) == 0 && watch(n->fd, &n->waker);
}

static void nap_drop(struct future *future)
{
	struct nap *n = future_of(future, struct nap);

	close(n->fd); /* epoll forgets what is closed, and so the slot */
	waker_drop(&n->waker);
}

static enum poll nap_poll(struct future *future, struct context *cx)
{
	struct nap *n = future_of(future, struct nap);
	eventfd_t n_times;

	waker_refresh(&n->waker, cx->waker);
	bug_unless(n->fd >= 0 || start(n)); /* a lesson: in a library it would be an error value */
	if (eventfd_read(n->fd, &n_times)) {
		printf("%d ms: not yet\n", n->ms);
		return POLL_PENDING;
	}
	printf("%d ms: over\n", n->ms);
	nap_drop(future);
	return POLL_READY;
}

static const struct future_ops nap_ops = FUTURE_OPS("nap", nap_poll, nap_drop);

static struct future *nap(struct nap *n, int ms)
{
	*n = (struct nap){ .future = future_init(&nap_ops), .ms = ms, .fd = -1 };
	return &n->future;
}

int main(int argc, char **argv)
{
	struct nap a, b, c;
	struct waker nobody = { 0 };

	tape_args(argc, argv);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0 || pipe2(queue, O_NONBLOCK | O_CLOEXEC) || !watch(queue[0], &nobody))
		return 1;
	run((struct future *[]){ nap(&a, 300), nap(&b, 100), nap(&c, 200) }, 3);
}
