/*
 * pipeline: the states of a coroutine, predicted, and then looked up in the frame.
 *
 * A till reads items, looks up what each one costs, and prints it. It has three awaits. A coroutine stands
 * still only where the child that it awaits says PENDING, so it is not seen at all of them. And while it
 * stands there, not everything in its frame is of use: what will be overwritten before it is read could be
 * anything meanwhile.
 *
 * Below are our predictions, and what really happens. To learn what is of use, a field is forgotten while the
 * coroutine stands still: if the total comes out wrong, it was needed.
 *
 * Predict: how often is the till polled for three items, one of which is none? And where does it never stand?
 *
 *	make run P=ch05/pipeline                ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch05-state-machine/pipeline.c $(find runtime -name '*.c') -pthread
 *
 * Try: make look_up a yield_now, too. Which of the predictions change?
 */
#include <stdio.h>

#include "weft.h"

/* --- The coroutine --- */

static const int items[] = { 3, 0, 5 }; /* 0: there was nothing on the belt */
enum { N_ITEMS = sizeof items / sizeof *items, TOTAL_DUE = 10 * (3 + 5) };

struct pipeline {
	struct co co;
	int n_read, item, price, total;
	struct yield_now read, print; /* each is pending once */
	struct ready look_up;         /* the price list is at hand */
};

static enum poll pipeline_run(struct co *co, struct context *cx)
{
	struct pipeline *const f = co_frame(co, struct pipeline);

	co_begin(co);
	while (f->n_read < N_ITEMS) {
		co_await(yield_now(&f->read));
		f->item = items[f->n_read++];
		if (f->item == 0)
			continue;
		co_await(ready(&f->look_up));
		f->price = 10 * f->item;
		co_await(yield_now(&f->print));
		f->total += f->price;
	}
	co_end;
}

static struct future *pipeline(struct pipeline *f)
{
	*f = (struct pipeline){ .co = co_init(pipeline_run) };
	return &f->co.future;
}

/* --- The predictions --- */

enum place { READ, LOOK_UP, PRINT, OVER }; /* the await at which it stands; OVER: at none, it is done */
enum field { N_READ, ITEM, PRICE, TOTAL, N_FIELDS };

/* Where it stands after each poll. */
static const enum place places[] = { READ, PRINT, READ, READ, PRINT, OVER };

/* Which fields must not be forgotten while it stands there. */
static const bool is_needed[][N_FIELDS] = {
	[READ] = { [N_READ] = true, [TOTAL] = true },
	[LOOK_UP] = { false }, /* it never stands there */
	[PRINT] = { [N_READ] = true, [PRICE] = true, [TOTAL] = true },
};

/* How often each child is polled, all in all. The tape shows it. */
static const int n_polls[] = { [READ] = 6, [LOOK_UP] = 2, [PRINT] = 4 };

/* --- What really happens --- */

static enum place place_after_poll(struct pipeline *f)
{
	struct context cx = context_of(&waker_noop);

	if (future_poll(&f->co.future, &cx) == POLL_READY)
		return OVER;
	return f->co.child == &f->read.future ? READ : f->co.child == &f->print.future ? PRINT : LOOK_UP;
}

/* The total, if a field is forgotten when it stands there for the second time. */
static int total_without(enum place where, enum field field)
{
	struct pipeline f;
	enum place place;
	int n_times = 0;

	pipeline(&f);
	while ((place = place_after_poll(&f)) != OVER)
		if (place == where && ++n_times == 2)
			*(int *[]){ &f.n_read, &f.item, &f.price, &f.total }[field] = 0;
	return f.total;
}

static void compare_places(void)
{
	const char *const names[] = { "read", "look_up", "print", "over" };
	const size_t n = sizeof places / sizeof *places;
	struct pipeline f;
	enum place place;
	size_t i = 0;

	pipeline(&f);
	do {
		place = place_after_poll(&f);
		printf("poll %zu: %-6s  predicted: %s\n", i + 1, names[place], i < n ? names[places[i]] : "-");
		i++;
	} while (place != OVER);
}

static void compare_needs(enum place place, const char *name)
{
	const char *const fields[] = { "n_read", "item", "price", "total" }, *const words[] = { "no", "yes" };

	for (enum field i = 0; i < N_FIELDS; i++)
		printf("%-7s needs %-6s  %-3s  predicted: %s\n", name, fields[i],
		       words[total_without(place, i) != TOTAL_DUE], words[is_needed[place][i]]);
}

int main(int argc, char **argv)
{
	tape_args(argc, argv);
	compare_places();
	tape_end(); /* what follows is the same till, over and over */
	compare_needs(READ, "read");
	compare_needs(LOOK_UP, "look_up");
	compare_needs(PRINT, "print");
	printf("polls predicted: %d, %d, %d\n", n_polls[READ], n_polls[LOOK_UP], n_polls[PRINT]);
}
