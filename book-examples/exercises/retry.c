/*
 * retry: an exercise of chapter 6, 20 minutes. Write again_run, and what it has to remember.
 *
 * again(&f, make, result, arg, n) is a future that tries something up to n times:
 *
 *   - make(arg, 0), make(arg, 1) and so on return the attempts: futures, each good for one await. After each,
 *     result(arg) is asked once: 0, it has worked; else -errno.
 *   - It is over at the first that works, or after n attempts.
 *   - Between two attempts it pauses: 10 ms, then 20, then 40, each time twice as long. Not before the
 *     first attempt, and not after the last.
 *   - The outputs: `attempts`, how many were made; `err`, what `result` said of the last, or -EINVAL if n is 0.
 *   - It can be dropped in the midst of an attempt, or of a pause, and leaves nothing behind.
 *
 *	make exercise E=retry                   is it right? what is missing?
 *	make hint E=retry N=1                   up to N=3
 *	make run P=exercises/retry              ARGS=--tape shows what yours does
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

	/* Yours: what else must outlive an await? */

	unsigned attempts; /* outputs: how many were made; */
	int err;           /* and what the last one said; -EINVAL: none was allowed */
};

static enum poll again_run(struct co *co, struct context *cx)
{
	struct again *const f = co_frame(co, struct again);

	co_begin(co);
	/* Yours. As it stands, there is one attempt, whatever comes of it. */
	co_await(f->make(f->arg, f->attempts++));
	f->err = f->result(f->arg);
	co_end;
}

static struct future *again(struct again *f, struct future *(*make)(void *arg, unsigned attempt),
			    int (*result)(void *arg), void *arg, unsigned n_attempts)
{
	*f = (struct again){ .co = co_init(again_run), .make = make, .result = result, .arg = arg,
			     .n_attempts = n_attempts, .err = -EINVAL };
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
