/*
 * join: two futures side by side in one task, built by hand.
 *
 * A join is a future that polls all of its children whenever it is polled, and is ready when they all
 * are. It needs no thread and no list of who is done: a future that is over says so itself. Waiting
 * for both takes as long as the longer one, since both have begun to wait before either is over.
 *
 * Predict: two naps of 20 ms and 30 ms. When are they over one after the other, and when side by side?
 * How often is the 20 ms nap polled in the second case?
 *
 *	make run P=ch06/join                    ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch06-by-hand/join.c $(find runtime -name '*.c') -pthread
 *
 * Try: leave out future_is_over in both_poll. Which law is broken, and how do you learn of it?
 */
#include <stdio.h>

#include "weft.h"

/* --- The join --- */

struct both {
	struct future future;
	struct future *child[2]; /* owned */
};

static enum poll both_poll(struct future *future, struct context *cx)
{
	struct both *b = future_of(future, struct both);
	enum poll polled = POLL_READY;

	for (int i = 0; i < 2; i++)
		if (!future_is_over(b->child[i]) && future_poll(b->child[i], cx) == POLL_PENDING)
			polled = POLL_PENDING; /* and its promise to wake is now ours */
	return polled;
}

/* Cancelled: so are the children. Those that are over do not mind. */
static void both_drop(struct future *future)
{
	struct both *b = future_of(future, struct both);

	future_drop(b->child[0]);
	future_drop(b->child[1]);
}

static const struct future_ops both_ops = FUTURE_OPS("both", both_poll, both_drop);

static struct future *both(struct both *b, struct future *one, struct future *two)
{
	*b = (struct both){ .future = future_init(&both_ops), .child = { one, two } };
	return &b->future;
}

/* --- What it saves --- */

struct naps {
	struct co co;
	struct delay one, two;
	struct both both;
	struct join join;
};

static void say(const char *what, struct context *cx)
{
	printf("%3d ms  %s\n", (int)(timers_now_ns(cx->rt->timers) / 1000000), what);
}

static enum poll naps_run(struct co *co, struct context *cx)
{
	struct naps *const f = co_frame(co, struct naps);

	co_begin(co);
	co_await(delay(&f->one, 20));
	co_await(delay(&f->two, 30));
	say("one after the other", cx);
	co_await(both(&f->both, delay(&f->one, 20), delay(&f->two, 30)));
	say("both", cx);
	co_await(join(&f->join, delay(&f->one, 20), delay(&f->two, 30)));
	say("the runtime's join", cx);
	co_end;
}

static struct future *naps(struct naps *f)
{
	*f = (struct naps){ .co = co_init(naps_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct naps f;

	tape_args(argc, argv);
	return runtime_run(&(struct runtime_builder){ .virtual_time = true }, naps(&f)) != 0;
}
