/*
 * mpsc: a queue between tasks; many send, one receives.
 *
 * The one idea: a slot is a right to put one item into the queue. A bounded channel has so many
 * slots; a sender that finds none waits in line, and the receiver, whenever it takes an item out,
 * hands the slot to whoever has waited longest. That is back-pressure: the receiver sets
 * everybody's pace. An unbounded channel never makes anybody wait, and pays for it in memory.
 *
 *	struct mpsc_sender tx;
 *	struct mpsc_receiver rx;
 *	int err = mpsc_open(&tx, &rx, struct order, 16, NULL);
 *	...
 *	co_await(mpsc_send(&f->send, &f->tx, &f->order));       // a sender's coroutine
 *	...
 *	for (;;) {                                              // the receiver's
 *		co_await(mpsc_recv(&f->recv, &f->rx, &f->order));
 *		if (f->recv.err)
 *			break;
 *		serve(&f->order);
 *	}
 *
 * Items are values of one size, copied in and out; the macros pass the size of what is pointed to,
 * and a pointer to a type of another size aborts. Items may be aligned like anything malloc serves.
 * Whoever sends with success has given the value away; when it fails, the value is still the
 * sender's. Values that nobody will ever read are destroyed by `drop_item`, if there is one, with
 * no lock held.
 *
 * A channel is open while its receiver neither closed it nor is gone. What was sent before the end
 * is still received, and a permit handed out before the end may still be used: so the receiver has
 * seen everything only when the queue is empty, nobody can send any more, and no permit is
 * outstanding. Then, and not before, receiving says -EPIPE.
 *
 * Senders, weak ones, receiver and permits are small values that own a share of the channel: give
 * each up exactly once; giving up a zeroed one does nothing. All functions may be called from any
 * thread; one handle is not to be used by two threads at once. A future borrows the handle that it
 * was made from.
 *
 * Errors: 0; -EPIPE closed, or ended; -EAGAIN full, or empty; -ENOMEM; -EINVAL; and -ECANCELED in a
 * future that was dropped before it was over.
 */
#ifndef WEFT_SYNC_MPSC_H
#define WEFT_SYNC_MPSC_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "future/future.h"
#include "sync/waiter.h"

struct mpsc;

/* One of many. */
struct mpsc_sender {
	struct mpsc *chan;
};

/* Does not keep the channel open: see mpsc_upgrade. */
struct mpsc_weak_sender {
	struct mpsc *chan;
};

/* The only one. */
struct mpsc_receiver {
	struct mpsc *chan;
};

/* `n` slots that nobody else can take. It keeps the channel open and its memory alive. */
struct mpsc_permit {
	struct mpsc *chan; /* NULL: used up, or none */
	size_t n;
};

/*
 * Opens a channel of `type`: 0, and both handles are the caller's. The bounded one has `capacity`
 * slots, allocated here: -EINVAL if that is 0 or above UINT32_MAX. `drop_item` may be NULL.
 * -ENOMEM.
 */
#define mpsc_open(tx, rx, type, capacity, drop_item)                                               \
	mpsc__open((tx), (rx), sizeof(type), (capacity), (drop_item))
#define mpsc_open_unbounded(tx, rx, type, drop_item)                                               \
	mpsc__open_unbounded((tx), (rx), sizeof(type), (drop_item))

/* --- Senders --- */

/* One more sender of the same channel. */
struct mpsc_sender mpsc_sender_clone(const struct mpsc_sender *tx);

/* Gives up a sender. Without senders and permits the channel ends as soon as it is drained. */
void mpsc_sender_drop(struct mpsc_sender *tx);

/* Sends now or not at all: 0, -EAGAIN (no slot), -EPIPE, -ENOMEM (unbounded). */
#define mpsc_try_send(tx, item) mpsc__try_send((tx), (item), sizeof *(item))

/* For unbounded channels, and only for them (-EINVAL): 0, -EPIPE, -ENOMEM. Never waits. */
#define mpsc_send_now(tx, item) mpsc__send_now((tx), (item), sizeof *(item))

/* A sender's place in the line for slots. All under the channel's lock. */
struct mpsc_place {
	struct waiter waiter;
	const void *item;   /* is sent as soon as a slot comes; NULL: wants the slots themselves */
	uint32_t n_wanted;  /* slots; 1 with an item */
	uint32_t stage;     /* enum mpsc_stage */
};

/*
 * Waits in line for a slot, and sends `*item`, which is borrowed until this is over: the receiver
 * takes the item straight from the waiting sender. So a send that is dropped while it waits may
 * have been sent already. `err` tells, after a drop too; the value is the caller's unless it is 0.
 */
struct mpsc_send {
	struct future future;
	struct mpsc *chan; /* borrowed */
	struct mpsc_place place;
	uint32_t len;
	int err; /* 0; -EPIPE; -ENOMEM (unbounded); -ECANCELED: dropped before it was sent */
};
#define mpsc_send(s, tx, item) mpsc__send((s), (tx), (item), sizeof *(item))

/*
 * Waits in line for `n` slots, all or none, which come to it one by one as they are freed. On
 * success `permit` is the caller's, to be used or dropped. 0 slots are had at once.
 */
struct mpsc_reserve {
	struct future future;
	struct mpsc *chan; /* borrowed */
	struct mpsc_place place;
	struct mpsc_permit permit;
	size_t n;
	int err; /* 0; -EPIPE; -EINVAL: more than the channel has, or it is unbounded; -ECANCELED */
};
struct future *mpsc_reserve(struct mpsc_reserve *r, const struct mpsc_sender *tx, size_t n);

/* The same, now or not at all: 0 and `*permit`, or -EAGAIN, -EPIPE, -EINVAL. */
int mpsc_try_reserve(const struct mpsc_sender *tx, size_t n, struct mpsc_permit *permit);

/*
 * Sends one item through a permit that has at least one slot left, else aborts; with its last slot
 * the permit is given up. Neither fails nor waits: if the receiver is gone, the value is destroyed.
 */
#define mpsc_permit_send(permit, item) mpsc__permit_send((permit), (item), sizeof *(item))

/* Gives back the slots that are left, to those who wait for them. */
void mpsc_permit_drop(struct mpsc_permit *permit);

/* Waits until nobody will receive any more: the receiver closed the channel or is gone. */
struct mpsc_closed {
	struct future future;
	struct mpsc *chan;    /* borrowed */
	struct waiter waiter; /* under the channel's lock */
};
struct future *mpsc_closed(struct mpsc_closed *c, const struct mpsc_sender *tx);

/* True if mpsc_closed would not wait. */
bool mpsc_sender_is_closed(const struct mpsc_sender *tx);

/* Slots free now, and slots in all. SIZE_MAX: it is unbounded. */
size_t mpsc_capacity(const struct mpsc_sender *tx);
size_t mpsc_max_capacity(const struct mpsc_sender *tx);

/*
 * How many senders there are, and how many weak ones; permits are not among them. Any handle of the
 * channel will do: a sender, a weak one, the receiver.
 */
#define mpsc_n_senders(handle) mpsc__n_senders((handle)->chan)
#define mpsc_n_weak_senders(handle) mpsc__n_weak_senders((handle)->chan)

bool mpsc_same_channel(const struct mpsc_sender *a, const struct mpsc_sender *b);

/* --- Weak senders: for who wants to send to himself, and not to keep himself alive by that --- */

struct mpsc_weak_sender mpsc_downgrade(const struct mpsc_sender *tx);
struct mpsc_weak_sender mpsc_weak_sender_clone(const struct mpsc_weak_sender *weak);

/* What is left, if it was the last handle of any kind, is the memory: that goes, too. */
void mpsc_weak_sender_drop(struct mpsc_weak_sender *weak);

/*
 * A sender, as long as there is another one, or a permit; else its `chan` is NULL. So once the
 * receiver has been told that everything was received, nothing can come after all. A channel that
 * the receiver closed has senders, too.
 */
struct mpsc_sender mpsc_upgrade(const struct mpsc_weak_sender *weak);

/* --- The receiver --- */

/*
 * Waits for an item and moves it to `*slot`. Dropped while waiting, it has taken nothing. Only one
 * future may wait on a receiver at a time; a second one aborts.
 */
struct mpsc_recv {
	struct future future;
	struct mpsc *chan; /* borrowed */
	void *slot;        /* borrowed */
	uint32_t len;
	int err; /* 0; -EPIPE: everything has been received; -ECANCELED */
};
#define mpsc_recv(r, rx, slot) mpsc__recv((r), (rx), (slot), sizeof *(slot))

/* Waits for an item, then moves all there are, up to `max`, to `array`, under one lock. */
struct mpsc_recv_many {
	struct future future;
	struct mpsc *chan; /* borrowed */
	void *array;       /* borrowed */
	size_t max;        /* 0: is over at once */
	size_t n;          /* how many; 0 when err says so, and for max 0 */
	uint32_t len;
	int err; /* 0; -EPIPE: everything has been received; -ECANCELED */
};
#define mpsc_recv_many(r, rx, array, max)                                                          \
	mpsc__recv_many((r), (rx), (array), (max), sizeof *(array))

/* The same without waiting. 0 or, of many, the number (> 0 unless max is 0); -EAGAIN, -EPIPE. */
#define mpsc_try_recv(rx, slot) mpsc__try_recv((rx), (slot), sizeof *(slot))
#define mpsc_try_recv_many(rx, array, max)                                                         \
	mpsc__try_recv_many((rx), (array), (max), sizeof *(array))

/*
 * Closes the channel to senders: waiting ones fail with -EPIPE. What was sent, and what outstanding
 * permits will send, is still received. Closing twice does nothing more.
 */
void mpsc_close(struct mpsc_receiver *rx);

/* Closes, gives up the receiver, destroys the items left. No future may be waiting on it. */
void mpsc_receiver_drop(struct mpsc_receiver *rx);

/* True if nothing new can be sent, other than by permits after mpsc_close. Items may be left. */
bool mpsc_receiver_is_closed(const struct mpsc_receiver *rx);

/* Items in the queue. */
size_t mpsc_len(const struct mpsc_receiver *rx);
bool mpsc_is_empty(const struct mpsc_receiver *rx);

/* --- What the macros stand for --- */

int mpsc__open(struct mpsc_sender *tx, struct mpsc_receiver *rx, size_t len, size_t capacity,
	       void (*drop_item)(void *item));
int mpsc__open_unbounded(struct mpsc_sender *tx, struct mpsc_receiver *rx, size_t len,
			 void (*drop_item)(void *item));
int mpsc__try_send(const struct mpsc_sender *tx, const void *item, size_t len);
int mpsc__send_now(const struct mpsc_sender *tx, const void *item, size_t len);
void mpsc__permit_send(struct mpsc_permit *permit, void *item, size_t len);
int mpsc__try_recv(struct mpsc_receiver *rx, void *slot, size_t len);
long mpsc__try_recv_many(struct mpsc_receiver *rx, void *array, size_t max, size_t len);
size_t mpsc__n_senders(struct mpsc *ch);
size_t mpsc__n_weak_senders(struct mpsc *ch);

extern const struct future_ops mpsc__send_ops, mpsc__recv_ops, mpsc__recv_many_ops;

static inline struct future *mpsc__send(struct mpsc_send *s, const struct mpsc_sender *tx,
					const void *item, size_t len)
{
	*s = (struct mpsc_send){ .future = future_init(&mpsc__send_ops),
				 .chan = tx->chan,
				 .place = { .item = item, .n_wanted = 1 },
				 .len = (uint32_t)len,
				 .err = -ECANCELED };
	return &s->future;
}

static inline struct future *mpsc__recv(struct mpsc_recv *r, struct mpsc_receiver *rx, void *slot,
					size_t len)
{
	*r = (struct mpsc_recv){ .future = future_init(&mpsc__recv_ops),
				 .chan = rx->chan,
				 .slot = slot,
				 .len = (uint32_t)len,
				 .err = -ECANCELED };
	return &r->future;
}

static inline struct future *mpsc__recv_many(struct mpsc_recv_many *r, struct mpsc_receiver *rx,
					     void *array, size_t max, size_t len)
{
	*r = (struct mpsc_recv_many){ .future = future_init(&mpsc__recv_many_ops),
				      .chan = rx->chan,
				      .array = array,
				      .max = max,
				      .len = (uint32_t)len,
				      .err = -ECANCELED };
	return &r->future;
}

#endif
