/*
 * tcp_connect: opens a connection.
 *
 *	        poll: socket, connect         writable: ask for the outcome
 *	(lazy) -----------------------> waiting -----------------------------> READY
 *	                                   | drop
 *	                                   +-----> closed
 */
#ifndef WEFT_NET_TCP_CONNECT_H
#define WEFT_NET_TCP_CONNECT_H

#include "future/future.h"
#include "net/tcp_stream.h"

struct tcp_connect {
	struct future future;
	struct tcp_stream *stream;
	struct address address;
	int err; /* 0: the stream is open; -ECONNREFUSED, -ETIMEDOUT, -EINVAL (address)... */
};

/*
 * Connects `stream` to "1.2.3.4:80" or "[1::2]:80"; the text is not kept. `stream` is overwritten,
 * is the caller's to close if `err` is 0, and is zeroed otherwise and after drop.
 */
struct future *tcp_connect(struct tcp_connect *c, struct tcp_stream *stream, const char *address);

#endif
