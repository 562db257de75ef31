/*
 * countdown: an exercise of chapter 2, 10 minutes. Write countdown_poll.
 *
 * countdown(&c, n) is a future that is not done yet, says so n times, and is done at the poll after that.
 *
 *   - Each poll takes one step: one off `left`. A poll never waits, and never loops.
 *   - As long as there was a step to take, it says PENDING, and keeps the promise that goes with it:
 *     somebody will call the waker of this poll. There is nobody else around who could.
 *   - When there is none left, it says READY.
 *   - The output: n_polls is how often it was asked, the last time included.
 *
 *	make exercise E=countdown               is it right? what is missing?
 *	make hint E=countdown N=1               up to N=3
 *	make run P=exercises/countdown          ARGS=--tape shows what yours does
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

	/* Yours. As it stands, it is done at once, whatever is left. */
	(void)c;
	(void)cx;
	return POLL_READY;
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
