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

/* Everything is under the lock. */
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
	struct oneshot *o = mem_alloc(sizeof *o + len);

	if (!o)
		return -ENOMEM;
	*o = (struct oneshot){ .len = (uint32_t)len, .drop_item = drop_item };
	tx->chan = rx->chan = o;
	return 0;
}

static void check_len(const struct oneshot *o, size_t len)
{
	if (o->len != len)
		bug("oneshot", "the value has another size than the channel was opened for", NULL, 0);
}

/*
 * The way out for either end: sets flags, takes both wakers, and frees the whole when the other end has
 * gone before. A value that is left is destroyed outside the lock: nobody else can reach it any more.
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

/* --- The sender --------------------------------------------------------------------------------- */

int oneshot__send(struct oneshot_sender *tx, const void *item, size_t len)
{
	struct oneshot *o = tx->chan;
	struct waker waker, unused;
	bool closed;

	bug_unless(o);
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
 * Both ends wait in the same way: look; if it has not come, make sure that `slot` holds the right waker,
 * which is cloned with the lock open, and look again.
 */
static bool has_come(struct oneshot *o, unsigned what, struct waker *slot, const struct waker *w)
{
	struct waker other = { 0 };
	bool come, same;

	lock_acquire(&o->lock);
	come = o->flags & what;
	same = waker_will_wake(slot, w);
	lock_release(&o->lock);
	if (come || same)
		return come;
	other = waker_clone(w);
	lock_acquire(&o->lock);
	come = o->flags & what;
	if (!come) {
		struct waker stale = *slot;

		*slot = other;
		other = stale;
	}
	lock_release(&o->lock);
	waker_drop(&other);
	return come;
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

	if (!context_may_proceed(cx) || !has_come(c->chan, CLOSED, &c->chan->tx_waker, cx->waker))
		return POLL_PENDING;
	stop_waiting(c->chan, &c->chan->tx_waker);
	context_spend(cx);
	return POLL_READY;
}

static void drop_closed(struct future *f)
{
	struct oneshot_closed *c = future_of(f, struct oneshot_closed);

	stop_waiting(c->chan, &c->chan->tx_waker);
}

static const struct future_ops oneshot_closed_ops =
	FUTURE_OPS("oneshot_closed", poll_closed, drop_closed);

struct future *oneshot_closed(struct oneshot_closed *c, const struct oneshot_sender *tx)
{
	bug_unless(tx->chan);
	*c = (struct oneshot_closed){ .future = future_init(&oneshot_closed_ops), .chan = tx->chan };
	return &c->future;
}

/* --- The receiver ------------------------------------------------------------------------------- */

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

/* Takes what has come, and with it the waker that waited for it. -EAGAIN: nothing has. */
static int receive(struct oneshot *o, void *slot)
{
	struct waker stale = { 0 };
	bool again;
	int err;

	lock_acquire(&o->lock);
	again = o->flags & TERMINATED;
	err = take(o, slot);
	if (err != -EAGAIN)
		stale = waker_take(&o->rx_waker);
	lock_release(&o->lock);
	if (again)
		bug("oneshot_recv", "received again after its end was told", NULL, 0);
	waker_drop(&stale);
	return err;
}

static enum poll poll_recv(struct future *f, struct context *cx)
{
	struct oneshot_recv *r = future_of(f, struct oneshot_recv);
	struct oneshot *o = r->chan;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	check_len(o, r->len);
	r->err = receive(o, r->slot);
	if (r->err == -EAGAIN) {
		if (!has_come(o, VALUE | TX_GONE | CLOSED, &o->rx_waker, cx->waker))
			return POLL_PENDING;
		r->err = receive(o, r->slot); /* between the two looks */
	}
	context_spend(cx);
	return POLL_READY;
}

static void drop_recv(struct future *f)
{
	struct oneshot *o = future_of(f, struct oneshot_recv)->chan;

	stop_waiting(o, &o->rx_waker);
}

const struct future_ops oneshot__recv_ops = FUTURE_OPS("oneshot_recv", poll_recv, drop_recv);

void oneshot_close(struct oneshot_receiver *rx)
{
	struct oneshot *o = rx->chan;
	struct waker waker;

	lock_acquire(&o->lock);
	o->flags |= CLOSED;
	waker = waker_take(&o->tx_waker);
	lock_release(&o->lock);
	waker_wake(&waker);
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
