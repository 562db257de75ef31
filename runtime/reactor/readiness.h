/*
 * readiness: waits until a descriptor is worth trying, and leaves the trying to the caller.
 *
 * For descriptors that this runtime has no futures for: pipes, other people's sockets, devices.
 *
 *	co_await(readiness(&f->wait, &f->source, SOURCE_READER));
 *	n = read(f->source.fd, ...);
 *	if (n < 0 && errno == EAGAIN)
 *		source_blocked(&f->source, SOURCE_READER);      // and wait again
 *
 * Readiness stays until the caller says source_blocked: waiting again before that does not wait.
 */
#ifndef WEFT_REACTOR_READINESS_H
#define WEFT_REACTOR_READINESS_H

#include "future/future.h"
#include "reactor/source.h"

struct readiness {
	struct future future;
	struct source *source;
	enum source_side side;
	unsigned ready; /* SOURCE_ bits as they are: closed and error among them */
	int err;        /* 0, or what source_wait said */
};

/* Borrows the source. A fresh one counts as ready: nothing is known that speaks against it. */
struct future *readiness(struct readiness *r, struct source *source, enum source_side side);

#endif
