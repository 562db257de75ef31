/*
 * delay: a future that waits for a thread, which keeps the waker.
 *
 * The first poll starts a thread and leaves a waker with it. The thread sleeps, says that the time is
 * up, and wakes. Meanwhile nobody polls: the executor's own thread sleeps, too.
 *
 * Predict: how often is the delay polled? Would it be more often if it took ten times as long?
 *
 *	make run P=ch02/delay                   ARGS=--tape shows each poll and wake
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch02-future-trait/delay.c $(find runtime -name '*.c') -pthread
 *
 * Try: call waker_wake before is_over is set. What does the executor do, and why only sometimes?
 */
#define _GNU_SOURCE 1 /* nanosleep */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "executor/block_on_park.h"
#include "future/future.h"
#include "trace/tape.h"

struct delay {
	struct future future;
	unsigned ms;
	pthread_t thread;
	bool has_thread;
	int err; /* 0, or what pthread_create said */

	pthread_mutex_t lock; /* guards what follows */
	bool is_over;
	struct waker waker; /* owned while we wait */
};

static void *sleep_then_wake(void *arg)
{
	struct delay *d = arg;
	struct waker waker;

	nanosleep(&(struct timespec){ .tv_nsec = d->ms * 1000000L }, NULL);
	printf("thread: %u ms are over, wake\n", d->ms);
	pthread_mutex_lock(&d->lock);
	d->is_over = true;
	waker = waker_take(&d->waker);
	pthread_mutex_unlock(&d->lock);
	waker_wake(&waker); /* not under the lock: who knows what a waker does */
	return NULL;
}

/* After a drop nobody may have a pointer to us: so it has to wait for the thread. */
static void delay_drop(struct future *future)
{
	struct delay *d = future_of(future, struct delay);

	if (d->has_thread)
		pthread_join(d->thread, NULL);
	waker_drop(&d->waker);
}

/* The waker is a new one at every poll: who polls us now may be another than the last time. */
static bool is_over_else_wake(struct delay *d, const struct waker *whom)
{
	struct waker fresh = waker_clone(whom), stale;
	bool is_over;

	pthread_mutex_lock(&d->lock);
	is_over = d->is_over;
	stale = d->waker;
	d->waker = fresh;
	pthread_mutex_unlock(&d->lock);
	waker_drop(&stale);
	return is_over;
}

static enum poll delay_poll(struct future *future, struct context *cx)
{
	struct delay *d = future_of(future, struct delay);

	if (!is_over_else_wake(d, cx->waker)) {
		printf("poll: pending\n");
		if (d->has_thread)
			return POLL_PENDING;
		d->err = pthread_create(&d->thread, NULL, sleep_then_wake, d);
		d->has_thread = d->err == 0;
		if (d->has_thread)
			return POLL_PENDING;
	}
	printf("poll: ready\n");
	delay_drop(future);
	return POLL_READY;
}

static const struct future_ops delay_ops = FUTURE_OPS("delay", delay_poll, delay_drop);

static struct future *delay(struct delay *d, unsigned ms)
{
	*d = (struct delay){ .future = future_init(&delay_ops), .ms = ms,
			     .lock = PTHREAD_MUTEX_INITIALIZER };
	return &d->future;
}

int main(int argc, char **argv)
{
	struct delay d;
	struct future *future;

	tape_args(argc, argv);
	future = delay(&d, 50);
	printf("main: the delay is built, and there is no thread yet\n");
	block_on_park(future);
	printf("main: done\n");
}
