/*
 * pin_and_move: an exercise of chapter 4, 10 minutes. Decide seven times: YES or NO?
 *
 * Below are seven functions that move something, and at the end a table of them. Put YES for UNDECIDED where
 * the move is allowed, and NO where it is not: where it breaks a law of future.h, or where what was moved
 * cannot work any more in its new place. It does not matter whether somebody would notice.
 *
 * To move is to copy the bytes to another place, and to give up the old one. Where you say YES, the program
 * does it, so running it is one way to learn that something was not allowed. It is no proof that it was.
 *
 *	make exercise E=pin_and_move            is it right? why not?
 *	make hint E=pin_and_move N=1            up to N=2
 *	make run P=exercises/pin_and_move       does what you have said YES to
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

/* --- Yours: YES or NO --- */

enum answer { UNDECIDED, YES, NO };

static const struct {
	enum answer is_allowed;
	const char *what;
	void (*carry_out)(void);
} moves[] = {
	{ UNDECIDED, "a future, before its first poll", before_its_first_poll },
	{ UNDECIDED, "a future, between two polls", between_two_polls },
	{ UNDECIDED, "the address of a future, between two polls", its_address_between_two_polls },
	{ UNDECIDED, "a future that nothing points to, between two polls", one_that_is_plain_inside },
	{ UNDECIDED, "a join and what it joins, before the first poll", with_what_it_joins },
	{ UNDECIDED, "a future that is over, for the sake of its output", when_it_is_over },
	{ UNDECIDED, "a future that was polled, and then dropped", when_it_was_dropped },
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
