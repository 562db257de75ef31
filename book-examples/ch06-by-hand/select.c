/*
 * select: the first of two futures wins, the other is cancelled; built by hand.
 *
 * A select polls its children until one is ready, and then drops the other: dropping a future is how it
 * is cancelled. It happens before the select itself is ready, so whoever goes on behind it may use
 * again whatever the loser had borrowed. A coroutine that is dropped runs its co_finally.
 *
 * Predict: the order of the lines, and at what time the slow worker is told.
 *
 *	make run P=ch06/select                  ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch06-by-hand/select.c $(find runtime -name '*.c') -pthread
 *
 * Try: give both workers the same time. Who wins, and what decides it? See select_fairness.c.
 */
#include <stdio.h>

#include "weft.h"

/* --- The select --- */

struct either {
	struct future future;
	struct future *child[2]; /* owned */
	int winner;
};

static void either_drop(struct future *future)
{
	struct either *e = future_of(future, struct either);

	future_drop(e->child[0]);
	future_drop(e->child[1]);
}

static enum poll either_poll(struct future *future, struct context *cx)
{
	struct either *e = future_of(future, struct either);

	for (e->winner = 0; e->winner < 2; e->winner++)
		if (future_poll(e->child[e->winner], cx) == POLL_READY) {
			either_drop(future); /* of the two only the loser is live */
			return POLL_READY;
		}
	return POLL_PENDING;
}

static const struct future_ops either_ops = FUTURE_OPS("either", either_poll, either_drop);

static struct future *either(struct either *e, struct future *one, struct future *two)
{
	*e = (struct either){ .future = future_init(&either_ops), .child = { one, two } };
	return &e->future;
}

/* --- Two that race --- */

struct worker {
	struct co co;
	const char *name;
	unsigned ms;
	struct delay work;
	bool is_done;
};

static enum poll worker_run(struct co *co, struct context *cx)
{
	struct worker *const f = co_frame(co, struct worker);

	co_begin(co);
	co_await(delay(&f->work, f->ms));
	f->is_done = true;
	co_finally {
		printf("%s: %s\n", f->name, f->is_done ? "done" : "cancelled");
	}
	co_end;
}

static struct future *worker(struct worker *f, const char *name, unsigned ms)
{
	*f = (struct worker){ .co = co_init(worker_run), .name = name, .ms = ms };
	return &f->co.future;
}

struct race {
	struct co co;
	struct worker slow, fast;
	struct either either;
	struct select select;
};

static enum poll race_run(struct co *co, struct context *cx)
{
	struct race *const f = co_frame(co, struct race);

	co_begin(co);
	co_await(either(&f->either, worker(&f->slow, "slow", 50), worker(&f->fast, "fast", 10)));
	printf("either: number %d has won\n", f->either.winner);
	co_await(select_first(&f->select, worker(&f->slow, "slow", 50), worker(&f->fast, "fast", 10)));
	printf("the runtime's select: number %d has won\n", f->select.winner);
	co_end;
}

static struct future *race(struct race *f)
{
	*f = (struct race){ .co = co_init(race_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct race f;

	tape_args(argc, argv);
	return runtime_run(&(struct runtime_builder){ .virtual_time = true }, race(&f)) != 0;
}
