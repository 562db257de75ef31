/*
 * block_on_spin: the smallest executor asks until the answer is READY.
 *
 * A future cannot run itself. Somebody has to poll it, and whoever does is an executor. Ten lines
 * are enough. This one never sleeps, so nobody needs to wake it, and its waker does nothing. It
 * gets all done that is ready sooner or later, even a future that forgets to keep the waker; but
 * while it waits, it works. An executor that sleeps between two polls relies on what PENDING
 * promises: that somebody will call the waker. If nobody can, ours says so and gives up.
 *
 * Predict: stubborn is ready at its fifth poll, and keeps no waker. Three executors try: which of
 * them get it done, and after how many polls?
 *
 *	make run P=ch03/block_on_spin           ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch03-how-poll-works/block_on_spin.c $(find runtime -name '*.c') -pthread
 *
 * Try: let stubborn_poll call waker_wake_by_ref(cx->waker) before it says PENDING. What changes?
 */
#include <errno.h>
#include <stdio.h>

#include "executor/block_on_park.h"
#include "executor/block_on_spin.h"
#include "future/future.h"
#include "trace/tape.h"

/* --- The executor, in the open --- */

static struct waker nobody_clone(void *data);

static void do_nothing(void *data)
{
	(void)data; /* nobody sleeps, so there is nobody to wake */
}

static const struct waker_vtable nobody = {
	.clone = nobody_clone, .wake = do_nothing, .wake_by_ref = do_nothing, .drop = do_nothing
};

static struct waker nobody_clone(void *data)
{
	return (struct waker){ &nobody, data };
}

static void spin(struct future *future)
{
	struct waker waker = { &nobody, NULL };
	struct context cx = context_of(&waker);

	while (future_poll(future, &cx) == POLL_PENDING)
		; /* and asks again, at once */
}

/* --- A future that wants to be asked five times, and tells nobody --- */

struct stubborn {
	struct future future;
	int n_polls;
};

static enum poll stubborn_poll(struct future *future, struct context *cx)
{
	struct stubborn *s = future_of(future, struct stubborn);

	(void)cx; /* against the contract: nobody keeps the waker */
	return ++s->n_polls < 5 ? POLL_PENDING : POLL_READY;
}

static const struct future_ops stubborn_ops = FUTURE_OPS("stubborn", stubborn_poll, NULL);

static struct future *stubborn(struct stubborn *s)
{
	*s = (struct stubborn){ .future = future_init(&stubborn_ops) };
	return &s->future;
}

int main(int argc, char **argv)
{
	struct stubborn s;
	int err;

	tape_args(argc, argv);
	spin(stubborn(&s));
	printf("spin: ready, polls: %d\n", s.n_polls);
	block_on_spin(stubborn(&s));
	printf("block_on_spin: ready, polls: %d\n", s.n_polls);
	err = block_on_park(stubborn(&s));
	printf("block_on_park: %s, polls: %d\n", err == -EDEADLK ? "-EDEADLK" : "ready", s.n_polls);
}
