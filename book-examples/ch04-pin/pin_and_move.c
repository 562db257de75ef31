/*
 * pin_and_move: seven ways to move a future, and which of them are allowed.
 *
 * To move is to copy the bytes to another place, and to give up the old one. That is all that C does, and
 * it is harmless as long as nobody has a pointer to the old place. From its first poll until it is over
 * a future may have given such pointers to anybody, and so it stays where it is: no exceptions, or else
 * everybody would have to know how everything is made inside. Before its first poll it has given away
 * nothing; but somebody else may have, by hand.
 *
 * YES and NO are our answers. What we say is allowed is also done.
 *
 * Predict: cover the column of YES and NO, and fill it in yourself. Two of the seven are traps.
 *
 *	make run P=ch04/pin_and_move            ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch04-pin/pin_and_move.c $(find runtime -name '*.c') -pthread
 *
 * Try: turn one NO after the other into a YES. Which of the messages names what was moved?
 */
#include <stdio.h>
#include <string.h>

#include "weft.h"

/* --- What is moved, and how --- */

struct walk {
	struct co co;
	struct yield_now pause; /* while it waits, co.child points to this */
	bool has_arrived;       /* the output */
};

static enum poll walk_run(struct co *co, struct context *cx)
{
	struct walk *const f = co_frame(co, struct walk);

	co_begin(co);
	co_await(yield_now(&f->pause));
	f->has_arrived = true;
	co_end;
}

static struct future *walk(struct walk *f)
{
	*f = (struct walk){ .co = co_init(walk_run) };
	return &f->co.future;
}

static void poll_once(struct future *future)
{
	struct context cx = context_of(&waker_noop);

	future_poll(future, &cx);
}

static struct walk here, there;

/* The old place is somebody else's from now on, who keeps his zeros there. */
static void move(void *to, void *from, size_t len)
{
	memcpy(to, from, len);
	memset(from, 0, len);
}

/* --- The seven; wherever it makes sense, what was moved goes on in its new place --- */

static void before_its_first_poll(void)
{
	walk(&here);
	move(&there, &here, sizeof here);
	block_on_spin(&there.co.future);
}

static void between_two_polls(void)
{
	poll_once(walk(&here));
	move(&there, &here, sizeof here);
	block_on_spin(&there.co.future);
}

static void its_address_between_two_polls(void)
{
	struct future *mine = walk(&here), *yours;

	poll_once(mine);
	move(&yours, &mine, sizeof mine);
	block_on_spin(yours);
}

static void one_that_is_plain_inside(void)
{
	struct yield_now from, to; /* no pointer in it, and nobody has one to it */

	poll_once(yield_now(&from));
	move(&to, &from, sizeof from);
	block_on_spin(&to.future);
}

static void with_what_it_joins(void)
{
	struct { struct walk left, right; struct join both; } from, to;

	join(&from.both, walk(&from.left), walk(&from.right));
	move(&to, &from, sizeof from);
	block_on_spin(&to.both.future);
}

static void when_it_is_over(void)
{
	block_on_spin(walk(&here));
	move(&there, &here, sizeof here);
	bug_unless(there.has_arrived);
}

static void when_it_was_dropped(void)
{
	poll_once(walk(&here));
	future_drop(&here.co.future);
	move(&there, &here, sizeof here);
}

/* --- The answers --- */

enum answer { UNDECIDED, YES, NO };

static const struct {
	enum answer is_allowed;
	const char *what;
	void (*carry_out)(void);
} moves[] = {
	{ YES, "a future, before its first poll", before_its_first_poll },
	{ NO,  "a future, between two polls", between_two_polls },
	{ YES, "the address of a future, between two polls", its_address_between_two_polls },
	{ NO,  "a future that nothing points to, between two polls", one_that_is_plain_inside },
	{ NO,  "a join and what it joins, before the first poll", with_what_it_joins },
	{ YES, "a future that is over, for the sake of its output", when_it_is_over },
	{ YES, "a future that was polled, and then dropped", when_it_was_dropped },
};

int main(int argc, char **argv)
{
	tape_args(argc, argv);
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		printf("%-4s %s\n", (const char *[]){ "?", "yes", "no" }[moves[i].is_allowed], moves[i].what);
		if (moves[i].is_allowed == YES)
			moves[i].carry_out();
	}
}
