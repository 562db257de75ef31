/*
 * timeout: a future, but not for ever; built by hand from a select of one branch and a clock.
 *
 * Since dropping a future cancels it, a time limit needs nothing from the future that it limits: poll
 * that first, then the delay; when the delay is ready, drop the other. The order matters: a child that
 * is ready at the very moment when the time is up has made it.
 *
 * Predict: three children of 10, 20 and 30 ms with a limit of 20 ms. Which ones make it?
 *
 *	make run P=ch06/timeout                 ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch06-by-hand/timeout.c $(find runtime -name '*.c') -pthread
 *
 * Try: poll the limit before the child. Which line changes?
 */
#include <stdio.h>

#include "weft.h"

/* --- The timeout --- */

struct limit {
	struct future future;
	struct future *child; /* owned */
	struct delay delay;
	bool expired;
};

static void limit_drop(struct future *future)
{
	struct limit *l = future_of(future, struct limit);

	future_drop(l->child);
	future_drop(&l->delay.future);
}

static enum poll limit_poll(struct future *future, struct context *cx)
{
	struct limit *l = future_of(future, struct limit);

	if (future_poll(l->child, cx) == POLL_PENDING) {
		if (future_poll(&l->delay.future, cx) == POLL_PENDING)
			return POLL_PENDING; /* whichever wakes us, we ask both again */
		l->expired = true;
	}
	limit_drop(future); /* the one that is still live */
	return POLL_READY;
}

static const struct future_ops limit_ops = FUTURE_OPS("limit", limit_poll, limit_drop);

static struct future *limit(struct limit *l, uint64_t ms, struct future *child)
{
	*l = (struct limit){ .future = future_init(&limit_ops), .child = child };
	delay(&l->delay, ms); /* its time counts from its first poll, not from here */
	return &l->future;
}

/* --- Three that are limited --- */

struct three {
	struct co co;
	unsigned ms;
	struct delay work;
	struct limit limit;
	struct timeout timeout;
};

static enum poll three_run(struct co *co, struct context *cx)
{
	struct three *const f = co_frame(co, struct three);

	co_begin(co);
	for (f->ms = 10; f->ms <= 30; f->ms += 10) {
		co_await(limit(&f->limit, 20, delay(&f->work, f->ms)));
		printf("limit: %u ms of work %s\n", f->ms, f->limit.expired ? "is cut off" : "is done");
	}
	co_await(timeout(&f->timeout, 20, delay(&f->work, 30)));
	printf("the runtime's timeout: 30 ms of work %s\n", f->timeout.expired ? "is cut off" : "is done");
	co_end;
}

static struct future *three(struct three *f)
{
	*f = (struct three){ .co = co_init(three_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct three f;

	tape_args(argc, argv);
	return runtime_run(&(struct runtime_builder){ .virtual_time = true }, three(&f)) != 0;
}
