/*
 * forgotten_wake: a future breaks the contract, and the runtime says which one.
 *
 * PENDING is a promise: "I have seen to it that the waker will be called." A future that returns it and
 * keeps no waker is never polled again, and whatever awaits it waits for ever. The mistake is silent in
 * most systems. Here wakers are counted: when nothing can run, no timer and no descriptor is armed, and
 * nobody is left who could wake anybody, the runtime prints where each task is and gives up.
 *
 * Predict: which of the futures in the report is the one to blame?
 *
 *	make run P=ch02/forgotten_wake          ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch02-future-trait/forgotten_wake.c $(find runtime -name '*.c') -pthread
 *
 * Try: in second_time, call waker_wake_by_ref(cx->waker) before PENDING. Why is that enough?
 */
#include <errno.h>
#include <stdio.h>

#include "weft.h"

/* --- The culprit: ready at its second poll, which never comes --- */

struct second_time {
	struct future future;
	int n_polls;
};

static enum poll second_time_poll(struct future *future, struct context *cx)
{
	struct second_time *s = future_of(future, struct second_time);

	(void)cx; /* here is the mistake: the waker in it was our only chance */
	return ++s->n_polls < 2 ? POLL_PENDING : POLL_READY;
}

static const struct future_ops second_time_ops =
	FUTURE_OPS("second_time", second_time_poll, NULL);

static struct future *second_time(struct second_time *s)
{
	*s = (struct second_time){ .future = future_init(&second_time_ops) };
	return &s->future;
}

/* --- Who waits for it --- */

struct patient {
	struct co co;
	struct delay nap;
	struct second_time leaf;
};

static enum poll patient_run(struct co *co, struct context *cx)
{
	struct patient *const f = co_frame(co, struct patient);

	co_begin(co);
	co_await(delay(&f->nap, 10));
	printf("patient: the delay is over, it has kept its promise\n");
	co_await(second_time(&f->leaf));
	printf("patient: never reached\n");
	co_end;
}

static struct future *patient(struct patient *f)
{
	*f = (struct patient){ .co = co_init(patient_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct patient f;
	int err;

	tape_args(argc, argv);
	err = runtime_run(&(struct runtime_builder){ .virtual_time = true, .diagnostics = stdout },
			  patient(&f));
	printf("main: the runtime says %s\n", err == -EDEADLK ? "-EDEADLK" : "something else");
}
