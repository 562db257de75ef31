/*
 * watch: the latest value, and a bell.
 *
 *	watch_open(&tx, &rx, enum phase, &(enum phase){ SERVING }, NULL, NULL);
 *	co_await(watch_changed(&f->changed, &rx));
 *	if (f->changed.err)
 *		...                              // -EPIPE: no sender is left, and nothing new
 *	watch_get(&rx, &f->phase);
 *
 * The one idea: one value and a number that counts its changes. Each receiver remembers the number
 * that it has seen; "changed" means that the two differ. Who is slow sees the latest value and
 * none of those between: for settings, states, progress; not for messages.
 *
 * Each reading is a copy of the reader's own, made by `clone_item` (NULL: the bytes); a value that
 * is replaced is destroyed by `drop_item`. clone_item runs under the channel's lock: it may count
 * a reference, and must not call the channel. All functions may be called from any thread; one
 * handle belongs to one owner.
 */
#ifndef WEFT_SYNC_WATCH_H
#define WEFT_SYNC_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "future/future.h"
#include "sync/waiter.h"

/* The longest value; for more pass a pointer. */
enum { WATCH_ITEM_MAX = 1024 };

struct watch;

struct watch_sender {
	struct watch *chan; /* NULL: given up, or none */
};

struct watch_receiver {
	struct watch *chan;
	uint64_t seen; /* the version that it has seen */
};

/*
 * A channel for values of `type`, which *initial is the first of: it belongs to the channel now,
 * and counts as seen. 0, -ENOMEM, or -EINVAL (above WATCH_ITEM_MAX); then *initial is still the
 * caller's.
 */
#define watch_open(tx, rx, type, initial, clone_item, drop_item)                                   \
	watch__open((tx), (rx), sizeof(type), (initial), sizeof *(initial), (clone_item),          \
		    (drop_item))

/* --- Senders --- */

/* Makes *item the value, and tells all. -EPIPE: nobody receives; the item is still the caller's. */
#define watch_send(tx, item) watch__send((tx), (item), sizeof *(item), false)

/* The same whether or not anybody receives: who subscribes later finds it. */
#define watch_replace(tx, item) ((void)watch__send((tx), (item), sizeof *(item), true))

/*
 * Changes the value in place: `fn` gets it under the channel's lock, must not call the channel, and
 * says whether it is to be told as a change. Returns the same.
 */
bool watch_modify(const struct watch_sender *tx, bool (*fn)(void *item, void *arg), void *arg);

struct watch_sender watch_sender_clone(const struct watch_sender *tx);

/* With the last one the channel is closed. Zeroed is allowed. */
void watch_sender_drop(struct watch_sender *tx);

/* A receiver that has seen the present value. */
struct watch_receiver watch_subscribe(const struct watch_sender *tx);

size_t watch_n_receivers(const struct watch_sender *tx);
bool watch_is_closed(const struct watch_sender *tx); /* no receivers */

/* Waits until there is no receiver. Drop it before the sender. */
struct watch_closed {
	struct future future;
	struct watch *chan;   /* borrowed */
	struct waiter waiter; /* under the channel's lock */
};
struct future *watch_closed(struct watch_closed *c, const struct watch_sender *tx);

/* --- Receivers --- */

/* Copies the value to *slot: 0, or what clone_item said. Works on a closed channel, too. */
#define watch_get(rx, slot) watch__get((rx), (slot), sizeof *(slot), false)

/* The same, and it counts as seen, unless clone_item failed. */
#define watch_get_update(rx, slot) watch__get((rx), (slot), sizeof *(slot), true)

/* 1: there is a value that it has not seen; 0: there is none; -EPIPE: no sender is left. */
int watch_has_changed(const struct watch_receiver *rx);

/* Makes the value count as not seen, or as seen, by this receiver. */
void watch_mark_changed(struct watch_receiver *rx);
void watch_mark_unchanged(struct watch_receiver *rx);

/* Waits for a value that it has not seen, which then counts as seen. */
struct watch_changed {
	struct future future;
	struct watch_receiver *rx; /* borrowed */
	struct waiter waiter;      /* under the channel's lock */
	int err; /* 0; -EPIPE: no sender is left, the last value was seen; -ECANCELED: dropped */
};
struct future *watch_changed(struct watch_changed *c, struct watch_receiver *rx);

/*
 * Waits until the value, seen or not, is such that `is_wanted` says so; it is then in *slot, and
 * counts as seen, as do those that were not wanted. `is_wanted` gets copies in *slot, outside of
 * any lock; the unwanted are destroyed there, so *slot is the reader's only with `err` 0.
 */
struct watch_wait_for {
	struct future future;
	struct watch_receiver *rx;
	void *slot;
	bool (*is_wanted)(const void *item, void *arg);
	void *arg;
	struct waiter waiter;
	uint64_t judged; /* the version that was judged last, if has_judged */
	bool has_judged;
	uint32_t len;
	int err; /* 0; -EPIPE: no sender is left, and the last value is not it; -ECANCELED: dropped;
		    or what clone_item said */
};
#define watch_wait_for(w, rx, slot, is_wanted, arg)                                                \
	watch__wait_for((w), (rx), (slot), sizeof *(slot), (is_wanted), (arg))

/* One more, which has seen what this one has. */
struct watch_receiver watch_receiver_clone(const struct watch_receiver *rx);

/* Zeroed ones are allowed. No future may be waiting on it. */
void watch_receiver_drop(struct watch_receiver *rx);

/* --- What the macros stand for --- */

int watch__open(struct watch_sender *tx, struct watch_receiver *rx, size_t len, const void *initial,
		size_t initial_len, int (*clone_item)(void *dst, const void *src),
		void (*drop_item)(void *item));
int watch__send(const struct watch_sender *tx, const void *item, size_t len, bool always);
int watch__get(struct watch_receiver *rx, void *slot, size_t len, bool mark);
struct future *watch__wait_for(struct watch_wait_for *w, struct watch_receiver *rx, void *slot,
			       size_t len, bool (*is_wanted)(const void *, void *), void *arg);

#endif
