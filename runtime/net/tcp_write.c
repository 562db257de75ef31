/* tcp_write: the try_ forms, again whenever the stream is ready. See tcp_write.h. */
#include "net/tcp_write.h"

#include <errno.h>

/* --- Once --- */

/* The end of a poll that tried once: PENDING if the kernel had no room, else READY with *n. */
static enum poll settle_once(struct future *f, struct context *cx, struct source *source,
			     ssize_t *n)
{
	if (*n == -EAGAIN) {
		int err = source_wait(source, SOURCE_WRITER, f, cx);

		if (!err)
			return POLL_PENDING;
		*n = err;
	}
	source_leave(source, SOURCE_WRITER, f);
	context_spend(cx);
	return POLL_READY;
}

static enum poll write_poll(struct future *f, struct context *cx)
{
	struct tcp_write *w = future_of(f, struct tcp_write);

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	w->n = tcp_try_write(w->stream, w->buf, w->len);
	return settle_once(f, cx, &w->stream->source, &w->n);
}

static void write_drop(struct future *f)
{
	source_leave(&future_of(f, struct tcp_write)->stream->source, SOURCE_WRITER, f);
}

static const struct future_ops write_ops = FUTURE_OPS("tcp_write", write_poll, write_drop);

struct future *tcp_write(struct tcp_write *w, struct tcp_stream *stream, const void *buf,
			 size_t len)
{
	*w = (struct tcp_write){ .future = future_init(&write_ops), .stream = stream, .buf = buf,
				 .len = len };
	return &w->future;
}

static enum poll writev_poll(struct future *f, struct context *cx)
{
	struct tcp_writev *w = future_of(f, struct tcp_writev);

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	w->n = tcp_try_writev(w->stream, w->iov, w->n_iov);
	return settle_once(f, cx, &w->stream->source, &w->n);
}

static void writev_drop(struct future *f)
{
	source_leave(&future_of(f, struct tcp_writev)->stream->source, SOURCE_WRITER, f);
}

static const struct future_ops writev_ops = FUTURE_OPS("tcp_writev", writev_poll, writev_drop);

struct future *tcp_writev(struct tcp_writev *w, struct tcp_stream *stream, const struct iovec *iov,
			  size_t n_iov)
{
	*w = (struct tcp_writev){ .future = future_init(&writev_ops), .stream = stream, .iov = iov,
				  .n_iov = n_iov };
	return &w->future;
}

/* --- All of it --- */

/*
 * The end of a poll that has tried until it got `n` <= 0. A write that takes nothing and says no
 * reason would be tried for ever: it counts as an error.
 */
static enum poll settle_all(struct future *f, struct context *cx, struct source *source, ssize_t n,
			    int *err)
{
	*err = n == 0 ? -EIO : (int)n;
	if (n == -EAGAIN) {
		*err = source_wait(source, SOURCE_WRITER, f, cx);
		if (!*err)
			return POLL_PENDING;
	}
	source_leave(source, SOURCE_WRITER, f);
	return POLL_READY;
}

static enum poll write_all_poll(struct future *f, struct context *cx)
{
	struct tcp_write_all *w = future_of(f, struct tcp_write_all);

	while (w->n < w->len) {
		ssize_t n;

		/* A peer that reads as fast as we write must not keep everybody else waiting. */
		if (!context_may_proceed(cx))
			return POLL_PENDING;
		n = tcp_try_write(w->stream, w->buf + w->n, w->len - w->n);
		if (n <= 0)
			return settle_all(f, cx, &w->stream->source, n, &w->err);
		context_spend(cx);
		w->n += (size_t)n;
	}
	source_leave(&w->stream->source, SOURCE_WRITER, f);
	return POLL_READY;
}

static void write_all_drop(struct future *f)
{
	source_leave(&future_of(f, struct tcp_write_all)->stream->source, SOURCE_WRITER, f);
}

static const struct future_ops write_all_ops =
	FUTURE_OPS("tcp_write_all", write_all_poll, write_all_drop);

struct future *tcp_write_all(struct tcp_write_all *w, struct tcp_stream *stream, const void *buf,
			     size_t len)
{
	*w = (struct tcp_write_all){ .future = future_init(&write_all_ops), .stream = stream,
				     .buf = buf, .len = len };
	return &w->future;
}

/* Cuts `n` written bytes off the front, and whatever empty pieces come to stand there. */
static void advance(struct tcp_writev_all *w, size_t n)
{
	w->n += n;
	while (w->n_iov > 0 && n >= w->iov->iov_len) {
		n -= w->iov->iov_len;
		w->iov++;
		w->n_iov--;
	}
	if (n > 0) {
		w->iov->iov_base = (char *)w->iov->iov_base + n;
		w->iov->iov_len -= n;
	}
}

static enum poll writev_all_poll(struct future *f, struct context *cx)
{
	struct tcp_writev_all *w = future_of(f, struct tcp_writev_all);

	advance(w, 0);
	while (w->n_iov > 0) {
		ssize_t n;

		if (!context_may_proceed(cx))
			return POLL_PENDING;
		n = tcp_try_writev(w->stream, w->iov, w->n_iov);
		if (n <= 0)
			return settle_all(f, cx, &w->stream->source, n, &w->err);
		context_spend(cx);
		advance(w, (size_t)n);
	}
	source_leave(&w->stream->source, SOURCE_WRITER, f);
	return POLL_READY;
}

static void writev_all_drop(struct future *f)
{
	source_leave(&future_of(f, struct tcp_writev_all)->stream->source, SOURCE_WRITER, f);
}

static const struct future_ops writev_all_ops =
	FUTURE_OPS("tcp_writev_all", writev_all_poll, writev_all_drop);

struct future *tcp_writev_all(struct tcp_writev_all *w, struct tcp_stream *stream,
			      struct iovec *iov, size_t n_iov)
{
	*w = (struct tcp_writev_all){ .future = future_init(&writev_all_ops), .stream = stream,
				      .iov = iov, .n_iov = n_iov };
	return &w->future;
}
