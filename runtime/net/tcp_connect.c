/* tcp_connect: a connect that does not block. See tcp_connect.h. */
#define _GNU_SOURCE 1 /* SOCK_NONBLOCK, SOCK_CLOEXEC */
#include "net/tcp_connect.h"

#include <errno.h>

#include "base/sys.h"

/* 0: connected already; -EINPROGRESS: wait until it is writable; or another -errno. */
static int begin(struct tcp_connect *c)
{
	int fd = sys_ops->socket(c->address.any.sa_family,
				 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	tcp_open(c->stream, fd);
	if (sys_ops->connect(fd, &c->address.any, c->address.len) == 0)
		return 0;
	/* Interrupted: goes on by itself; calling again would not start it anew. */
	if (errno != EINPROGRESS && errno != EINTR)
		return -errno;
	source_blocked(&c->stream->source, SOURCE_WRITER);
	return -EINPROGRESS;
}

/* How it went, once the socket is writable. */
static int outcome(struct tcp_connect *c)
{
	int err;
	socklen_t len = sizeof err;

	if (!source_may(&c->stream->source, SOURCE_WRITER))
		return tcp_is_open(c->stream) ? -EINPROGRESS : -EBADF;
	if (sys_ops->getsockopt(c->stream->source.fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

static enum poll connect_poll(struct future *f, struct context *cx)
{
	struct tcp_connect *c = future_of(f, struct tcp_connect);

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	if (!c->err)
		c->err = begin(c);
	else if (c->err == -EINPROGRESS)
		c->err = outcome(c);
	if (c->err == -EINPROGRESS) {
		int err = source_wait(&c->stream->source, SOURCE_WRITER, f, cx);

		if (!err)
			return POLL_PENDING;
		c->err = err;
	}
	source_leave(&c->stream->source, SOURCE_WRITER, f);
	if (c->err)
		tcp_close(c->stream);
	context_spend(cx);
	return POLL_READY;
}

/* Leaving comes first: closing would wake us. */
static void connect_drop(struct future *f)
{
	struct tcp_connect *c = future_of(f, struct tcp_connect);

	source_leave(&c->stream->source, SOURCE_WRITER, f);
	tcp_close(c->stream);
}

static const struct future_ops connect_ops = FUTURE_OPS("tcp_connect", connect_poll, connect_drop);

struct future *tcp_connect(struct tcp_connect *c, struct tcp_stream *stream, const char *address)
{
	*stream = (struct tcp_stream){ 0 };
	*c = (struct tcp_connect){ .future = future_init(&connect_ops), .stream = stream };
	c->err = address_parse(&c->address, address);
	return &c->future;
}
