/*
 * two_pages_by_hand: what an async function becomes, written out: an enum, a switch, a union.
 *
 * In Rust it would be three lines, and the compiler would make of them what stands here:
 *
 *	async fn two_pages() -> usize {
 *		let one = fetch("/one").await;
 *		let two = fetch("/two").await;
 *		one + two
 *	}
 *
 * Every await is a place where the function may have to stop, so each gets a state; what is needed
 * behind it must be stored with that state. two_pages.c is the same with our macros, and the same tape.
 *
 * Predict: how often is two_pages polled, and in which state does each poll find it?
 *
 *	make run P=ch05/two_pages_by_hand       ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch05-state-machine/two_pages_by_hand.c $(find runtime -name '*.c') -pthread
 *
 * Try: read f->first.fetch.len behind the construction of the second fetch. What has become of it?
 */
#include <stdio.h>

#include "weft.h"

/* --- The child: a page that takes its time --- */

struct fetch {
	struct future future;
	struct delay wire;
	size_t len; /* of the page */
};

static enum poll fetch_poll(struct future *future, struct context *cx)
{
	struct fetch *f = future_of(future, struct fetch);

	if (future_poll(&f->wire.future, cx) == POLL_PENDING)
		return POLL_PENDING;
	f->len = 1200;
	return POLL_READY;
}

static void fetch_drop(struct future *future)
{
	future_drop(&future_of(future, struct fetch)->wire.future);
}

static const struct future_ops fetch_ops = FUTURE_OPS("fetch", fetch_poll, fetch_drop);

static struct future *fetch(struct fetch *f, const char *path)
{
	printf("GET %s\n", path);
	f->future = future_init(&fetch_ops);
	delay(&f->wire, 20);
	return &f->future;
}

/* --- The state machine --- */

struct two_pages {
	struct future future;
	enum { START, FIRST, SECOND } state; /* where the next poll goes on */
	union {                              /* what each state has to remember */
		struct {
			struct fetch fetch;
		} first;
		struct {
			size_t one; /* the answer of the first, needed behind the second */
			struct fetch fetch;
		} second;
	};
	size_t len; /* of both */
};

static enum poll two_pages_poll(struct future *future, struct context *cx)
{
	struct two_pages *f = future_of(future, struct two_pages);
	size_t one;

	switch (f->state) {
	case START:
		fetch(&f->first.fetch, "/one");
		f->state = FIRST;
		__attribute__((fallthrough));
	case FIRST:
		if (future_poll(&f->first.fetch.future, cx) == POLL_PENDING)
			return POLL_PENDING;
		one = f->first.fetch.len; /* first and second share their memory: move it over */
		f->second.one = one;
		fetch(&f->second.fetch, "/two");
		f->state = SECOND;
		__attribute__((fallthrough));
	case SECOND:
		if (future_poll(&f->second.fetch.future, cx) == POLL_PENDING)
			return POLL_PENDING;
		f->len = f->second.one + f->second.fetch.len;
	}
	return POLL_READY;
}

/* Cancelled: whatever this state holds is dropped. */
static void two_pages_drop(struct future *future)
{
	struct two_pages *f = future_of(future, struct two_pages);

	if (f->state == FIRST)
		future_drop(&f->first.fetch.future);
	else if (f->state == SECOND)
		future_drop(&f->second.fetch.future);
}

static const struct future_ops two_pages_ops =
	FUTURE_OPS("two_pages", two_pages_poll, two_pages_drop);

static struct future *two_pages(struct two_pages *f)
{
	f->future = future_init(&two_pages_ops);
	f->state = START;
	return &f->future;
}

int main(int argc, char **argv)
{
	struct two_pages f;

	tape_args(argc, argv);
	if (runtime_run(&(struct runtime_builder){ .virtual_time = true }, two_pages(&f)))
		return 1;
	printf("%zu bytes\n", f.len);
}
