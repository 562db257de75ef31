/*
 * poll_fn: a future made of one function.
 *
 * Some conditions do not deserve a struct of their own: "until the box is not empty". poll_fn takes the
 * function that is to be asked, and what to ask it about, and is a future. The contract is the same as
 * for any other: whoever says PENDING has left the waker where somebody will call it. Here the box has
 * a place for one.
 *
 * Predict: how often is the function asked, and by whom is it woken?
 *
 *	make run P=ch03/poll_fn                 ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch03-how-poll-works/poll_fn.c $(find runtime -name '*.c') -pthread
 *
 * Try: leave out waker_refresh. The program ends all the same, with a report: what does it say?
 */
#include <stdio.h>

#include "weft.h"

/* --- A box for one letter, and for the waker of whoever waits for it --- */

struct box {
	const char *letter; /* NULL: empty */
	struct waker waker;
};

static void put(struct box *box, const char *letter)
{
	box->letter = letter;
	waker_wake(&box->waker);
}

/* The whole poll. */
static enum poll has_letter(void *arg, struct context *cx)
{
	struct box *box = arg;

	printf("  asked: %s\n", box->letter ? "there is one" : "empty");
	if (box->letter)
		return POLL_READY;
	waker_refresh(&box->waker, cx->waker);
	return POLL_PENDING;
}

/* --- The postman, a task of its own --- */

struct postman {
	struct co co;
	struct box *box;
	struct delay way;
};

static enum poll postman_run(struct co *co, struct context *cx)
{
	struct postman *const f = co_frame(co, struct postman);

	co_begin(co);
	co_await(delay(&f->way, 30));
	printf("postman: puts a letter into the box\n");
	put(f->box, "good news");
	co_end;
}

static struct future *postman(struct postman *f, struct box *box)
{
	*f = (struct postman){ .co = co_init(postman_run), .box = box };
	return &f->co.future;
}

/* --- Who waits --- */

struct house {
	struct co co;
	struct box box;
	struct poll_fn wait;
};

static enum poll house_run(struct co *co, struct context *cx)
{
	struct house *const f = co_frame(co, struct house);

	co_begin(co);
	task_detach(spawn(cx->rt, postman, &f->box));
	co_await(poll_fn(&f->wait, has_letter, &f->box));
	printf("house: %s\n", f->box.letter);
	co_finally {
		waker_drop(&f->box.waker);
	}
	co_end;
}

static struct future *house(struct house *f)
{
	*f = (struct house){ .co = co_init(house_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct house f;

	tape_args(argc, argv);
	return runtime_run(&(struct runtime_builder){ .virtual_time = true }, house(&f)) != 0;
}
