/*
 * oneshot: one value, once, from one to another.
 *
 *	oneshot_open(&f->tx, &f->rx, uint64_t, NULL);
 *	... give tx away ...
 *	co_await(oneshot_recv(&f->recv, &f->rx, &f->value));
 *	if (f->recv.err)
 *		...                              // -EPIPE: the sender is gone, and sent nothing
 *
 * The one idea: both ends share one small allocation with room for the value in it. Sending is
 * copying the value there and waking; it never waits. The allocation goes with the second end.
 *
 *	         send                    recv, try_recv: 0
 *	OPEN -----------> VALUE ---------------------------> TAKEN     (terminated)
 *	  |  sender_drop: GONE, or close: CLOSED ------------> -EPIPE  (terminated)
 *
 * A value that nobody takes is destroyed by `drop_item` when the receiver is given up. All
 * functions may be called from any thread; one end belongs to one owner, and at most one future
 * waits at it. That future is dropped before the end is given up.
 */
#ifndef WEFT_SYNC_ONESHOT_H
#define WEFT_SYNC_ONESHOT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "future/future.h"

struct oneshot;

struct oneshot_sender {
	struct oneshot *chan; /* NULL: used, or none */
};

struct oneshot_receiver {
	struct oneshot *chan;
};

/*
 * For values of `type`. 0 or -ENOMEM. `drop_item`, which may be NULL, gets a pointer to the value.
 */
#define oneshot_open(tx, rx, type, drop_item) oneshot__open((tx), (rx), sizeof(type), (drop_item))

/*
 * Sends a copy of *item, and uses up the sender in any case. 0, or -EPIPE: the receiver is gone or
 * has closed, and the value is still the caller's.
 */
#define oneshot_send(tx, item) oneshot__send((tx), (item), sizeof *(item))

/*
 * Gives up the sender without a value: the receiver gets -EPIPE. Used and zeroed ones are allowed.
 */
void oneshot_sender_drop(struct oneshot_sender *tx);

/* True if a value would not be taken any more. */
bool oneshot_is_closed(const struct oneshot_sender *tx);

/* For the sender: waits until the receiver is gone or has closed. Drop it before you send. */
struct oneshot_closed {
	struct future future;
	struct oneshot *chan; /* borrowed */
	bool is_waiting;      /* its waker may be in the channel */
};
struct future *oneshot_closed(struct oneshot_closed *c, const struct oneshot_sender *tx);

/*
 * Waits for the value, which is copied to *slot. Dropped before that it takes nothing: a value
 * that is sent stays receivable. Once terminated, receiving again is a bug.
 */
struct oneshot_recv {
	struct future future;
	struct oneshot *chan; /* borrowed */
	void *slot;           /* borrowed */
	uint32_t len;
	int err; /* 0; -EPIPE: no value will come; -ECANCELED: dropped before it was READY */
};
#define oneshot_recv(r, rx, slot) oneshot__recv((r), (rx), (slot), sizeof *(slot))

/* The same without waiting: 0; -EAGAIN, not yet; -EPIPE, none will come, or it has been taken. */
#define oneshot_try_recv(rx, slot) oneshot__try_recv((rx), (slot), sizeof *(slot))

/*
 * No value is accepted from now on: sending fails, and whoever waits at either end is woken. One
 * that was sent before can still be received.
 */
void oneshot_close(struct oneshot_receiver *rx);

/* Closes and gives up the receiver. Zeroed ones are allowed. */
void oneshot_receiver_drop(struct oneshot_receiver *rx);

/* True unless a value has been sent and not been taken. */
bool oneshot_is_empty(const struct oneshot_receiver *rx);

/* True once receiving has said 0 or -EPIPE. */
bool oneshot_is_terminated(const struct oneshot_receiver *rx);

/* --- What the macros stand for --- */

int oneshot__open(struct oneshot_sender *tx, struct oneshot_receiver *rx, size_t len,
		  void (*drop_item)(void *item));
int oneshot__send(struct oneshot_sender *tx, const void *item, size_t len);
int oneshot__try_recv(struct oneshot_receiver *rx, void *slot, size_t len);

extern const struct future_ops oneshot__recv_ops;

static inline struct future *oneshot__recv(struct oneshot_recv *r, struct oneshot_receiver *rx,
					   void *slot, size_t len)
{
	*r = (struct oneshot_recv){ .future = future_init(&oneshot__recv_ops),
				    .chan = rx->chan,
				    .slot = slot,
				    .len = (uint32_t)len,
				    .err = -ECANCELED };
	return &r->future;
}

#endif
