/*
 * yield_now: a long computation that lets others have the thread, and one that does not.
 *
 * A poll runs until it returns, and nobody interrupts it. That is what makes tasks cheap, and why
 * one that computes for a second lets all others wait for a second. So it has to let go by itself:
 * it says PENDING although it could go on, and wakes its own task before. That puts it at the end
 * of the queue, behind everybody who has work. A task whose awaits are always ready would be as
 * bad; there the runtime sees to it. Each poll of a task has a budget, 128 units by default, and
 * here 2. A leaf future that is ready takes one; when none is left, the next leaf yields.
 *
 * Predict: a sum in four parts, and a clerk with four customers. In which order do they come if the
 * sum never yields; if it yields behind each part; if it awaits something ready behind each part?
 *
 *	make run P=ch03/yield_now               ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch03-how-poll-works/yield_now.c $(find runtime -name '*.c') -pthread
 *
 * Try: leave out waker_wake_by_ref in breath_poll. Why is PENDING alone not a yield?
 */
#include <stdio.h>

#include "weft.h"

enum { N_PARTS = 4, PART_LEN = 100000 };

/* --- Yielding, in the open: pending once, and woken already --- */

struct breath {
	struct future future;
	bool is_taken;
};

static enum poll breath_poll(struct future *future, struct context *cx)
{
	struct breath *b = future_of(future, struct breath);

	if (b->is_taken)
		return POLL_READY;
	b->is_taken = true;
	waker_wake_by_ref(cx->waker);
	return POLL_PENDING;
}

static const struct future_ops breath_ops = FUTURE_OPS("breath", breath_poll, NULL);

static struct future *breath(struct breath *b)
{
	*b = (struct breath){ .future = future_init(&breath_ops) };
	return &b->future;
}

/* --- The other task does a little at a time. It yields with the runtime's yield_now --- */

struct clerk {
	struct co co;
	int n_served;
	struct yield_now yield;
};

static enum poll clerk_run(struct co *co, struct context *cx)
{
	struct clerk *const f = co_frame(co, struct clerk);

	co_begin(co);
	while (f->n_served < N_PARTS) {
		printf("             customer %d\n", ++f->n_served);
		co_await(yield_now(&f->yield));
	}
	co_end;
}

static struct future *clerk(struct clerk *f)
{
	*f = (struct clerk){ .co = co_init(clerk_run) };
	return &f->co.future;
}

/* --- The computation, in three ways --- */

struct sum {
	struct co co;
	enum { NEVER_YIELDS, YIELDS, IS_ALWAYS_READY } way;
	int n_parts;
	long long total;
	struct breath breath;
	struct ready ready;
};

static void add_part(struct sum *f)
{
	for (int i = 0; i < PART_LEN; i++)
		f->total += (long long)f->n_parts * PART_LEN + i;
	printf("  part %d\n", ++f->n_parts);
}

static enum poll sum_run(struct co *co, struct context *cx)
{
	struct sum *const f = co_frame(co, struct sum);

	co_begin(co);
	while (f->n_parts < N_PARTS) {
		add_part(f);
		if (f->way == YIELDS)
			co_await(breath(&f->breath));
		if (f->way == IS_ALWAYS_READY)
			co_await(ready(&f->ready));
	}
	printf("  the sum is %lld\n", f->total);
	co_end;
}

static struct future *sum(struct sum *f, int way)
{
	*f = (struct sum){ .co = co_init(sum_run), .way = way };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	static const char *const ways[] = { "never yields", "yields", "awaits what is ready" };
	struct runtime *rt;
	struct clerk c;

	tape_args(argc, argv);
	if (runtime_build(&(struct runtime_builder){ .budget = 2 }, &rt))
		return 1;
	for (int way = NEVER_YIELDS; way <= IS_ALWAYS_READY; way++) {
		struct task *t = spawn(rt, sum, way);

		printf("the sum %s:\n", ways[way]);
		if (!t || runtime_block_on(rt, clerk(&c)))
			return 1;
		task_detach(t);
	}
	runtime_destroy(rt);
}
