/* oneshot: the shared part. See oneshot.h. */
#include "sync/oneshot.h"

#include <errno.h>

#include "base/lock.h"
#include "base/mem.h"
#include "sync/item.h"

enum {
	VALUE = 1,      /* sent, and not taken */
	TX_GONE = 2,    /* has sent, or has been given up */
	CLOSED = 4,     /* the receiver takes nothing new */
	RX_GONE = 8,    /* has been given up; CLOSED, too */
	TERMINATED = 16 /* the receiver has been told how it ended */
};

/*
 * Everything is under the lock. Whoever sets a flag that ends a wait takes the waker of who waits
 * in the same breath. So a waker in a slot belongs to a future that is waiting, and one that finds
 * its wait over has left nothing there.
 */
struct oneshot {
	struct lock lock;
	uint16_t flags;
	uint32_t len;
	struct waker rx_waker; /* of who waits for the value */
	struct waker tx_waker; /* of who waits for the receiver to close */
	void (*drop_item)(void *item);
	_Alignas(max_align_t) unsigned char item[];
};

int oneshot__open(struct oneshot_sender *tx, struct oneshot_receiver *rx, size_t len,
		  void (*drop_item)(void *item))
{
	struct oneshot *o;

	bug_unless(len <= UINT32_MAX);
	o = mem_alloc(sizeof *o + len);
	if (!o)
		return -ENOMEM;
	*o = (struct oneshot){ .len = (uint32_t)len, .drop_item = drop_item };
	tx->chan = rx->chan = o;
	return 0;
}

static void check_len(const struct oneshot *o, size_t len)
{
	bug_unless(o);
	if (o->len != len)
		bug("oneshot", "the value has another size than it was opened for", NULL, 0);
}

/*
 * The way out for either end: sets flags, takes both wakers, and frees the whole when the other end
 * has gone before. A value that is left is destroyed outside the lock: nobody else can reach it any
 * more, since a receiver that finds one is the last to leave.
 */
static void leave(struct oneshot *o, uint16_t flags)
{
	struct waker rx_waker, tx_waker;
	bool is_last, has_value;

	lock_acquire(&o->lock);
	o->flags |= flags;
	rx_waker = waker_take(&o->rx_waker);
	tx_waker = waker_take(&o->tx_waker);
	is_last = (o->flags & (TX_GONE | RX_GONE)) == (TX_GONE | RX_GONE);
	has_value = o->flags & VALUE && flags & RX_GONE;
	lock_release(&o->lock);
	if (has_value && o->drop_item)
		o->drop_item(o->item);
	if (is_last)
		mem_free(o, sizeof *o + o->len);
	waker_wake(&rx_waker);
	waker_wake(&tx_waker);
}

/* --- The sender --- */

int oneshot__send(struct oneshot_sender *tx, const void *item, size_t len)
{
	struct oneshot *o = tx->chan;
	struct waker waker, unused;
	bool closed;

	check_len(o, len);
	lock_acquire(&o->lock);
	closed = o->flags & CLOSED;
	if (closed) {
		lock_release(&o->lock);
		oneshot_sender_drop(tx);
		return -EPIPE;
	}
	tx->chan = NULL;
	item_copy(o->item, item, len);
	o->flags |= VALUE | TX_GONE;
	waker = waker_take(&o->rx_waker);
	unused = waker_take(&o->tx_waker);
	lock_release(&o->lock);
	waker_wake(&waker);
	waker_drop(&unused);
	return 0;
}

void oneshot_sender_drop(struct oneshot_sender *tx)
{
	struct oneshot *o = tx->chan;

	tx->chan = NULL;
	if (o)
		leave(o, TX_GONE);
}

static uint16_t flags_of(struct oneshot *o)
{
	uint16_t flags;

	bug_unless(o);
	lock_acquire(&o->lock);
	flags = o->flags;
	lock_release(&o->lock);
	return flags;
}

bool oneshot_is_closed(const struct oneshot_sender *tx)
{
	return flags_of(tx->chan) & CLOSED;
}

/*
 * Both ends wait in the same way: look; if it has not come, and another waker than the right one is
 * there, clone the right one, look again, and leave it there. The second look is because a clone
 * may call anything: it is made with the lock open, and what was waited for may come meanwhile.
 */
static struct waker clone_unlocked(struct oneshot *o, const struct waker *w)
{
	struct waker fresh;

	lock_release(&o->lock);
	fresh = waker_clone(w);
	lock_acquire(&o->lock);
	return fresh;
}

/* `fresh` comes back as what was there, to be dropped after the lock. */
static void put_waker(struct waker *slot, struct waker *fresh, bool is_mine)
{
	struct waker stale = *slot;

	if (waker_is_some(slot) && !is_mine)
		bug("oneshot", "two futures wait at one end", NULL, 0);
	*slot = *fresh;
	*fresh = stale;
}

static void stop_waiting(struct oneshot *o, struct waker *slot)
{
	struct waker stale;

	lock_acquire(&o->lock);
	stale = waker_take(slot);
	lock_release(&o->lock);
	waker_drop(&stale);
}

static enum poll poll_closed(struct future *f, struct context *cx)
{
	struct oneshot_closed *c = future_of(f, struct oneshot_closed);
	struct oneshot *o = c->chan;
	struct waker left_over = { 0 };
	bool come;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	lock_acquire(&o->lock);
	come = o->flags & CLOSED;
	if (!come && !waker_will_wake(&o->tx_waker, cx->waker)) {
		left_over = clone_unlocked(o, cx->waker);
		come = o->flags & CLOSED;
		if (!come)
			put_waker(&o->tx_waker, &left_over, c->is_waiting);
	}
	c->is_waiting = !come;
	lock_release(&o->lock);
	waker_drop(&left_over);
	if (!come)
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void drop_closed(struct future *f)
{
	struct oneshot_closed *c = future_of(f, struct oneshot_closed);

	if (c->is_waiting)
		stop_waiting(c->chan, &c->chan->tx_waker);
}

static const struct future_ops oneshot_closed_ops =
	FUTURE_OPS("oneshot_closed", poll_closed, drop_closed);

struct future *oneshot_closed(struct oneshot_closed *c, const struct oneshot_sender *tx)
{
	bug_unless(tx->chan);
	*c = (struct oneshot_closed){ .future = future_init(&oneshot_closed_ops),
				      .chan = tx->chan };
	return &c->future;
}

/* --- The receiver --- */

/* Under the lock: 0, -EAGAIN, -EPIPE. */
static int take(struct oneshot *o, void *slot)
{
	if (o->flags & VALUE) {
		item_copy(slot, o->item, o->len);
		o->flags = (uint16_t)((o->flags & ~VALUE) | TERMINATED);
		return 0;
	}
	if (!(o->flags & (TX_GONE | CLOSED)))
		return -EAGAIN;
	o->flags |= TERMINATED;
	return -EPIPE;
}

int oneshot__try_recv(struct oneshot_receiver *rx, void *slot, size_t len)
{
	int err;

	check_len(rx->chan, len);
	lock_acquire(&rx->chan->lock);
	err = take(rx->chan, slot);
	lock_release(&rx->chan->lock);
	return err;
}

/* What a future takes; with the lock held. */
static int receive(struct oneshot *o, void *slot)
{
	if (o->flags & TERMINATED)
		bug("oneshot_recv", "received again after its end was told", NULL, 0);
	return take(o, slot);
}

/* While it waits, `err` is -EAGAIN: the mark that its waker may be in the channel. */
static enum poll poll_recv(struct future *f, struct context *cx)
{
	struct oneshot_recv *r = future_of(f, struct oneshot_recv);
	struct oneshot *o = r->chan;
	struct waker left_over = { 0 };
	bool is_mine = r->err == -EAGAIN;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	check_len(o, r->len);
	lock_acquire(&o->lock);
	r->err = receive(o, r->slot);
	if (r->err == -EAGAIN && !waker_will_wake(&o->rx_waker, cx->waker)) {
		left_over = clone_unlocked(o, cx->waker);
		r->err = take(o, r->slot);
		if (r->err == -EAGAIN)
			put_waker(&o->rx_waker, &left_over, is_mine);
	}
	lock_release(&o->lock);
	waker_drop(&left_over);
	if (r->err == -EAGAIN)
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void drop_recv(struct future *f)
{
	struct oneshot_recv *r = future_of(f, struct oneshot_recv);

	if (r->err == -EAGAIN)
		stop_waiting(r->chan, &r->chan->rx_waker);
	r->err = -ECANCELED;
}

const struct future_ops oneshot__recv_ops = FUTURE_OPS("oneshot_recv", poll_recv, drop_recv);

void oneshot_close(struct oneshot_receiver *rx)
{
	struct oneshot *o = rx->chan;
	struct waker rx_waker, tx_waker;

	bug_unless(o);
	lock_acquire(&o->lock);
	o->flags |= CLOSED;
	rx_waker = waker_take(&o->rx_waker); /* who waits for the value waits in vain now */
	tx_waker = waker_take(&o->tx_waker);
	lock_release(&o->lock);
	waker_wake(&rx_waker);
	waker_wake(&tx_waker);
}

void oneshot_receiver_drop(struct oneshot_receiver *rx)
{
	struct oneshot *o = rx->chan;

	rx->chan = NULL;
	if (o)
		leave(o, CLOSED | RX_GONE);
}

bool oneshot_is_empty(const struct oneshot_receiver *rx)
{
	return !(flags_of(rx->chan) & VALUE);
}

bool oneshot_is_terminated(const struct oneshot_receiver *rx)
{
	return flags_of(rx->chan) & TERMINATED;
}
