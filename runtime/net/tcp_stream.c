/* tcp_stream: the system calls of one connection. See tcp_stream.h. */
#include "net/tcp_stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/sys.h"

enum { MAX_IOV = 1024 }; /* the kernel's own limit, UIO_MAXIOV */

void tcp_open(struct tcp_stream *s, int fd)
{
	source_open(&s->source, fd);
}

void tcp_close(struct tcp_stream *s)
{
	source_close(&s->source);
}

void tcp_move(struct tcp_stream *to, struct tcp_stream *from)
{
	source_move(&to->source, &from->source);
}

/* Why an operation that is not worth trying is not. */
static ssize_t not_now(const struct tcp_stream *s)
{
	return s->source.is_open ? -EAGAIN : -EBADF;
}

/* What a failed system call says; remembers it if it says "would block". */
static ssize_t failed(struct tcp_stream *s, enum source_side side)
{
	if (errno != EAGAIN)
		return -errno;
	source_blocked(&s->source, side);
	return -EAGAIN;
}

ssize_t tcp_try_read(struct tcp_stream *s, void *buf, size_t len)
{
	ssize_t n;

	if (len == 0)
		return -EINVAL;
	if (!source_may(&s->source, SOURCE_READER))
		return not_now(s);
	do {
		n = sys_ops->recv(s->source.fd, buf, len, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return failed(s, SOURCE_READER);
	/* Not at the end of file: that can be read again and again. */
	if (n > 0 && (size_t)n < len)
		source_drained(&s->source);
	return n;
}

ssize_t tcp_try_write(struct tcp_stream *s, const void *buf, size_t len)
{
	ssize_t n;

	if (!source_may(&s->source, SOURCE_WRITER))
		return not_now(s);
	do {
		n = sys_ops->send(s->source.fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? failed(s, SOURCE_WRITER) : n;
}

ssize_t tcp_try_writev(struct tcp_stream *s, const struct iovec *iov, size_t n_iov)
{
	const struct msghdr msg = { .msg_iov = (struct iovec *)iov, /* only read */
				    .msg_iovlen = n_iov < MAX_IOV ? n_iov : MAX_IOV };
	ssize_t n;

	if (!source_may(&s->source, SOURCE_WRITER))
		return not_now(s);
	do {
		n = sys_ops->sendmsg(s->source.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? failed(s, SOURCE_WRITER) : n;
}

int tcp_shutdown_write(struct tcp_stream *s)
{
	if (!s->source.is_open)
		return -EBADF;
	/* Not connected: the peer has reset, so it will not wait for our end of file. */
	if (sys_ops->shutdown(s->source.fd, SHUT_WR) < 0 && errno != ENOTCONN)
		return -errno;
	return 0;
}

int tcp_nodelay(struct tcp_stream *s, bool on)
{
	int value = on;

	if (!s->source.is_open)
		return -EBADF;
	if (sys_ops->setsockopt(s->source.fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value) < 0)
		return -errno;
	return 0;
}

static int describe(const struct tcp_stream *s, char *text,
		    int (*ask)(int fd, struct sockaddr *addr, socklen_t *len))
{
	struct address a = { .len = sizeof(struct sockaddr_in6) };

	strcpy(text, "?");
	if (!s->source.is_open)
		return -EBADF;
	if (ask(s->source.fd, &a.any, &a.len) < 0)
		return -errno;
	address_text(&a, text);
	return 0;
}

int tcp_peer_address(const struct tcp_stream *s, char text[static ADDRESS_TEXT_LEN])
{
	return describe(s, text, sys_ops->getpeername);
}

int tcp_local_address(const struct tcp_stream *s, char text[static ADDRESS_TEXT_LEN])
{
	return describe(s, text, sys_ops->getsockname);
}
