/*
 * line_reader: a stream of bytes as a sequence of lines, none longer than allowed.
 *
 * The one idea: the buffer belongs to the reader, not to the future that waits for a line. So a
 * line_read may be dropped at any moment, for instance because a timeout or a broadcast won the
 * race, and a line that was half there is still half there for the next one.
 *
 *	buf    |  consumed  |  no newline in here  |  not looked at  |   free   |
 *	       0          start                 scanned             end        cap
 */
#ifndef WEFT_IO_LINE_READER_H
#define WEFT_IO_LINE_READER_H

#include "future/future.h"
#include "net/tcp_stream.h"

struct line_reader {
	struct tcp_stream *stream; /* borrowed */
	char *buf;                 /* borrowed */
	size_t cap;
	size_t max; /* the longest line, with its newline; may be set between reads, to <= cap */
	size_t start, scanned, end;
	bool is_skipping; /* inside a line that was reported as too long */
	bool has_ended;   /* the end of file was read */
};

/*
 * Reads lines from `stream` through `buf`, both of which must outlive the reader. The longest line
 * that is let through has `cap` bytes with its newline; for a smaller bound set `max` afterwards:
 * the rest of the buffer then saves system calls. Nothing to close.
 */
void line_reader_init(struct line_reader *r, struct tcp_stream *stream, char *buf, size_t cap);

/* What was read and not returned yet: for a change of protocol. Valid until the next read. */
static inline const char *line_reader_rest(const struct line_reader *r, size_t *len)
{
	*len = r->end - r->start;
	return r->buf + r->start;
}

struct line_read {
	struct future future;
	struct line_reader *reader;
	char *line; /* in the reader's buffer until the next read; NULL: the end, or an error */
	size_t len; /* without "\n" or "\r\n"; may be 0; bytes may be anything, '\0' included */
	int err;    /* 0; -EMSGSIZE; or what reading gave, after which the part that came is kept */
};

/*
 * Waits for the next line. The last one may end at the end of file instead of a newline. A line
 * that is too long is reported once, as -EMSGSIZE, as soon as that is known; the next read goes on
 * behind its newline. `line` NULL and `err` 0: the end of file. One at a time per reader.
 */
struct future *line_read(struct line_read *lr, struct line_reader *r);

#endif
