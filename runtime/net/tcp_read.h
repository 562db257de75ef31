/*
 * tcp_read: waits until a stream has something to read, and reads it.
 *
 * The buffer is the caller's. Bytes are put there in the same poll that says READY, so a read that
 * is dropped while pending has taken nothing from the stream.
 */
#ifndef WEFT_NET_TCP_READ_H
#define WEFT_NET_TCP_READ_H

#include "future/future.h"
#include "net/tcp_stream.h"

struct tcp_read {
	struct future future;
	struct tcp_stream *stream;
	void *buf;
	size_t len;
	ssize_t n; /* bytes read; 0: end of file; -ECONNRESET, -ENOTSUP... */
};

/*
 * Reads once, 1 to `len` bytes; `len` 0 gives -EINVAL. Borrows stream and buffer until it is over.
 * What tcp_try_read and source_wait return, in `n`.
 */
struct future *tcp_read(struct tcp_read *rd, struct tcp_stream *stream, void *buf, size_t len);

#endif
