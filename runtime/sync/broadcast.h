/*
 * broadcast: everything that is sent, to everybody who listens.
 *
 *	broadcast_open(&tx, &rx, struct news, 128, NULL, NULL);
 *	struct broadcast_receiver more = broadcast_subscribe(&tx);
 *	broadcast_send(&tx, &news);                      // never waits
 *	co_await(broadcast_recv(&f->recv, &rx, &f->news));
 *	if (f->recv.err == -EOVERFLOW)
 *		...                                      // f->recv.missed were overwritten; go on
 *
 * The one idea: one ring, and a cursor for each receiver. A send writes one slot, however many
 * listen; a receiver reads at its own pace. Who falls behind by more than the ring holds is told,
 * once, how many he missed, and goes on with the oldest that is kept. So nobody is ever waited
 * for.
 *
 *	   kept by the ring: capacity
 *	  |<------------------------->|
 *	  4   5   6   7   8   9  10  11          next to be sent: 12
 *	      ^           ^              ^
 *	      a           b              c
 *
 *	a reads 5 next, b 8; c waits. A cursor at 2 has missed 2.
 *
 * Items: each receiver gets a copy of its own, made by `clone_item` (NULL: the bytes), except
 * that the last one who reads a value gets the original. What nobody will read is destroyed by
 * `drop_item`. clone_item runs under the channel's lock: it may count a reference, and must not
 * call the channel. All functions may be called from any thread; one handle belongs to one owner.
 */
#ifndef WEFT_SYNC_BROADCAST_H
#define WEFT_SYNC_BROADCAST_H

#include <stdbool.h>
#include <stdint.h>

#include "future/future.h"
#include "sync/waiter.h"

/* The longest item; for more pass a pointer. */
enum { BROADCAST_ITEM_MAX = 1024 };

struct broadcast;

struct broadcast_sender {
	struct broadcast *chan; /* NULL: given up, or none */
};

/* Does not keep the channel open: see broadcast_upgrade. */
struct broadcast_weak_sender {
	struct broadcast *chan;
};

struct broadcast_receiver {
	struct broadcast *chan;
	uint64_t next; /* the number of the value that it reads next */
};

/*
 * A ring for at least `capacity` values of `type`: rounded up to a power of two. 0, -ENOMEM, or
 * -EINVAL: capacity 0 or above half of SIZE_MAX, or items above BROADCAST_ITEM_MAX. `rx` may be
 * NULL: nobody listens yet. int clone_item(void *dst, const void *src) returns 0 or -errno.
 */
#define broadcast_open(tx, rx, type, capacity, clone_item, drop_item)                              \
	broadcast__open((tx), (rx), sizeof(type), (capacity), (clone_item), (drop_item))

/* --- Senders --- */

/*
 * To all receivers there are: returns how many, or -EPIPE: none, and the item is still the
 * caller's.
 */
#define broadcast_send(tx, item) broadcast__send((tx), (item), sizeof *(item))

/* One more receiver, which will read what is sent from now on. */
struct broadcast_receiver broadcast_subscribe(const struct broadcast_sender *tx);

struct broadcast_sender broadcast_sender_clone(const struct broadcast_sender *tx);

/*
 * With the last one the channel is closed: receivers read what is left, then -EPIPE. Zeroed is
 * allowed.
 */
void broadcast_sender_drop(struct broadcast_sender *tx);

struct broadcast_weak_sender broadcast_downgrade(const struct broadcast_sender *tx);
struct broadcast_weak_sender broadcast_weak_sender_clone(const struct broadcast_weak_sender *weak);
void broadcast_weak_sender_drop(struct broadcast_weak_sender *weak);

/* A sender, unless the last one is gone: then its `chan` is NULL. */
struct broadcast_sender broadcast_upgrade(const struct broadcast_weak_sender *weak);

/* How many values the slowest receiver has still to read, as far as the ring keeps them. */
size_t broadcast_sender_len(const struct broadcast_sender *tx);
size_t broadcast_n_receivers(const struct broadcast_sender *tx);
size_t broadcast_n_senders(const struct broadcast_sender *tx);
size_t broadcast_n_weak_senders(const struct broadcast_sender *tx);

/* Waits until there is no receiver. */
struct broadcast_closed {
	struct future future;
	struct broadcast *chan; /* borrowed */
	struct waiter waiter;   /* under the channel's lock */
};
struct future *broadcast_closed(struct broadcast_closed *c, const struct broadcast_sender *tx);

/* --- Receivers --- */

/*
 * Waits for the next value, which is copied to *slot. Dropped while pending, it misses nothing. A
 * value that clone_item could not copy is lost to this receiver; the next call goes on behind it.
 */
struct broadcast_recv {
	struct future future;
	struct broadcast_receiver *rx; /* borrowed */
	void *slot;                    /* borrowed */
	uint32_t len;
	int err; /* 0; -EPIPE: closed, all was read; -EOVERFLOW; what clone_item said; -ECANCELED */
	struct waiter waiter; /* under the channel's lock */
	uint64_t missed;      /* how many were overwritten, when err is -EOVERFLOW, and only then */
};
#define broadcast_recv(r, rx, slot) broadcast__recv((r), (rx), (slot), sizeof *(slot))

/* Waits for at least one, then takes what there is, up to `max`, under one lock. */
struct broadcast_recv_many {
	struct future future;
	struct broadcast_receiver *rx; /* borrowed */
	void *array;                   /* borrowed */
	size_t max;                    /* at least 1 */
	size_t n;                      /* how many came; 0 when err says why */
	uint32_t len;
	int err; /* as of broadcast_recv; a clone that fails behind others is tried again later */
	struct waiter waiter; /* under the channel's lock */
	uint64_t missed;      /* when err is -EOVERFLOW */
};
#define broadcast_recv_many(r, rx, array, max)                                                     \
	broadcast__recv_many((r), (rx), (array), (max), sizeof *(array))

/*
 * Without waiting: 0, or of many the number (> 0); -EAGAIN, -EPIPE, -EOVERFLOW with *missed
 * (which may be NULL), or what clone_item said.
 */
#define broadcast_try_recv(rx, slot, missed)                                                       \
	broadcast__try_recv((rx), (slot), sizeof *(slot), (missed))
#define broadcast_try_recv_many(rx, array, max, missed)                                            \
	broadcast__try_recv_many((rx), (array), (max), sizeof *(array), (missed))

/* How many values were sent and not read, those that it has missed included until it is told. */
size_t broadcast_receiver_len(const struct broadcast_receiver *rx);

/* One more receiver, at the end: it reads what is sent from now on. */
struct broadcast_receiver broadcast_resubscribe(const struct broadcast_receiver *rx);

/* Zeroed ones are allowed. No future may be waiting on it. */
void broadcast_receiver_drop(struct broadcast_receiver *rx);

/* --- What the macros stand for --- */

int broadcast__open(struct broadcast_sender *tx, struct broadcast_receiver *rx, size_t len,
		    size_t capacity, int (*clone_item)(void *dst, const void *src),
		    void (*drop_item)(void *item));
long broadcast__send(const struct broadcast_sender *tx, const void *item, size_t len);
long broadcast__try_recv_many(struct broadcast_receiver *rx, void *array, size_t max, size_t len,
			      uint64_t *missed);

static inline int broadcast__try_recv(struct broadcast_receiver *rx, void *slot, size_t len,
				      uint64_t *missed)
{
	long n = broadcast__try_recv_many(rx, slot, 1, len, missed);

	return n > 0 ? 0 : (int)n;
}

extern const struct future_ops broadcast__recv_ops, broadcast__recv_many_ops;

/* Not all of it: `waiter` is built when it is queued, and `missed` when there is a number. */
static inline struct future *broadcast__recv(struct broadcast_recv *r,
					     struct broadcast_receiver *rx, void *slot, size_t len)
{
	r->future = future_init(&broadcast__recv_ops);
	r->rx = rx;
	r->slot = slot;
	r->len = (uint32_t)len;
	r->err = 0;
	r->waiter.waker.vtable = NULL;
	return &r->future;
}

static inline struct future *broadcast__recv_many(struct broadcast_recv_many *r,
						  struct broadcast_receiver *rx, void *array,
						  size_t max, size_t len)
{
	*r = (struct broadcast_recv_many){ .future = future_init(&broadcast__recv_many_ops),
					   .rx = rx,
					   .array = array,
					   .max = max,
					   .len = (uint32_t)len };
	return &r->future;
}

#endif
