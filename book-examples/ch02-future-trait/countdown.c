/*
 * countdown: a future that has nobody to wait for, and wakes itself.
 *
 * It is not done until it has been asked often enough: each poll takes one step, and says PENDING as
 * long as there are steps left. PENDING is a promise that somebody will call the waker. Here nothing
 * happens outside, no thread and no timer, so the future calls it itself, before it returns. That is
 * allowed: a wake runs nothing. It only means "poll that task again", later, after whoever else is
 * waiting for his turn.
 *
 * Predict: it counts from 3. How often is it polled? And how often does the thread sleep meanwhile?
 *
 *	make run P=ch02/countdown               ARGS=--tape shows both
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch02-future-trait/countdown.c $(find runtime -name '*.c') -pthread
 *
 * Try: wake twice in each poll. How often is it polled then?
 */
#include <stdio.h>

#include "executor/block_on_park.h"
#include "future/future.h"
#include "trace/tape.h"

struct countdown {
	struct future future;
	int left;    /* steps that are still to be taken */
	int n_polls; /* the output: how often it was asked, the last time included */
};

static enum poll countdown_poll(struct future *future, struct context *cx)
{
	struct countdown *c = future_of(future, struct countdown);

	c->n_polls++;
	if (c->left == 0)
		return POLL_READY;
	printf("%d\n", c->left--);
	waker_wake_by_ref(cx->waker); /* nobody else will do it */
	return POLL_PENDING;
}

static const struct future_ops countdown_ops = FUTURE_OPS("countdown", countdown_poll, NULL);

static struct future *countdown(struct countdown *c, int n)
{
	*c = (struct countdown){ .future = future_init(&countdown_ops), .left = n };
	return &c->future;
}

int main(int argc, char **argv)
{
	struct countdown c;

	tape_args(argc, argv);
	if (block_on_park(countdown(&c, 3)))
		return 1;
	printf("done: asked %d times\n", c.n_polls);
}
