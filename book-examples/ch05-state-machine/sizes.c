/*
 * sizes: how large a frame is, what it is large for, and how a big buffer gets into it.
 *
 * A thread has a stack, and whatever it calls may use it. A coroutine has a frame, which holds what must
 * outlive an await, and nothing else: the place where it stopped, its children, its fields. Everything
 * between two awaits runs on the ordinary stack. So a frame is small, unless something large lives
 * across an await: then every task carries it all its life. The cure is to let it live only between
 * awaits, in a function or a block of its own; or, if it must live on, to allocate it for just as long.
 *
 * Predict: the page is 16 KiB. How much larger is the frame of `hoarder` than that of `frugal`?
 *
 *	make run P=ch05/sizes                   ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch05-state-machine/sizes.c $(find runtime -name '*.c') -pthread
 *
 * Try: put both delays of `apart` into an anonymous union. What must be true for that to be allowed?
 */
#include <stdio.h>
#include <string.h>

#include "weft.h"

enum { PAGE = 16384 };

/* --- What a state stores --- */

struct once  { struct co co; struct delay nap; };
struct apart { struct co co; struct delay first, second; }; /* never live at the same time */
struct again { struct co co; struct delay nap; };           /* so one is enough: built twice */

/* --- The trap: the page is needed before the await only, and lives across it --- */

struct hoarder {
	struct co co;
	char page[PAGE];
	unsigned sum;
	struct yield_now yield;
};

static unsigned sum_of(const char *page)
{
	unsigned sum = 0;

	for (size_t i = 0; i < PAGE; i++)
		sum += (unsigned char)page[i];
	return sum;
}

static enum poll hoarder_run(struct co *co, struct context *cx)
{
	struct hoarder *const f = co_frame(co, struct hoarder);

	co_begin(co);
	memset(f->page, 1, sizeof f->page);
	f->sum = sum_of(f->page);
	co_await(yield_now(&f->yield));
	printf("hoarder: the sum is %u\n", f->sum);
	co_end;
}

static struct future *hoarder(struct hoarder *f)
{
	f->co = (struct co)co_init(hoarder_run); /* and the page is not touched */
	return &f->co.future;
}

/* --- The cure: only the answer lives across the await --- */

struct frugal {
	struct co co;
	unsigned sum;
	struct yield_now yield;
};

static enum poll frugal_run(struct co *co, struct context *cx)
{
	struct frugal *const f = co_frame(co, struct frugal);

	co_begin(co);
	{
		char page[PAGE]; /* no await in this block: on the stack, and gone after it */

		memset(page, 1, sizeof page);
		f->sum = sum_of(page);
	}
	co_await(yield_now(&f->yield));
	printf("frugal: the sum is %u\n", f->sum);
	co_end;
}

static struct future *frugal(struct frugal *f)
{
	*f = (struct frugal){ .co = co_init(frugal_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	static struct hoarder h;
	struct frugal f;

	tape_args(argc, argv);
	printf("every coroutine  %5zu bytes: its ops, its child, its place\n", sizeof(struct co));
	printf("a delay          %5zu bytes: its timer is inside\n", sizeof(struct delay));
	printf("once             %5zu\n", sizeof(struct once));
	printf("apart            %5zu, a delay more\n", sizeof(struct apart));
	printf("again            %5zu, like once\n", sizeof(struct again));
	printf("hoarder          %5zu\n", sizeof(struct hoarder));
	printf("frugal           %5zu\n", sizeof(struct frugal));
	printf("the difference   %5zu, for each task\n", sizeof(struct hoarder) - sizeof(struct frugal));
	block_on_spin(hoarder(&h));
	block_on_spin(frugal(&f));
}
