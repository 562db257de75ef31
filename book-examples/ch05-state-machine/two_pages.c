/*
 * two_pages: the same state machine, written by the macros.
 *
 * Beside two_pages_by_hand.c: the enum has become a line number, the switch stands inside co_begin and
 * co_end, and each co_await is a case label. What the compiler of an async language decides by itself
 * is still ours: whatever lives across an await must be a field of the frame.
 *
 * Predict: what differs between the tapes of the two programs?
 *
 *	make run P=ch05/two_pages               ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch05-state-machine/two_pages.c $(find runtime -name '*.c') -pthread
 *
 * Try: make `one` a local of two_pages_run instead of a field, and compile with gcc.
 */
#include <stdio.h>

#include "weft.h"

struct fetch {
	struct co co;
	struct delay wire;
	size_t len; /* of the page */
};

static enum poll fetch_run(struct co *co, struct context *cx)
{
	struct fetch *const f = co_frame(co, struct fetch);

	co_begin(co);
	co_await(delay(&f->wire, 20));
	f->len = 1200;
	co_end;
}

static struct future *fetch(struct fetch *f, const char *path)
{
	printf("GET %s\n", path);
	*f = (struct fetch){ .co = co_init(fetch_run) };
	return &f->co.future;
}

struct two_pages {
	struct co co;
	struct fetch fetch; /* one is enough: the first is over when the second is built */
	size_t one;         /* must outlive the second await */
	size_t len;         /* of both */
};

static enum poll two_pages_run(struct co *co, struct context *cx)
{
	struct two_pages *const f = co_frame(co, struct two_pages);

	co_begin(co);
	co_await(fetch(&f->fetch, "/one"));
	f->one = f->fetch.len;
	co_await(fetch(&f->fetch, "/two"));
	f->len = f->one + f->fetch.len;
	co_end;
}

static struct future *two_pages(struct two_pages *f)
{
	*f = (struct two_pages){ .co = co_init(two_pages_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct two_pages f;

	tape_args(argc, argv);
	if (runtime_run(&(struct runtime_builder){ .virtual_time = true }, two_pages(&f)))
		return 1;
	printf("%zu bytes\n", f.len);
}
