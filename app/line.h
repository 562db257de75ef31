/*
 * line: pieces of a stream go in, lines come out.
 *
 * The one idea: a line is put together in one fixed buffer, to which each byte is copied once. What
 * does not fit there is no line: it is reported, once, and skipped up to its newline, which the
 * next line follows as if nothing had been.
 *
 *	                 512 bytes, no newline: LINE_TOO_LONG
 *	     FILLING ----------------------------------------> SKIPPING
 *	      |  ^ ^                                              |
 *	  \n  |  | '----------------------- \n -------------------'
 *	      v  | next feed
 *	  LINE_WHOLE
 *
 * LF ends a line, and takes one CR before it along. A CR anywhere else is a control character like
 * others: it stays here, and text_clean removes it later.
 */
#ifndef WEFT_APP_LINE_H
#define WEFT_APP_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum { LINE_LIMIT = 512 }; /* with the newline, "\n" or "\r\n" */

struct line {              /* zeroed: at the beginning of a stream */
	size_t len;
	bool is_whole;    /* `buf` was handed out: the next feed begins afresh */
	bool is_skipping; /* inside a line that was reported as too long */
	char buf[LINE_LIMIT];
};

enum line_found {
	LINE_NONE,     /* all was taken in; more is needed */
	LINE_WHOLE,    /* the `len` bytes in buf, without the end; yours until the next feed */
	LINE_TOO_LONG, /* said once per line, as soon as it is certain */
};

/*
 * Takes bytes from *in, of which there are *len, up to the end of the next line, and moves both
 * past what it took. So call it until it says LINE_NONE.
 */
enum line_found line_feed(struct line *l, const char **in, size_t *len);

/* The stream has ended: LINE_WHOLE if there is a last line without a newline, LINE_NONE if not. */
enum line_found line_end(struct line *l);

#endif
