/*
 * waker_vtable: a waker made by hand, which counts what is done to it.
 *
 * A waker is two words: a pointer to four functions, and a pointer that they get. Futures treat it as
 * an owned value: they clone it to keep it, and every clone is given up once, either by wake or by
 * drop. Who made the waker decides what a wake does. Here it counts; in the runtime it puts a task at
 * the end of a queue. Who keeps this waker is a oneshot, a channel for a single value.
 *
 * Predict: the receiver is polled three times under the same waker. How many clones are made?
 *
 *	make run P=ch02/waker_vtable            ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch02-future-trait/waker_vtable.c $(find runtime -name '*.c') -pthread
 *
 * Try: future_drop(&recv.future) instead of sending. What takes the place of the wake?
 */
#include <stdio.h>

#include "weft.h"

/* --- The waker: what its data points to, and the four functions --- */

struct counts {
	int clone, wake, wake_by_ref, drop;
};

static struct waker counting_clone(void *data);

static void counting_wake(void *data)
{
	probe_wake(data); /* for the tape */
	((struct counts *)data)->wake++;
}

static void counting_wake_by_ref(void *data)
{
	probe_wake(data);
	((struct counts *)data)->wake_by_ref++;
}

static void counting_drop(void *data)
{
	((struct counts *)data)->drop++;
}

static const struct waker_vtable counting = {
	.clone = counting_clone, .wake = counting_wake,
	.wake_by_ref = counting_wake_by_ref, .drop = counting_drop
};

/* One more waker for the same task: the same two words. If the data were counted, here it would be. */
static struct waker counting_clone(void *data)
{
	((struct counts *)data)->clone++;
	return (struct waker){ &counting, data };
}

static void say(const char *when, const struct counts *n)
{
	printf("%-18s clone %d  wake %d  wake_by_ref %d  drop %d  (%d kept)\n", when, n->clone,
	       n->wake, n->wake_by_ref, n->drop, n->clone - n->wake - n->drop);
}

/* --- Three polls, a wake, a last poll --- */

int main(int argc, char **argv)
{
	struct counts n = { 0 };
	struct waker waker = { &counting, &n };
	struct context cx = context_of(&waker);
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	struct oneshot_recv recv;
	struct yield_now yield;
	int value = 0;

	tape_args(argc, argv);
	if (oneshot_open(&tx, &rx, int, NULL))
		return 1;
	oneshot_recv(&recv, &rx, &value);
	say("built", &n);
	for (int i = 0; i < 3; i++)
		future_poll(&recv.future, &cx);
	say("polled three times", &n);
	oneshot_send(&tx, &(int){ 42 });
	say("sent", &n);
	future_poll(&recv.future, &cx);
	say("polled, ready", &n);
	oneshot_receiver_drop(&rx);

	yield_now(&yield); /* it wakes at once, while the waker is still borrowed: no clone */
	future_poll(&yield.future, &cx);
	say("yielded", &n);
	future_poll(&yield.future, &cx);
	printf("the value is %d\n", value);
}
