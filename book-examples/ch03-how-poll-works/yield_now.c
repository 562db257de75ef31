/*
 * yield_now: a computation that lets others run, and one that does not.
 *
 * Tasks take turns only where they await. Between two awaits a task has its thread for itself, so a long
 * computation stops everybody else on it: no timer fires, no connection is served. The cure is to cut
 * it into pieces and await yield_now between them. That is a future which says PENDING once, and wakes
 * its own task before it does: so the task goes to the end of the queue, and all others have their turn.
 *
 * Predict: a clerk serves one customer per turn while a sum is computed in four pieces. How many has he
 * served when the sum is there, without yielding, and with?
 *
 *	make run P=ch03/yield_now               ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch03-how-poll-works/yield_now.c $(find runtime -name '*.c') -pthread
 *
 * Try: yield after every number instead of every piece. What becomes of the number of polls?
 */
#include <stdio.h>

#include "weft.h"

/* --- The clerk: one customer, then somebody else's turn; until he is sent home --- */

struct clerk {
	struct co co;
	int *n_served;
	struct yield_now turn;
};

static enum poll clerk_run(struct co *co, struct context *cx)
{
	struct clerk *const f = co_frame(co, struct clerk);

	co_begin(co);
	for (;;) {
		++*f->n_served;
		co_await(yield_now(&f->turn));
	}
	co_end;
}

static struct future *clerk(struct clerk *f, int *n_served)
{
	*f = (struct clerk){ .co = co_init(clerk_run), .n_served = n_served };
	return &f->co.future;
}

/* --- The sum: four pieces of a million numbers --- */

enum { PIECES = 4, PIECE = 1000000 };

struct sum {
	struct co co;
	bool is_polite;
	long long total;
	int piece, n_served;
	struct task *clerk;
	struct yield_now turn;
};

static long long sum_of_piece(int piece)
{
	long long total = 0;

	for (int i = piece * PIECE; i < (piece + 1) * PIECE; i++)
		total += i;
	return total;
}

static enum poll sum_run(struct co *co, struct context *cx)
{
	struct sum *const f = co_frame(co, struct sum);

	co_begin(co);
	f->clerk = spawn(cx->rt, clerk, &f->n_served);
	for (f->piece = 0; f->piece < PIECES; f->piece++) {
		f->total += sum_of_piece(f->piece);
		if (f->is_polite)
			co_await(yield_now(&f->turn));
	}
	printf("%s: the sum is %lld, and %d customers have been served\n",
	       f->is_polite ? "with yield_now" : "without", f->total, f->n_served);
	co_finally {
		task_abort(f->clerk);
		task_detach(f->clerk);
	}
	co_end;
}

static struct future *sum(struct sum *f, bool is_polite)
{
	*f = (struct sum){ .co = co_init(sum_run), .is_polite = is_polite };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct sum f;

	tape_args(argc, argv);
	return runtime_run(NULL, sum(&f, false)) || runtime_run(NULL, sum(&f, true));
}
