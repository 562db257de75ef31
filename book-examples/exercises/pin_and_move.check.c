/*
 * pin_and_move.check: what comes of each move. See check.h.
 *
 * Whether it is allowed is not written here: it is done, in a process of its own, and either that comes to
 * its end or it is stopped. (In a debug build, where polled futures know their place.) Written here is why.
 */
#define _GNU_SOURCE 1
#include "check.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Into `said`: how it was stopped; empty if it was not. */
static void carry_out(void (*move)(void), char *said, size_t len)
{
	ssize_t n;
	char *end;
	int ends[2];
	pid_t child;

	must(pipe(ends) == 0 && (child = fork()) >= 0, "there is no process to do it in.");
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		move();
		_exit(0);
	}
	close(ends[1]);
	n = read(ends[0], said, len - 1);
	said[n > 0 ? n : 0] = '\0';
	end = strchr(said, '\n');
	if (end)
		*end = '\0';
	close(ends[0]);
	waitpid(child, NULL, 0);
}

static enum answer answer_to(void (*move)(void))
{
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
		if (moves[i].carry_out == move)
			return moves[i].is_allowed;
	must(false, "it is no longer in your table.");
	return UNDECIDED;
}

static void look_at(void (*move)(void), const char *reason)
{
	enum answer answer = answer_to(move);
	char said[300];

	must(answer != UNDECIDED, "you have not decided yet.");
	carry_out(move, said, sizeof said);
	if (said[0])
		must(answer == NO, "you say YES. %s Done in a process of its own, it ends like this: \"%s\"", reason,
		     said);
	else
		must(answer == YES, "you say NO. %s", reason);
}

#define LOOK_AT(move_, reason_)                                                                    \
	static void look_at_##move_(void)                                                          \
	{                                                                                          \
		look_at(move_, reason_);                                                           \
	}

LOOK_AT(before_its_first_poll,
	"But a constructor only fills in fields. Nobody has been told where it is, so it does not matter. "
	"(This is how a constructor may return a future by value, and how one is put into an array.)")
LOOK_AT(between_two_polls,
	"But since the first poll the frame points into itself: co.child is the address of its pause, in the "
	"old place. Who goes on in the new place polls a child that is no longer there.")
LOOK_AT(its_address_between_two_polls,
	"But the future has not moved, only a variable that says where it is. This is what a handle is, and a "
	"box: the future lies still, and its address is passed around as often as you like.")
LOOK_AT(one_that_is_plain_inside,
	"You are right that no pointer would be wrong now: a build without checks goes on as if nothing had "
	"happened. It is forbidden all the same. Law 2 makes no exceptions, or else nobody could change what is "
	"inside of a future without breaking the programs of those who move it. (Rust has a word for futures "
	"that may be moved, Unpin, and a compiler that checks it.)")
LOOK_AT(with_what_it_joins,
	"It was not polled, that is true, and no check knows that it was moved. But the join was given the "
	"addresses of two futures, and they are those of the old place. Law 2 says from when on it is always "
	"forbidden; before that it is allowed only if nobody has an address yet.")
LOOK_AT(when_it_is_over,
	"But a future that is over has given back everything, and nobody has a pointer to it. What is left is "
	"a struct with an output in it, and that can be copied like any other. (It must not be polled, here "
	"or there.)")
LOOK_AT(when_it_was_dropped,
	"But a drop is total: after it nobody has a pointer to the future, its child was dropped with it, and "
	"its memory can be used for anything. (Law 5. Move it or not: it will not be polled again.)")

const struct check checks[] = {
	{ "a future, before its first poll", look_at_before_its_first_poll,
	  "Who could have its address by now?", 1 },
	{ "a future, between two polls", look_at_between_two_polls,
	  "Who could have its address by now?", 1 },
	{ "the address of a future, between two polls", look_at_its_address_between_two_polls,
	  "What is moved here, and what stays?", 1 },
	{ "a future that nothing points to, between two polls", look_at_one_that_is_plain_inside,
	  "How could somebody know that nothing points to it, who has not written it?", 2 },
	{ "a join and what it joins, before the first poll", look_at_with_what_it_joins,
	  "What was the constructor of the join told?", 2 },
	{ "a future that is over, for the sake of its output", look_at_when_it_is_over,
	  "Who still has its address, when it is over?", 1 },
	{ "a future that was polled, and then dropped", look_at_when_it_was_dropped,
	  "What does law 5 say about who has its address after a drop?", 1 },
	{ 0 }
};
