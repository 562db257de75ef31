/*
 * tcp_listener: a door, and the future that waits for somebody to come through it.
 *
 * The one idea: a connection is taken from the kernel's queue in the very poll that says READY. So
 * an accept that is dropped while pending loses nobody, and one that fails for lack of descriptors
 * leaves the connection in the queue for the next.
 */
#ifndef WEFT_NET_TCP_LISTENER_H
#define WEFT_NET_TCP_LISTENER_H

#include "future/future.h"
#include "net/address.h"
#include "net/tcp_stream.h"

struct tcp_listener {
	struct source source; /* zeroed: closed */
};

/*
 * Listens on "127.0.0.1:8080" or "[::1]:8080"; port 0 lets the system choose. `backlog` is how many
 * may queue before they are accepted. 0, or -errno with `*l` zeroed: -EINVAL (address),
 * -EADDRINUSE, -EACCES...
 */
int tcp_listen(struct tcp_listener *l, const char *address, int backlog);

/* Where it listens, with the port that was chosen: 0, or -errno with `text` being "?". */
int tcp_listener_address(const struct tcp_listener *l, char text[static ADDRESS_TEXT_LEN]);

/* Stops. An accept that waits is woken and completes with -EBADF. Zeroed ones are allowed. */
void tcp_listener_close(struct tcp_listener *l);

struct tcp_accept {
	struct future future;
	struct tcp_listener *listener;
	struct tcp_stream stream; /* the caller's to close, or to assign elsewhere, if err is 0 */
	struct address peer;      /* whose it is */
	int err;                  /* 0 or -errno: see tcp_accept_may_go_on */
};

/* Waits for one connection. Borrows the listener. Interruptions are not reported; all else is. */
struct future *tcp_accept(struct tcp_accept *a, struct tcp_listener *l);

/*
 * True of an `err` that says nothing against the listener: one connection broke in the queue
 * (-ECONNABORTED, -EPROTO: accept again at once), or something has run out (-EMFILE, -ENFILE,
 * -ENOBUFS, -ENOMEM: the connection still queues; accept again a little later, since it fails at
 * once until then).
 */
bool tcp_accept_may_go_on(int err);

#endif
