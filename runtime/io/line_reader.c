/* line_reader: finding newlines in what comes in pieces. See line_reader.h. */
#include "io/line_reader.h"

#include <errno.h>
#include <string.h>

void line_reader_init(struct line_reader *r, struct tcp_stream *stream, char *buf, size_t cap)
{
	bug_unless(cap > 0);
	*r = (struct line_reader){ .stream = stream, .buf = buf, .cap = cap, .max = cap };
}

/* Everything before `next` is dealt with. */
static void consume(struct line_reader *r, size_t next)
{
	r->start = r->scanned = next;
}

/* Looks for a newline in what was not looked at yet; `*at`: its place, or where the bytes end. */
static bool find_newline(struct line_reader *r, size_t *at)
{
	char *found = memchr(r->buf + r->scanned, '\n', r->end - r->scanned);

	*at = found ? (size_t)(found - r->buf) : r->end;
	r->scanned = *at;
	return found;
}

static void report_line(struct line_read *lr, size_t len)
{
	lr->line = lr->reader->buf + lr->reader->start;
	lr->len = len;
}

/* Takes the next thing to report out of the buffer; false if there is none in it yet. */
static bool take_line(struct line_reader *r, struct line_read *lr)
{
	size_t at, len;
	bool found = find_newline(r, &at);

	if (r->is_skipping) {
		consume(r, found ? at + 1 : at);
		if (!found)
			return false;
		r->is_skipping = false;
		found = find_newline(r, &at);
	}
	len = at - r->start;
	if (len >= r->max) {
		lr->err = -EMSGSIZE;
		r->is_skipping = !found;
	} else if (found) {
		report_line(lr, len > 0 && r->buf[at - 1] == '\r' ? len - 1 : len);
	} else {
		return false;
	}
	consume(r, found ? at + 1 : at);
	return true;
}

/* At the end of file: what is left is a line, if anything is. */
static void take_last(struct line_reader *r, struct line_read *lr)
{
	r->has_ended = true;
	if (r->end > r->start)
		report_line(lr, r->end - r->start);
	consume(r, r->end);
}

/*
 * Reads into the free part, after moving the beginning of a line to the front: there are fewer than
 * `max` bytes of it, so that room is left. As tcp_try_read.
 */
static ssize_t fill(struct line_reader *r)
{
	ssize_t n;

	bug_unless(r->max > 0 && r->max <= r->cap);
	if (r->start > 0) {
		memmove(r->buf, r->buf + r->start, r->end - r->start);
		r->end -= r->start;
		consume(r, 0);
		r->scanned = r->end;
	}
	n = tcp_try_read(r->stream, r->buf + r->end, r->cap - r->end);
	if (n > 0)
		r->end += (size_t)n;
	return n;
}

static enum poll line_read_poll(struct future *f, struct context *cx)
{
	struct line_read *lr = future_of(f, struct line_read);
	struct line_reader *r = lr->reader;
	struct source *source = &r->stream->source;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	while (!take_line(r, lr)) {
		ssize_t n = r->has_ended ? 0 : fill(r);

		if (n == -EAGAIN) {
			n = source_wait(source, SOURCE_READER, f, cx);
			if (n == 0)
				return POLL_PENDING;
		} else if (n == 0) {
			take_last(r, lr);
			break;
		}
		if (n < 0) {
			lr->err = (int)n;
			break;
		}
		/* Somebody who sends one endless line must not keep everybody else waiting. */
		context_spend(cx);
		if (!context_may_proceed(cx))
			return POLL_PENDING;
	}
	source_leave(source, SOURCE_READER, f);
	context_spend(cx);
	return POLL_READY;
}

static void line_read_drop(struct future *f)
{
	source_leave(&future_of(f, struct line_read)->reader->stream->source, SOURCE_READER, f);
}

static const struct future_ops line_read_ops =
	FUTURE_OPS("line_read", line_read_poll, line_read_drop);

struct future *line_read(struct line_read *lr, struct line_reader *r)
{
	*lr = (struct line_read){ .future = future_init(&line_read_ops), .reader = r };
	return &lr->future;
}
