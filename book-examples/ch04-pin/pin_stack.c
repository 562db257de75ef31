/*
 * pin_stack: a frame may be a local variable, if the function stays until the future is over.
 *
 * A local variable never moves, but it ends when its function returns, and by then nobody may point
 * to it. Here a future waits for a bell, and its place in the bell's queue is a part of the frame.
 * So the function that has the frame must not return before the future is over: ready, or dropped.
 * Both take it out of the queue. Executors keep this rule: when runtime_run returns, its future is
 * over, and so main may have the frame of a whole program among its locals.
 *
 * Predict: how many wait for the bell when give_up has returned? And if it had not dropped?
 *
 *	make run P=ch04/pin_stack               ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch04-pin/pin_stack.c $(find runtime -name '*.c') -pthread
 *
 * Try: remove future_drop from give_up. Two have then been polled when stay counts: why is it one?
 */
#include <stdio.h>

#include "weft.h"

/* --- A bell, and who waits for it --- */

struct bell {
	bool has_rung;
	struct waiter_list waiting; /* points into frames */
};

struct ring {
	struct future future;
	struct bell *bell;
	struct waiter waiter; /* linked into bell->waiting from the first poll on */
};

static void ring_drop(struct future *future)
{
	struct ring *r = future_of(future, struct ring);

	if (waiter_is_queued(&r->bell->waiting, &r->waiter))
		waiter_list_remove(&r->bell->waiting, &r->waiter);
	waker_drop(&r->waiter.waker);
}

static enum poll ring_poll(struct future *future, struct context *cx)
{
	struct ring *r = future_of(future, struct ring);

	if (r->bell->has_rung) {
		ring_drop(future);
		return POLL_READY;
	}
	if (!waiter_is_queued(&r->bell->waiting, &r->waiter))
		waiter_list_push(&r->bell->waiting, &r->waiter);
	waker_refresh(&r->waiter.waker, cx->waker);
	return POLL_PENDING;
}

static const struct future_ops ring_ops = FUTURE_OPS("ring", ring_poll, ring_drop);

static struct future *ring(struct ring *r, struct bell *bell)
{
	*r = (struct ring){ .future = future_init(&ring_ops), .bell = bell };
	return &r->future;
}

static void say(const char *when, const struct bell *bell)
{
	size_t n = 0;

	for (const struct waiter *w = bell->waiting.first; w; w = w->next)
		n++;
	printf("%-22s %zu waiting\n", when, n);
}

/* --- A local of main, for as long as the runtime is at work with it --- */

struct guest {
	struct co co;
	struct bell *bell;
	struct ring ring;
	struct timeout patience;
};

static enum poll guest_run(struct co *co, struct context *cx)
{
	struct guest *const f = co_frame(co, struct guest);

	co_begin(co);
	co_await(timeout(&f->patience, 10, ring(&f->ring, f->bell)));
	co_end;
}

static struct future *guest(struct guest *f, struct bell *bell)
{
	*f = (struct guest){ .co = co_init(guest_run), .bell = bell };
	return &f->co.future;
}

/* --- Locals of functions that end sooner --- */

static void give_up(struct bell *bell)
{
	struct context cx = context_of(&waker_noop);
	struct ring r;

	future_poll(ring(&r, bell), &cx);
	say("give_up, polled", bell);
	future_drop(&r.future); /* r ends with this function */
}

static void stay(struct bell *bell)
{
	struct context cx = context_of(&waker_noop);
	struct ring r;

	future_poll(ring(&r, bell), &cx);
	say("stay, polled", bell);
	bell->has_rung = true;
	future_poll(&r.future, &cx); /* ready: nothing is left to be dropped */
}

int main(int argc, char **argv)
{
	struct bell bell = { 0 };
	struct guest f;

	tape_args(argc, argv);
	if (runtime_run(&(struct runtime_builder){ .virtual_time = true }, guest(&f, &bell)))
		return 1;
	say("guest has returned", &bell);
	give_up(&bell);
	say("give_up has returned", &bell);
	stay(&bell);
	say("stay has returned", &bell);
}
