/*
 * flag: a flag that another thread sets, and a future that waits for it.
 *
 * A poll may come at any time, for no reason at all, and from somebody else than the last one. So each
 * poll looks at the flag anew, and leaves the waker that it has just been given in place of the one from
 * before. Looking and leaving are one step, under a lock: if the flag could be set in between, whoever
 * sets it would find no waker, the waker would come too late, and nobody would ever wake.
 *
 * Predict: the future is polled twice for nothing, then a thread sets the flag while main waits. How often
 * does it say PENDING? Why may --tape answer that in two ways?
 *
 *	make run P=ch03/flag                    ARGS=--tape, a few times
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch03-how-poll-works/flag.c $(find runtime -name '*.c') -pthread
 *
 * Try: let flag_set wake first, then sleep for a moment, then set. Why is waking somebody not enough?
 */
#include <pthread.h>
#include <stdio.h>

#include "executor/block_on_park.h"
#include "future/future.h"
#include "trace/tape.h"

/* --- The flag --- */

struct flag {
	pthread_mutex_t lock; /* guards what follows */
	bool is_set;
	struct waker waker; /* owned; of the one future that waits, if one does */
};

static void flag_set(struct flag *flag)
{
	struct waker waker;

	pthread_mutex_lock(&flag->lock);
	flag->is_set = true;
	waker = waker_take(&flag->waker);
	pthread_mutex_unlock(&flag->lock);
	waker_wake(&waker); /* not under the lock: who knows what a waker does */
}

/* --- The future --- */

struct flag_wait {
	struct future future;
	struct flag *flag; /* borrowed */
};

static enum poll flag_wait_poll(struct future *future, struct context *cx)
{
	struct flag *flag = future_of(future, struct flag_wait)->flag;
	struct waker waker = waker_clone(cx->waker);
	bool is_set;

	pthread_mutex_lock(&flag->lock);
	is_set = flag->is_set;
	if (!is_set) {
		struct waker stale = flag->waker;

		flag->waker = waker;
		waker = stale;
	}
	pthread_mutex_unlock(&flag->lock);
	waker_drop(&waker); /* the one from before; or ours, if there is nothing to wait for */
	return is_set ? POLL_READY : POLL_PENDING;
}

/* Nobody waits any more: what the last poll has left in the flag is taken out again. */
static void flag_wait_drop(struct future *future)
{
	struct flag *flag = future_of(future, struct flag_wait)->flag;
	struct waker waker;

	pthread_mutex_lock(&flag->lock);
	waker = waker_take(&flag->waker);
	pthread_mutex_unlock(&flag->lock);
	waker_drop(&waker);
}

static const struct future_ops flag_wait_ops =
	FUTURE_OPS("flag_wait", flag_wait_poll, flag_wait_drop);

static struct future *flag_wait(struct flag_wait *w, struct flag *flag)
{
	*w = (struct flag_wait){ .future = future_init(&flag_wait_ops), .flag = flag };
	return &w->future;
}

/* --- Polled for nothing, then waited for --- */

static void *set(void *flag)
{
	printf("thread: the flag is set\n");
	flag_set(flag);
	return NULL;
}

static void say(enum poll polled)
{
	printf("main: %s\n", polled == POLL_READY ? "ready" : "pending");
}

int main(int argc, char **argv)
{
	struct flag flag = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct context cx = context_of(&waker_noop);
	struct flag_wait wait;
	pthread_t thread;
	int err;

	tape_args(argc, argv);
	flag_wait(&wait, &flag);
	say(future_poll(&wait.future, &cx));
	say(future_poll(&wait.future, &cx));
	if (pthread_create(&thread, NULL, set, &flag))
		return 1;
	err = block_on_park(&wait.future);
	pthread_join(thread, NULL);
	if (err)
		return 1;
	printf("main: woken, or never asleep\n");
	say(future_poll(flag_wait(&wait, &flag), &cx));
}
