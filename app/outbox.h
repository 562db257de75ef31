/*
 * outbox: what is on its way to one client.
 *
 * The one idea: a queue of references. A message that goes to 200 clients exists once; each
 * client's outbox holds a pointer to it, and what is queued leaves in one vectored write that
 * gathers the bytes from where they are. Nothing is copied per receiver.
 *
 * Messages and bytes are counted, so that the shell can say when it is enough.
 */
#ifndef WEFT_APP_OUTBOX_H
#define WEFT_APP_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "app/message.h"

struct outbox {
	struct message **ring; /* `cap` places, a power of two; NULL while never used */
	uint32_t cap, head, n;
	size_t offset; /* bytes of the first message that have left */
	size_t bytes;  /* still to leave */
};

/*
 * Queues a message; its reference is given away. -ENOMEM: nothing changed, the reference is still
 * yours.
 */
int outbox_push(struct outbox *o, struct message *m);

/*
 * Describes what is first in the queue, up to `max` pieces; returns how many. Valid until the
 * next call.
 */
size_t outbox_gather(const struct outbox *o, struct iovec *iov, size_t max);

/* `n` bytes have left: messages that are gone are given back. */
void outbox_advance(struct outbox *o, size_t n);

static inline bool outbox_is_empty(const struct outbox *o)
{
	return o->n == 0;
}

/* Gives everything back. Zeroed is allowed. */
void outbox_clear(struct outbox *o);

#endif
