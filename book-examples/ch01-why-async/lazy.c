/*
 * lazy: a future that is built runs nothing, until somebody runs it.
 *
 * To call a function is to run it. To call the constructor of a future is to fill in a struct: what
 * is to be done, and how far it has come, which is nowhere. No line of its body runs; no timer, no
 * thread, no descriptor is taken. So it can be dropped at no cost, and dropping it is how one
 * cancels it, at any time. The body is tea_run below. Read co_await as "wait for this, and let
 * others have the thread meanwhile", and co_finally as "whatever happens, in the end". How they do
 * that is the subject of chapter 5.
 *
 * Predict: three teas are built. One is dropped, one is run to its end, and the third for as long
 * as its guest has time. Which lines of tea_run does each of them print?
 *
 *	make run P=ch01/lazy                    ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch01-why-async/lazy.c $(find runtime -name '*.c') -pthread
 *
 * Try: leave out future_drop. What is missing in the output, and who still has ann's seat?
 */
#include <stdio.h>

#include "weft.h"

struct tea {
	struct co co; /* how far it has come */
	const char *guest;
	struct delay kettle;
};

static enum poll tea_run(struct co *co, struct context *cx)
{
	struct tea *const f = co_frame(co, struct tea);

	co_begin(co);
	printf("  %s: the kettle is on\n", f->guest);
	co_await(delay(&f->kettle, 60000));
	printf("  %s: tea is served\n", f->guest);
	co_finally {
		printf("  %s: the seat is free again\n", f->guest);
	}
	co_end;
}

/* The constructor. Those of other futures look the same, and never do more. */
static struct future *tea(struct tea *f, const char *guest)
{
	*f = (struct tea){ .co = co_init(tea_run), .guest = guest };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	/* Its clock jumps when everybody is waiting: here a minute takes no time. */
	struct runtime_builder options = { .virtual_time = true };
	struct tea ann, ben, cid;
	struct timeout limit;

	tape_args(argc, argv);
	tea(&ann, "ann");
	tea(&ben, "ben");
	tea(&cid, "cid");
	printf("three teas are built, and nothing has happened\n");

	printf("ann's is dropped:\n");
	future_drop(&ann.co.future);

	printf("ben's is run:\n");
	if (runtime_run(&options, &ben.co.future))
		return 1;

	printf("cid's is run, but he has only 20 seconds:\n");
	if (runtime_run(&options, timeout(&limit, 20000, &cid.co.future)))
		return 1;
}
