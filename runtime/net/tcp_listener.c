/* tcp_listener: listening and accepting. See tcp_listener.h. */
#define _GNU_SOURCE 1 /* accept4, SOCK_NONBLOCK */
#include "net/tcp_listener.h"

#include <errno.h>
#include <string.h>

#include "base/sys.h"

/* The socket, bound and listening; or -errno. */
static int listening_socket(const struct address *a, int backlog)
{
	const int on = 1;
	int fd = sys_ops->socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	/* So that a server which is started again need not wait for old connections to fade. */
	if (sys_ops->setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    sys_ops->bind(fd, &a->any, a->len) < 0 || sys_ops->listen(fd, backlog) < 0) {
		err = -errno;
		sys_ops->close(fd);
		return err;
	}
	return fd;
}

int tcp_listen(struct tcp_listener *l, const char *address, int backlog)
{
	struct address a;
	int err = address_parse(&a, address);
	int fd;

	*l = (struct tcp_listener){ 0 };
	if (err)
		return err;
	fd = listening_socket(&a, backlog);
	if (fd < 0)
		return fd;
	source_open(&l->source, fd);
	return 0;
}

int tcp_listener_address(const struct tcp_listener *l, char text[static ADDRESS_TEXT_LEN])
{
	struct address a = { .len = sizeof a.v6 };

	strcpy(text, "?");
	if (!l->source.is_open)
		return -EBADF;
	if (sys_ops->getsockname(l->source.fd, &a.any, &a.len) < 0)
		return -errno;
	address_text(&a, text);
	return 0;
}

void tcp_listener_close(struct tcp_listener *l)
{
	source_close(&l->source);
}

/* A new descriptor, with its peer; or -errno, -EAGAIN if nobody is there. */
static int take(struct source *source, struct address *peer)
{
	int fd;

	if (!source_may(source, SOURCE_READER))
		return source->is_open ? -EAGAIN : -EBADF;
	do {
		peer->len = sizeof peer->v6;
		fd = sys_ops->accept4(source->fd, &peer->any, &peer->len,
				      SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	if (fd >= 0)
		return fd;
	peer->len = 0;
	if (errno != EAGAIN)
		return -errno;
	source_blocked(source, SOURCE_READER);
	return -EAGAIN;
}

static enum poll accept_poll(struct future *f, struct context *cx)
{
	struct tcp_accept *a = future_of(f, struct tcp_accept);
	struct source *source = &a->listener->source;
	int fd;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	fd = take(source, &a->peer);
	if (fd == -EAGAIN) {
		fd = source_wait(source, SOURCE_READER, f, cx);
		if (!fd)
			return POLL_PENDING;
	}
	if (fd >= 0)
		tcp_open(&a->stream, fd);
	else
		a->err = fd;
	source_leave(source, SOURCE_READER, f);
	context_spend(cx);
	return POLL_READY;
}

static void accept_drop(struct future *f)
{
	source_leave(&future_of(f, struct tcp_accept)->listener->source, SOURCE_READER, f);
}

static const struct future_ops accept_ops = FUTURE_OPS("tcp_accept", accept_poll, accept_drop);

struct future *tcp_accept(struct tcp_accept *a, struct tcp_listener *l)
{
	*a = (struct tcp_accept){ .future = future_init(&accept_ops), .listener = l };
	return &a->future;
}

bool tcp_accept_may_go_on(int err)
{
	switch (-err) {
	case ECONNABORTED:
	case EPROTO:
	case EPERM: /* a firewall's rule */
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return true;
	default:
		return false;
	}
}
