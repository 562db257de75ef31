/*
 * retry: again, after a pause that grows, until it works or was tried often enough.
 *
 * A loop with two awaits: a pause, but not before the first attempt, and the attempt. A future that is over
 * cannot be run once more, so what is passed in is not a future but a function that makes one, and
 * another function that says what came of it. Nothing is written here for being cancelled: whichever of
 * the two is awaited when the whole is dropped, is dropped with it.
 *
 * Predict: a call takes 5 ms, and the third one works. The pauses are 10 and 20 ms. When is each call made?
 *
 *	make run P=ch06/retry                   ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch06-by-hand/retry.c $(find runtime -name '*.c') -pthread
 *
 * Try: put the pause behind the attempt. What changes for a caller who lets it give up?
 */
#include <errno.h>
#include <stdio.h>

#include "weft.h"

/* --- The retry; the runtime's has no pauses, see future/retry.h --- */

struct again {
	struct co co;
	struct future *(*make)(void *arg, unsigned attempt); /* counts from 0 */
	int (*result)(void *arg);                            /* asked once after each: 0 or -errno */
	void *arg;                                           /* borrowed */
	unsigned n_attempts;

	struct delay pause;
	uint64_t pause_ms; /* how long the next one is */

	unsigned attempts; /* outputs: how many were made; */
	int err;           /* and what the last one said; -EINVAL: none was allowed */
};

static enum poll again_run(struct co *co, struct context *cx)
{
	struct again *const f = co_frame(co, struct again);

	co_begin(co);
	while (f->attempts < f->n_attempts) {
		if (f->attempts > 0) {
			co_await(delay(&f->pause, f->pause_ms));
			f->pause_ms *= 2;
		}
		co_await(f->make(f->arg, f->attempts++));
		f->err = f->result(f->arg);
		if (f->err == 0)
			co_return;
	}
	co_end;
}

static struct future *again(struct again *f, struct future *(*make)(void *arg, unsigned attempt),
			    int (*result)(void *arg), void *arg, unsigned n_attempts)
{
	*f = (struct again){ .co = co_init(again_run), .make = make, .result = result, .arg = arg,
			     .n_attempts = n_attempts, .pause_ms = 10, .err = -EINVAL };
	return &f->co.future;
}

/* --- What is tried: a call that is refused, except the third time --- */

struct call {
	struct co co;
	unsigned number;
	struct delay wire;
	int err;
};

static void say(const char *what, struct context *cx)
{
	printf("%3d ms  %s\n", (int)(timers_now_ns(cx->rt->timers) / 1000000), what);
}

static enum poll call_run(struct co *co, struct context *cx)
{
	struct call *const f = co_frame(co, struct call);

	co_begin(co);
	say("call", cx);
	co_await(delay(&f->wire, 5));
	f->err = f->number == 2 ? 0 : -ECONNREFUSED;
	co_end;
}

static struct future *call(void *arg, unsigned attempt)
{
	struct call *f = arg;

	*f = (struct call){ .co = co_init(call_run), .number = attempt };
	return &f->co.future;
}

static int called(void *arg)
{
	return ((struct call *)arg)->err;
}

/* --- Who tries --- */

struct client {
	struct co co;
	unsigned patience;
	struct call call; /* one is enough: an attempt is over before the next is made */
	struct again again;
};

static enum poll client_run(struct co *co, struct context *cx)
{
	struct client *const f = co_frame(co, struct client);

	co_begin(co);
	co_await(again(&f->again, call, called, &f->call, f->patience));
	say(f->again.err == 0 ? "connected" : "given up", cx);
	co_end;
}

static struct future *client(struct client *f, unsigned patience)
{
	*f = (struct client){ .co = co_init(client_run), .patience = patience };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	const struct runtime_builder builder = { .virtual_time = true };
	struct client f;

	tape_args(argc, argv);
	return runtime_run(&builder, client(&f, 5)) || runtime_run(&builder, client(&f, 2));
}
