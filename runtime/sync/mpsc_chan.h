/*
 * mpsc_chan: the channel that mpsc.h's handles share. Internal to the mpsc_*.c files.
 *
 * The one idea: two cursors walk along a chain of blocks, `put` writing items and `get` reading
 * them. A bounded channel has one block, which follows itself: that is a ring. An unbounded one
 * links a further block when `put` reaches the end, and takes blocks that `get` has left over and
 * over again.
 *
 *	           get                          put
 *	            v                            v
 *	[ read, read, item, item ] -> [ item, item, room, room ]      spare: [    ] -> [    ]
 *
 * Beside the items it counts slots. Each slot of a bounded channel is in one of three places:
 *
 *	n_free + n_queued + n_reserved == max
 *
 *	free     --a send--------------> queued             queued   --a receive--> free
 *	free     --a reserve-----------> reserved           reserved --permit_send--> queued
 *	reserved --permit_drop---------> free
 *
 * and on the way to "free" it goes to the longest waiter instead, if there is one: so as long as
 * anybody waits, none is free. Slots in the hand of a waiter or of a function count as reserved.
 */
#ifndef WEFT_SYNC_MPSC_CHAN_H
#define WEFT_SYNC_MPSC_CHAN_H

#include "base/lock.h"
#include "sync/item.h"
#include "sync/mpsc.h"

/*
 * The life of a sender's place in line. Whoever moves it out of WAITING takes its waker and does
 * not touch it again.
 *
 *	NEW --no slot--> WAITING --all its slots came--> GRANTED (item sent, or slots held)
 *	                    +-----closed---------------> REFUSED
 */
enum mpsc_stage { MPSC_NEW, MPSC_WAITING, MPSC_GRANTED, MPSC_REFUSED };

/*
 * Items in a block of an unbounded channel, and how many empty blocks it keeps for later. A ring
 * has places for at least so many bytes, however few of them are used at a time: going around takes
 * time.
 */
enum { MPSC_BLOCK_ITEMS = 32, MPSC_SPARE_MAX = 8, MPSC_RING_LEN_MIN = 512 };

struct mpsc_block {
	struct mpsc_block *next; /* towards newer items */
	size_t len;              /* of all of it */
	_Alignas(max_align_t) unsigned char items[];
};

/* Moves on to the next block when it is next used, not when it comes to the end. */
struct mpsc_cursor {
	struct mpsc_block *block;
	unsigned char *at, *end;
};

struct mpsc {
	/* constant */
	uint32_t len; /* of an item */
	uint32_t max; /* slots; 0: unbounded */
	void (*drop_item)(void *item);

	/* under the lock */
	struct lock lock;
	bool closed;        /* by the receiver, or because it is gone */
	bool receiver_gone; /* what comes now is destroyed */
	unsigned n_holds;   /* of the memory: receiver, weak senders, who is at work without the lock */
	size_t n_queued, n_free, n_reserved;
	size_t n_collected; /* of n_reserved: what the first in line has so far of several */
	size_t n_senders;
	struct mpsc_cursor put, get;
	const void *receiving;      /* the future that waits for an item, or NULL; its waker: */
	struct waker receive_waker; /* some exactly when `receiving` is */
	struct waiter_list senders; /* of mpsc_place, in line for slots */
	struct waiter_list closing; /* of mpsc_closed */
	struct mpsc_block *spare;   /* unbounded only */
	unsigned n_spare;
	unsigned n_weak; /* of n_holds: weak senders */
};

static inline void mpsc__check_item(const struct mpsc *ch, size_t len, const char *who)
{
	if (__builtin_expect(len != ch->len, 0))
		bug(who, "the size is not that of the channel's items", __FILE__, __LINE__);
}

/* --- Items. Under the lock. --- */

static inline void mpsc__cursor_to(struct mpsc_cursor *c, struct mpsc_block *block)
{
	c->block = block;
	c->at = block->items;
	c->end = (unsigned char *)block + block->len;
}

struct mpsc_block *mpsc__block_new(const struct mpsc *ch);
void mpsc__blocks_free(struct mpsc_block *first);
bool mpsc__put_next_block(struct mpsc *ch);
void mpsc__get_next_block(struct mpsc *ch, struct mpsc_block **dead);

/* Makes room for one item. False: it needs a further spare block, see mpsc__add_spare. */
static inline bool mpsc__has_room(struct mpsc *ch)
{
	return __builtin_expect(ch->put.at != ch->put.end, 1) || mpsc__put_next_block(ch);
}

/* The slot must have been had, and the room made. */
static inline void mpsc__put(struct mpsc *ch, const void *item)
{
	item_copy(ch->put.at, item, ch->len);
	ch->put.at += ch->len;
	ch->n_queued++;
}

/* There must be an item. Blocks to be freed once the lock is released are added to `*dead`. */
static inline void mpsc__get(struct mpsc *ch, void *slot, struct mpsc_block **dead)
{
	if (__builtin_expect(ch->get.at == ch->get.end, 0))
		mpsc__get_next_block(ch, dead);
	item_copy(slot, ch->get.at, ch->len);
	ch->get.at += ch->len;
	ch->n_queued--;
}

/* --- Who may go on. Under the lock. --- */

/* Nothing is left to be received, and nothing will come. */
static inline bool mpsc__has_ended(const struct mpsc *ch)
{
	return ch->n_queued == 0 && ch->n_reserved == 0 && (ch->closed || ch->n_senders == 0);
}

/* Somebody can send: a sender, or who has a permit. Once that is so no more, it never is again. */
static inline bool mpsc__has_senders(const struct mpsc *ch)
{
	return ch->n_senders > 0 || ch->n_reserved > 0;
}

/* Takes out the waker of the receiver, if it waits; the caller wakes it after unlocking. */
static inline struct waker mpsc__take_receiver(struct mpsc *ch)
{
	ch->receiving = NULL;
	return waker_take(&ch->receive_waker);
}

/*
 * Gives one slot, which has just left its place, to the longest waiter, who must exist. Returns its
 * waker if that was all it waited for, else none.
 */
struct waker mpsc__give_slot(struct mpsc *ch);

/*
 * Both are called with the lock held and release it. mpsc__leave wakes the receiver if there is
 * something for it, and frees the channel if nobody is left: it must not be touched afterwards by
 * whoever has given up his share. mpsc__release first makes `n` reserved slots free.
 */
void mpsc__leave(struct mpsc *ch);
void mpsc__release(struct mpsc *ch, size_t n);

/*
 * Waiting in line. Called with the lock held, after a look that found nothing; releases it. True:
 * the place is in line with the right waker. False: `*mine` has just been cloned; look again, come
 * again. Whatever is in `*mine` at the end is the caller's to drop.
 */
bool mpsc__wait(struct mpsc *ch, struct mpsc_place *p, const struct waker *w, struct waker *mine);

/* Leaves the line, or gives back the slots that came. Takes the lock itself. Says where it was. */
enum mpsc_stage mpsc__cancel(struct mpsc *ch, struct mpsc_place *p);

#endif
