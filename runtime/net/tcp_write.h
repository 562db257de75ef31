/*
 * tcp_write: four ways of writing, from one buffer or from many, once or all of it.
 *
 * The one idea: whatever a write has handed to the kernel is counted in the very poll in which it
 * was taken. So the count is right at every moment, also when the future is dropped half-way, and
 * the caller can go on from there: no byte is lost, and none is sent twice.
 *
 * All borrow stream and bytes until they are over. Errors: -EPIPE, -ECONNRESET, -EBADF and those of
 * source_wait. SIGPIPE is never raised.
 */
#ifndef WEFT_NET_TCP_WRITE_H
#define WEFT_NET_TCP_WRITE_H

#include "future/future.h"
#include "net/tcp_stream.h"

/* One write: as many bytes as the kernel takes, at least one. */
struct tcp_write {
	struct future future;
	struct tcp_stream *stream;
	const void *buf;
	size_t len;
	ssize_t n; /* bytes written, or -errno */
};
struct future *tcp_write(struct tcp_write *w, struct tcp_stream *stream, const void *buf,
			 size_t len);

/* Writes until all `len` bytes are written. Takes a unit of budget per system call. */
struct tcp_write_all {
	struct future future;
	struct tcp_stream *stream;
	const char *buf;
	size_t len;
	size_t n; /* bytes written so far: valid at any time, after an error and after drop, too */
	int err;  /* 0: n == len; or -errno */
};
struct future *tcp_write_all(struct tcp_write_all *w, struct tcp_stream *stream, const void *buf,
			     size_t len);

/* One vectored write, of at most the first 1024 pieces. The pieces are left as they are. */
struct tcp_writev {
	struct future future;
	struct tcp_stream *stream;
	const struct iovec *iov;
	size_t n_iov;
	ssize_t n; /* bytes written, or -errno */
};
struct future *tcp_writev(struct tcp_writev *w, struct tcp_stream *stream, const struct iovec *iov,
			  size_t n_iov);

/*
 * Writes all pieces. Uses up `iov` on the way: bytes that were written are cut off from the front
 * of their piece, and finished pieces are passed over. What `iov` and `n_iov` in here say is what
 * remains.
 */
struct tcp_writev_all {
	struct future future;
	struct tcp_stream *stream;
	struct iovec *iov; /* the first piece that is not finished */
	size_t n_iov;      /* pieces from there on; 0: none are left */
	size_t n;          /* bytes written so far: as in tcp_write_all */
	int err;           /* 0: everything is written; or -errno */
};
struct future *tcp_writev_all(struct tcp_writev_all *w, struct tcp_stream *stream,
			      struct iovec *iov, size_t n_iov);

#endif
