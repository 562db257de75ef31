/*
 * ready42: the smallest future there is, first without any library, then with ours.
 *
 * A future is a struct, and a function that can be asked whether it is done. That is the whole of it:
 * no thread, no callback, no registration. Where the answer is, once there is one, is a field of the
 * struct. Whoever wants the answer has to ask, and in this program that is main.
 *
 * Predict: what is in `value` when the future is built, and when does that change?
 *
 *	make run P=ch02/ready42                 ARGS=--tape shows the second half
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch02-future-trait/ready42.c $(find runtime -name '*.c') -pthread
 *
 * Try: poll ready42 once more when it is over: call future_poll(future, &cx) with a context of your own.
 */
#include <stdio.h>

#include "executor/block_on_spin.h"
#include "future/future.h"
#include "trace/tape.h"

/* --- In the open: what can be asked, and one thing that can --- */

enum answer { NOT_YET, DONE };

struct question {
	enum answer (*ask)(struct question *);
};

struct forty_two {
	struct question question; /* first, so that a pointer to it is a pointer to us */
	int value;                /* the output: to be read after DONE */
};

static enum answer forty_two_ask(struct question *question)
{
	struct forty_two *f = (struct forty_two *)question;

	f->value = 42;
	return DONE;
}

static void by_hand(void)
{
	struct forty_two f = { .question = { .ask = forty_two_ask } };

	printf("by hand: built, value is %d\n", f.value);
	while (f.question.ask(&f.question) == NOT_YET)
		; /* an executor */
	printf("by hand: asked, value is %d\n", f.value);
}

/* --- The same in the runtime's words --- */

struct ready42 {
	struct future future;
	int value;
};

static enum poll ready42_poll(struct future *future, struct context *cx)
{
	struct ready42 *r = future_of(future, struct ready42);

	(void)cx; /* we never have to wait, so there is nobody whom we would want to wake */
	r->value = 42;
	return POLL_READY;
}

static const struct future_ops ready42_ops = FUTURE_OPS("ready42", ready42_poll, NULL);

static struct future *ready42(struct ready42 *r)
{
	*r = (struct ready42){ .future = future_init(&ready42_ops) };
	return &r->future;
}

int main(int argc, char **argv)
{
	struct ready42 r;
	struct future *future;

	tape_args(argc, argv);
	by_hand();
	future = ready42(&r);
	printf("weft: built, value is %d\n", r.value);
	block_on_spin(future);
	printf("weft: polled, value is %d\n", r.value);
}
