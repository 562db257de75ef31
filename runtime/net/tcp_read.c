/* tcp_read: tcp_try_read, again whenever the stream is ready. See tcp_read.h. */
#include "net/tcp_read.h"

#include <errno.h>

static enum poll read_poll(struct future *f, struct context *cx)
{
	struct tcp_read *rd = future_of(f, struct tcp_read);
	struct source *source = &rd->stream->source;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	rd->n = tcp_try_read(rd->stream, rd->buf, rd->len);
	if (rd->n == -EAGAIN) {
		int err = source_wait(source, SOURCE_READER, f, cx);

		if (!err)
			return POLL_PENDING;
		rd->n = err;
	}
	source_leave(source, SOURCE_READER, f);
	context_spend(cx);
	return POLL_READY;
}

static void read_drop(struct future *f)
{
	source_leave(&future_of(f, struct tcp_read)->stream->source, SOURCE_READER, f);
}

static const struct future_ops read_ops = FUTURE_OPS("tcp_read", read_poll, read_drop);

struct future *tcp_read(struct tcp_read *rd, struct tcp_stream *stream, void *buf, size_t len)
{
	*rd = (struct tcp_read){ .future = future_init(&read_ops), .stream = stream, .buf = buf,
				 .len = len };
	return &rd->future;
}
