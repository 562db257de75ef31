/*
 * taped: a tape in memory, to be compared.
 *
 *	struct taped t = taped_begin();
 *	... run something ...
 *	taped_is(&t, "| poll     #1 nap\n"
 *		     ...);
 *
 * The includer defines _GNU_SOURCE, for open_memstream.
 */
#ifndef WEFT_TESTS_TRACE_TAPED_H
#define WEFT_TESTS_TRACE_TAPED_H

#include <stdio.h>
#include <stdlib.h>

#include "t.h"
#include "trace/tape.h"

struct taped {
	FILE *out;
	char *text;
	size_t len;
};

/* In place: the stream keeps pointers to it. A tape that a failed test left behind is ended. */
static inline void taped_begin(struct taped *t)
{
	(void)tape_end();
	*t = (struct taped){ 0 };
	t->out = open_memstream(&t->text, &t->len);
	CHECK(t->out);
	CHECK_EQ(tape_begin(t->out), 0);
}

/* Ends it; the text is the caller's to free. */
static inline char *taped_end(struct taped *t)
{
	CHECK_EQ(tape_end(), 0);
	CHECK_EQ(fclose(t->out), 0);
	return t->text;
}

static inline void taped_is(struct taped *t, const char *expected)
{
	char *text = taped_end(t);

	if (strcmp(text, expected) != 0)
		t_fail(__FILE__, __LINE__, "the tape is\n%s\nand should be\n%s", text, expected);
	free(text);
}

#endif
