/*
 * unpin: a future without pointers into itself could be moved between polls; still, we do not.
 *
 * This one spells a word, a letter at each poll. Where it is in its text is an index, no pointer,
 * and nobody else points to it, either: moved anywhere, at any time, it goes on. Rust calls such
 * types Unpin, and its compiler knows which they are. Ours does not, and future_poll sees no more
 * than a struct future. A promise in its ops would be broken, unnoticed, by the next field that
 * somebody adds. So there is one rule for all: from its first poll until its end, a future stays.
 * Before, it may move if its constructor left no pointer to it anywhere; afterwards, always.
 *
 * Predict: between two polls the same move is made twice. Which time does it end the process?
 *
 *	make run P=ch04/unpin                   ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch04-pin/unpin.c $(find runtime -name '*.c') -pthread
 *
 * Try: let `char *next`, set by the constructor, take the place of `n`. Which moves go wrong now?
 */
#define _GNU_SOURCE 1 /* fork and its like */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weft.h"

struct spell {
	struct future future;
	const char *word; /* its next letter: a pointer, but not into the frame */
	size_t n;         /* where that goes in `text`: an index is right everywhere */
	char text[16];    /* the output */
};

static enum poll spell_poll(struct future *future, struct context *cx)
{
	struct spell *s = future_of(future, struct spell);

	s->text[s->n++] = *s->word++;
	if (*s->word == '\0')
		return POLL_READY;
	waker_wake_by_ref(cx->waker);
	return POLL_PENDING;
}

static const struct future_ops spell_ops = FUTURE_OPS("spell", spell_poll, NULL);

static struct future *spell(struct spell *s, const char *word)
{
	*s = (struct spell){ .future = future_init(&spell_ops), .word = word };
	return &s->future;
}

/* A move as Rust has it: the old place is not looked at again. */
static void move(struct spell *to, struct spell *from)
{
	*to = *from;
	memset(from, '?', sizeof *from);
}

/* --- Before the first poll, and after the end: allowed --- */

static void move_early_and_late(void)
{
	struct spell built, polled, over;

	spell(&built, "early");
	move(&polled, &built);
	block_on_spin(&polled.future);
	move(&over, &polled);
	printf("[%s]\n", over.text);
}

/* --- Between two polls: this one could, and future_poll does not allow it --- */

static void move_between(enum poll (*poll)(struct future *, struct context *))
{
	struct context cx = context_of(&waker_noop);
	struct spell a, b;

	poll(spell(&a, "hi"), &cx);
	move(&b, &a);
	poll(&b.future, &cx);
	printf("[%s]\n", b.text);
}

/* As moved_frame.c has it, in short. */
static void move_between_in_a_child(void)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
		dup2(STDOUT_FILENO, STDERR_FILENO);
		move_between(future_poll);
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, NULL, 0) != child)
		exit(1);
}

int main(int argc, char **argv)
{
	tape_args(argc, argv);
	printf("before the first poll, and after the end:\n");
	move_early_and_late();
	printf("between two polls, past future_poll:\n");
	move_between(spell_poll);
	printf("between two polls, by future_poll:\n");
	move_between_in_a_child();
}
