/*
 * drop_order: what a coroutine gives back, depending on where it is dropped.
 *
 * A future can be dropped between any two polls. In Rust the compiler knows, for each state, what is
 * alive in it. Here it is co_finally: a block that runs exactly once, whether the body came to its end,
 * left by co_return, was dropped in the middle, or never began. It gives back what was acquired, the
 * last first; what was not acquired is still zero, and giving back a zero does nothing. A child that is
 * being awaited goes before all that, because it may use what the parent is about to give back.
 *
 * Predict: the room was handed in by the caller. Who gives it back if the coroutine is never polled?
 *
 *	make run P=ch05/drop_order              ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch05-state-machine/drop_order.c $(find runtime -name '*.c') -pthread
 *
 * Try: remove the test in give_back. At which drop does it show?
 */
#include <stdio.h>

#include "weft.h"

/* --- Things that must be given back: a zero is nothing --- */

struct thing {
	const char *name;
};

static struct thing acquire(const char *name)
{
	printf("  acquire %s\n", name);
	return (struct thing){ name };
}

static void give_back(struct thing *t)
{
	if (t->name)
		printf("  give back %s\n", t->name);
	*t = (struct thing){ NULL };
}

/* --- A child that holds something, too --- */

struct knock {
	struct co co;
	struct thing hand;
	struct yield_now wait;
};

static enum poll knock_run(struct co *co, struct context *cx)
{
	struct knock *const f = co_frame(co, struct knock);

	co_begin(co);
	f->hand = acquire("hand");
	co_await(yield_now(&f->wait));
	co_finally {
		give_back(&f->hand);
	}
	co_end;
}

static struct future *knock(struct knock *f)
{
	*f = (struct knock){ .co = co_init(knock_run) };
	return &f->co.future;
}

/* --- The coroutine: START --1st poll--> key, knocking --2nd--> key, lamp, waiting --3rd--> done --- */

struct visit {
	struct co co;
	struct thing room, key, lamp; /* room: owned from the constructor on */
	struct knock knock;
	struct yield_now wait;
};

static enum poll visit_run(struct co *co, struct context *cx)
{
	struct visit *const f = co_frame(co, struct visit);

	co_begin(co);
	f->key = acquire("key");
	co_await(knock(&f->knock));
	f->lamp = acquire("lamp");
	co_await(yield_now(&f->wait));
	printf("  all is done\n");
	co_finally {
		give_back(&f->lamp);
		give_back(&f->key);
		give_back(&f->room);
	}
	co_end;
}

static struct future *visit(struct visit *f, struct thing room)
{
	*f = (struct visit){ .co = co_init(visit_run), .room = room };
	return &f->co.future;
}

/* --- Dropped after 0, 1, 2 polls; the third one completes it --- */

int main(int argc, char **argv)
{
	struct context cx = context_of(&waker_noop);
	struct visit f;

	tape_args(argc, argv);
	for (int n_polls = 0; n_polls <= 3; n_polls++) {
		struct future *future = visit(&f, (struct thing){ "room" });

		printf("%d polls\n", n_polls);
		for (int i = 0; i < n_polls; i++)
			future_poll(future, &cx);
		printf("  drop\n");
		future_drop(future);
	}
}
