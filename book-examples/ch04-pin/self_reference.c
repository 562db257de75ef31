/*
 * self_reference: a struct that points into itself is copied, and the copy points elsewhere.
 *
 * C moves a struct by copying its bytes: assignment, memcpy, realloc, returning it by value. What a
 * pointer points to is not looked at, so one into the struct itself still means the old place.
 * First a struct of our own, with text and a pointer to the text's end. Then the frame of a
 * coroutine: even if we write no such pointer there is one, for a frame knows what child it awaits,
 * and the child lives inside the frame.
 *
 * Predict: ", two" is appended to the copy. In which of the two texts is it?
 *
 *	make run P=ch04/self_reference          ARGS=--tape shows the polls of the frame
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch04-pin/self_reference.c $(find runtime -name '*.c') -pthread
 *
 * Try: mend the copy: b.end = b.text + (a.end - a.text). Who could do that for a moved frame?
 */
#include <stdio.h>
#include <string.h>

#include "weft.h"

/* --- In the open: text, and where it ends --- */

struct line {
	char text[32]; /* enough for our few words */
	char *end;     /* where the next word goes: a pointer into this very struct */
};

static void line_init(struct line *l)
{
	l->text[0] = '\0';
	l->end = l->text;
}

static void append(struct line *l, const char *word)
{
	strcpy(l->end, word);
	l->end += strlen(word);
}

static void copy_a_line(void)
{
	struct line a, b;

	line_init(&a);
	append(&a, "one");
	b = a; /* all bytes, so b.end == a.end */
	append(&b, ", two");
	printf("appended to the copy:      original [%s], copy [%s]\n", a.text, b.text);
	append(&a, ", three"); /* its end is where it was, and so ", two" is written over */
	printf("appended to the original:  original [%s], copy [%s]\n", a.text, b.text);
}

/* --- A frame: one pointer into itself is ours, the other one belongs to co_await --- */

struct greeting {
	struct co co;
	struct line line;
	struct yield_now pause;
};

static enum poll greeting_run(struct co *co, struct context *cx)
{
	struct greeting *const f = co_frame(co, struct greeting);

	co_begin(co);
	line_init(&f->line);
	append(&f->line, "hello");
	co_await(yield_now(&f->pause));
	append(&f->line, ", world");
	co_end;
}

static struct future *greeting(struct greeting *f)
{
	*f = (struct greeting){ .co = co_init(greeting_run) };
	return &f->co.future;
}

/* The copy is looked at and never polled: it would write into the original, and poll its child. */
static void copy_a_frame(void)
{
	struct context cx = context_of(&waker_noop);
	struct greeting f, copy;
	struct future *future = greeting(&f);

	future_poll(future, &cx);
	copy = f;
	printf("line.end of the copy is the end of the %s's text\n",
	       copy.line.end == f.line.end ? "original" : "copy");
	printf("co.child of the copy is the pause of the %s\n",
	       copy.co.child == &f.pause.future ? "original" : "copy");
	future_poll(future, &cx);
	printf("the original has not moved, and goes on: [%s]\n", f.line.text);
}

int main(int argc, char **argv)
{
	tape_args(argc, argv);
	copy_a_line();
	copy_a_frame();
}
