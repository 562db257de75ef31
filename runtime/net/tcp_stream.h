/*
 * tcp_stream: one connection, and what can be done with it without waiting.
 *
 * The one idea: a stream is a source (reactor/source.h) and nothing else. It has no buffers, so
 * there is nothing in it to lose: bytes are either in the kernel or in the caller's hands. The
 * futures that wait (tcp_read.h, tcp_write.h, tcp_connect.h) are these very calls, repeated when
 * the source is ready.
 *
 * One future may read while another one writes; two that read at the same time are a bug. A stream
 * that has been waited on must not be copied to another place: tcp_move moves it. A fresh one, as
 * accepting gives it, may be assigned. A zeroed stream is closed, and closing it again does
 * nothing.
 */
#ifndef WEFT_NET_TCP_STREAM_H
#define WEFT_NET_TCP_STREAM_H

#include <sys/types.h>
#include <sys/uio.h>

#include "net/address.h"
#include "reactor/source.h"

struct tcp_stream {
	struct source source;
};

/* A stream over a connected stream socket, which it owns from now on. `fd` must be non-blocking. */
void tcp_open(struct tcp_stream *s, int fd);

/* False of zeroed and of closed ones. Says nothing about the peer. */
static inline bool tcp_is_open(const struct tcp_stream *s)
{
	return s->source.is_open;
}

/*
 * Closes, and zeroes the stream; what was written is still delivered. A future that waits on it is
 * woken and completes with -EBADF. Never fails. Closed and zeroed streams are allowed.
 */
void tcp_close(struct tcp_stream *s);

/* Moves an open stream on which no future waits. `from` is zeroed. */
void tcp_move(struct tcp_stream *to, struct tcp_stream *from);

/*
 * Reads what there is: 1 to `len` bytes, 0 at the end of file, -EAGAIN if it would have to wait, or
 * -errno: -ECONNRESET, -EINVAL if `len` is 0, -EBADF if closed. Makes no system call when it is
 * known that there is nothing. May not be used while a future waits to read.
 */
ssize_t tcp_try_read(struct tcp_stream *s, void *buf, size_t len);

/*
 * Writes as much as the kernel takes now: 1 to `len` bytes, -EAGAIN, or -errno: -EPIPE,
 * -ECONNRESET, -EBADF. Never raises SIGPIPE.
 */
ssize_t tcp_try_write(struct tcp_stream *s, const void *buf, size_t len);

/* The same from `n_iov` pieces, of which at most 1024 are looked at. One system call. */
ssize_t tcp_try_writev(struct tcp_stream *s, const struct iovec *iov, size_t n_iov);

/*
 * Half-close: the peer reads what was written and then the end of file; reading goes on. 0 or
 * -errno. Once more, or after the connection has ended, is no error.
 */
int tcp_shutdown_write(struct tcp_stream *s);

/* Small writes leave at once (true) or may wait for an acknowledgement (false). 0 or -errno. */
int tcp_nodelay(struct tcp_stream *s, bool on);

/* Their address and ours: 0, or -errno with `text` being "?". */
int tcp_peer_address(const struct tcp_stream *s, char text[static ADDRESS_TEXT_LEN]);
int tcp_local_address(const struct tcp_stream *s, char text[static ADDRESS_TEXT_LEN]);

#endif
