/*
 * poll_fn: a future made of one function.
 *
 * Most futures are a struct, a poll, a drop and a constructor. Where the poll is a single question,
 * "is it so yet?", a function is enough, and something to ask it about. Every poll calls it, and
 * its answer is the future's. So the contract is the function's business: before it says PENDING,
 * it leaves the waker with whoever can make it so. Here a shepherd counts his sheep. Somebody waits
 * for two of them, with a future that is made in the open, and for four, with the runtime's.
 *
 * Predict: how often is each of the two futures polled, and who wakes whom?
 *
 *	make run P=ch03/poll_fn                 ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch03-how-poll-works/poll_fn.c $(find runtime -name '*.c') -pthread
 *
 * Try: leave out waker_refresh. The runtime prints who waits at which line: which law is broken?
 */
#include <errno.h>
#include <stdio.h>

#include "weft.h"

/* --- In the open --- */

struct ask {
	struct future future;
	enum poll (*question)(void *about, struct context *cx);
	void *about; /* borrowed */
};

static enum poll ask_poll(struct future *future, struct context *cx)
{
	struct ask *a = future_of(future, struct ask);

	return a->question(a->about, cx);
}

static const struct future_ops ask_ops = FUTURE_OPS("ask", ask_poll, NULL);

static struct future *ask(struct ask *a, enum poll (*question)(void *, struct context *),
			  void *about)
{
	*a = (struct ask){ .future = future_init(&ask_ops), .question = question, .about = about };
	return &a->future;
}

/* --- A question, and what it is about --- */

struct flock {
	int n, wanted;
	struct waker waker; /* of whoever wants more */
};

/* There is no drop, so it cleans up itself. What may be cancelled needs a future of its own. */
static enum poll is_large_enough(void *about, struct context *cx)
{
	struct flock *flock = about;

	printf("  are there %d? there are %d\n", flock->wanted, flock->n);
	if (flock->n < flock->wanted) {
		waker_refresh(&flock->waker, cx->waker);
		return POLL_PENDING;
	}
	waker_drop(&flock->waker);
	return POLL_READY;
}

/* --- Who counts, and who waits --- */

struct shepherd {
	struct co co;
	struct flock *flock; /* borrowed */
	struct delay while_one_jumps;
};

static enum poll shepherd_run(struct co *co, struct context *cx)
{
	struct shepherd *const f = co_frame(co, struct shepherd);

	co_begin(co);
	while (f->flock->n < 4) {
		co_await(delay(&f->while_one_jumps, 10));
		printf("%d\n", ++f->flock->n);
		waker_wake(&f->flock->waker);
	}
	co_end;
}

static struct future *shepherd(struct shepherd *f, struct flock *flock)
{
	*f = (struct shepherd){ .co = co_init(shepherd_run), .flock = flock };
	return &f->co.future;
}

struct sleeper {
	struct co co;
	struct flock *flock; /* borrowed */
	struct ask ask;
	struct poll_fn poll_fn;
};

static enum poll sleeper_run(struct co *co, struct context *cx)
{
	struct sleeper *const f = co_frame(co, struct sleeper);

	co_begin(co);
	f->flock->wanted = 2;
	co_await(ask(&f->ask, is_large_enough, f->flock));
	f->flock->wanted = 4;
	co_await(poll_fn(&f->poll_fn, is_large_enough, f->flock));
	co_end;
}

static struct future *sleeper(struct sleeper *f, struct flock *flock)
{
	*f = (struct sleeper){ .co = co_init(sleeper_run), .flock = flock };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct flock flock = { 0 };
	struct sleeper f;
	struct runtime *rt;
	struct task *t;
	int err;

	tape_args(argc, argv);
	if (runtime_build(&(struct runtime_builder){ .virtual_time = true }, &rt))
		return 1;
	t = spawn(rt, shepherd, &flock);
	err = t ? runtime_block_on(rt, sleeper(&f, &flock)) : -ENOMEM;
	task_detach(t);
	runtime_destroy(rt);
	return err != 0;
}
