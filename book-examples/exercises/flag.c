/*
 * flag: an exercise of chapter 3, 20 minutes. Write flag_set, flag_wait_poll and flag_wait_drop.
 *
 * flag_wait(&w, &flag) is a future that is ready when the flag is set. Any thread may set it, at any moment,
 * also while somebody polls. One future at a time waits for it.
 *
 *   - A poll may come for no reason: it looks at the flag, and never concludes anything from being polled.
 *   - Whoever is polled last is woken when the flag is set: his waker, once, and nobody else's.
 *   - There is no moment at which the flag can be set and nobody is woken.
 *   - No lock is held while a waker is cloned, called or dropped: who knows what a waker does?
 *   - Each clone is given up once. After a drop the flag has nothing of the future any more.
 *
 *	make exercise E=flag                    is it right? what is missing?
 *	make hint E=flag N=1                    up to N=3
 *	make run P=exercises/flag               ARGS=--tape shows what yours does
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
	/* Yours. As it stands, nobody is woken. */
	pthread_mutex_lock(&flag->lock);
	flag->is_set = true;
	pthread_mutex_unlock(&flag->lock);
}

/* --- The future --- */

struct flag_wait {
	struct future future;
	struct flag *flag; /* borrowed */
};

static enum poll flag_wait_poll(struct future *future, struct context *cx)
{
	struct flag *flag = future_of(future, struct flag_wait)->flag;
	bool is_set;

	/* Yours. As it stands, nobody could be woken. */
	(void)cx;
	pthread_mutex_lock(&flag->lock);
	is_set = flag->is_set;
	pthread_mutex_unlock(&flag->lock);
	return is_set ? POLL_READY : POLL_PENDING;
}

static void flag_wait_drop(struct future *future)
{
	/* Yours: what has the last poll left behind? */
	(void)future;
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
