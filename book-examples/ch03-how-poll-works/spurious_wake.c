/*
 * spurious_wake: a future that takes a poll for the answer, and one that looks for itself.
 *
 * Two readers wait for a letter. Each leaves its waker in a mailbox, and the postman will call it.
 * But a wake is for a whole task, and everything in it is polled, whoever was meant. Here a nap of
 * 10 ms is in the same task. Gullible thinks: I am polled again, so I have been woken, so there is
 * a letter. Careful looks into the mailbox each time, and goes on waiting if it is empty.
 *
 * Predict: the postman comes after 20 ms. What does each of them read, and when?
 *
 *	make run P=ch03/spurious_wake           ARGS=--tape shows who woke the task
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch03-how-poll-works/spurious_wake.c $(find runtime -name '*.c') -pthread
 *
 * Try: make the nap 30 ms long. Is the mistake gone? Would a test have found it?
 */
#include <stdio.h>

#include "weft.h"

/* --- What they wait for --- */

struct mailbox {
	int letter; /* 0: there is none */
	struct waker waker;
};

static void put(struct mailbox *box, int letter)
{
	box->letter = letter;
	waker_wake(&box->waker);
}

static int take(struct mailbox *box)
{
	int letter = box->letter;

	waker_drop(&box->waker);
	box->letter = 0;
	return letter;
}

/* --- Two who wait --- */

struct reader {
	struct future future;
	struct mailbox *box; /* borrowed */
	bool was_asked;      /* gullible's only knowledge */
};

static int now_ms(struct context *cx)
{
	return (int)(timers_now_ns(cx->rt->timers) / 1000000);
}

static enum poll gullible_poll(struct future *future, struct context *cx)
{
	struct reader *r = future_of(future, struct reader);

	if (!r->was_asked) {
		printf("%2d ms  gullible waits\n", now_ms(cx));
		r->was_asked = true;
		waker_refresh(&r->box->waker, cx->waker);
		return POLL_PENDING;
	}
	printf("%2d ms  gullible reads letter %d\n", now_ms(cx), take(r->box)); /* is there one? */
	return POLL_READY;
}

static enum poll careful_poll(struct future *future, struct context *cx)
{
	struct reader *r = future_of(future, struct reader);

	if (r->box->letter == 0) {
		printf("%2d ms  careful waits\n", now_ms(cx));
		waker_refresh(&r->box->waker, cx->waker);
		return POLL_PENDING;
	}
	printf("%2d ms  careful reads letter %d\n", now_ms(cx), take(r->box));
	return POLL_READY;
}

static void reader_drop(struct future *future)
{
	waker_drop(&future_of(future, struct reader)->box->waker);
}

static const struct future_ops gullible_ops = FUTURE_OPS("gullible", gullible_poll, reader_drop);
static const struct future_ops careful_ops = FUTURE_OPS("careful", careful_poll, reader_drop);

static struct future *reader(struct reader *r, const struct future_ops *ops, struct mailbox *box)
{
	*r = (struct reader){ .future = future_init(ops), .box = box };
	return &r->future;
}

/* --- Who brings it --- */

struct postman {
	struct co co;
	struct mailbox *boxes; /* two, borrowed */
	struct delay way;
};

static enum poll postman_run(struct co *co, struct context *cx)
{
	struct postman *const f = co_frame(co, struct postman);

	co_begin(co);
	co_await(delay(&f->way, 20));
	printf("%2d ms  the postman brings letters 7 and 8\n", now_ms(cx));
	put(&f->boxes[0], 7);
	put(&f->boxes[1], 8);
	co_end;
}

static struct future *postman(struct postman *f, struct mailbox *boxes)
{
	*f = (struct postman){ .co = co_init(postman_run), .boxes = boxes };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct mailbox boxes[2] = { { 0 }, { 0 } };
	struct reader g, c;
	struct delay nap;
	struct postman p;
	struct join all;

	tape_args(argc, argv);
	reader(&g, &gullible_ops, &boxes[0]);
	reader(&c, &careful_ops, &boxes[1]);
	join(&all, &g.future, &c.future, delay(&nap, 10), postman(&p, boxes));
	if (runtime_run(&(struct runtime_builder){ .virtual_time = true }, &all.future))
		return 1;
	printf("left in gullible's mailbox: letter %d\n", boxes[0].letter);
}
