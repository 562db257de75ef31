/*
 * expand: what the four macros of a coroutine are, printed as the switch that they make.
 *
 * There is no code generator behind a coroutine, only the preprocessor, and it can be asked: it turns
 * its result into a string, and this program breaks that into lines. Look for the switch that opens at
 * co_begin and closes at co_end; for the `case` in the middle of co_await, which a later poll jumps to,
 * past everything above it; and for the one return in it. (The pragmas are left out: they only switch
 * two warnings on.)
 *
 * Predict: the line number of co_await appears twice in its expansion, or three times? What for?
 *
 *	make run P=ch05/expand                  ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch05-state-machine/expand.c $(find runtime -name '*.c') -pthread
 *
 * Try: cc -E -P -Iruntime on any program of this book shows the rest.
 */
#include <stdio.h>
#include <string.h>

#include "weft.h"

/* --- The coroutine --- */

struct twice {
	struct co co;
	struct yield_now yield;
};

static enum poll twice_run(struct co *co, struct context *cx)
{
	struct twice *const f = co_frame(co, struct twice);

	co_begin(co);
	puts("hello");
	co_await(yield_now(&f->yield));
	puts("hello again");
	co_finally { puts("goodbye"); }
	co_end;
}

static struct future *twice(struct twice *f)
{
	*f = (struct twice){ .co = co_init(twice_run) };
	return &f->co.future;
}

/* --- Its body once more, as what was written and as what the compiler sees --- */

#define WRITTEN(...) #__VA_ARGS__
#define SEEN(...) WRITTEN(__VA_ARGS__) /* one more macro in between: by then the inner ones are gone */
#define LINE(...) { #__VA_ARGS__, SEEN(__VA_ARGS__) }

static const struct {
	const char *written, *seen;
} body[] = {
	LINE(co_begin(co);),
	LINE(puts("hello");),
	LINE(co_await(yield_now(&f->yield));),
	LINE(puts("hello again");),
	LINE(co_finally { puts("goodbye"); }),
	LINE(co_end;),
};

/* --- Printing C: a new line behind ; { } and labels, unless inside of something --- */

static int indent = 2;

static bool opens(const char *c, size_t i)
{
	return c[i] == '(' || (c[i] == '{' && i >= 2 && c[i - 2] == '='); /* an initialiser */
}

/* How much of what begins here is one line. */
static size_t line_length(const char *c)
{
	int depth = 0;

	for (size_t i = 0; c[i]; i++) {
		if (opens(c, i))
			depth++;
		else if (depth > 0)
			depth -= c[i] == ')' || c[i] == '}';
		else if (strchr(";{}:", c[i]) && strncmp(c + i, "} while", 7) != 0)
			return i + 1;
	}
	return strlen(c);
}

static void print_line(const char *c, size_t len)
{
	bool is_label = c[len - 1] == ':' || strncmp(c, "case", 4) == 0;

	indent -= c[0] == '}';
	printf("%*s%.*s\n", 4 * (indent - is_label), "", (int)len, c);
	indent += c[len - 1] == '{';
}

static void print_seen(const char *c)
{
	while (*c) {
		size_t len = line_length(c);
		bool is_pragma = strncmp(c, "_Pragma", 7) == 0;

		if (is_pragma)
			len = strcspn(c, ")") + 1;
		else
			print_line(c, len);
		c += len;
		c += strspn(c, " ");
	}
}

int main(int argc, char **argv)
{
	struct twice f;

	tape_args(argc, argv);
	for (size_t i = 0; i < sizeof body / sizeof *body; i++) {
		printf("%s\n", body[i].written);
		if (strcmp(body[i].written, body[i].seen) != 0)
			print_seen(body[i].seen);
	}
	printf("\nAnd run:\n");
	block_on_spin(twice(&f));
}
