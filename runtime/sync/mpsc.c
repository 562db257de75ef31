/*
 * mpsc: opening, closing, and who holds a share. See mpsc.h.
 *
 * Who keeps the memory: every sender, weak or not, the receiver, and every slot that is out as a
 * permit. All are counted under the lock, so whoever gives up the last share knows it, and frees
 * after unlocking.
 */
#include "sync/mpsc_chan.h"

#include "base/mem.h"

static int open_channel(struct mpsc_sender *tx, struct mpsc_receiver *rx, size_t len, uint32_t max,
			void (*drop_item)(void *item))
{
	struct mpsc *ch = mem_alloc(sizeof *ch);
	struct mpsc_block *block;

	if (!ch)
		return -ENOMEM;
	*ch = (struct mpsc){ .len = (uint32_t)len,
			     .max = max,
			     .drop_item = drop_item,
			     .n_holds = 1,
			     .n_free = max ? max : SIZE_MAX,
			     .n_senders = 1 };
	block = mpsc__block_new(ch);
	if (!block) {
		mem_free(ch, sizeof *ch);
		return -ENOMEM;
	}
	if (max)
		block->next = block;
	mpsc__cursor_to(&ch->put, block);
	mpsc__cursor_to(&ch->get, block);
	tx->chan = rx->chan = ch;
	return 0;
}

int mpsc__open(struct mpsc_sender *tx, struct mpsc_receiver *rx, size_t len, size_t capacity,
	       void (*drop_item)(void *item))
{
	if (capacity == 0 || capacity > UINT32_MAX || len == 0 || len > UINT32_MAX)
		return -EINVAL;
	return open_channel(tx, rx, len, (uint32_t)capacity, drop_item);
}

int mpsc__open_unbounded(struct mpsc_sender *tx, struct mpsc_receiver *rx, size_t len,
			 void (*drop_item)(void *item))
{
	if (len == 0 || len > UINT32_MAX)
		return -EINVAL;
	return open_channel(tx, rx, len, 0, drop_item);
}

struct mpsc_sender mpsc_sender_clone(const struct mpsc_sender *tx)
{
	lock_acquire(&tx->chan->lock);
	tx->chan->n_senders++;
	lock_release(&tx->chan->lock);
	return *tx;
}

void mpsc_sender_drop(struct mpsc_sender *tx)
{
	struct mpsc *ch = tx->chan;

	if (!ch)
		return;
	tx->chan = NULL;
	lock_acquire(&ch->lock);
	bug_unless(ch->n_senders > 0);
	if (--ch->n_senders == 0 &&
	    !(waiter_list_is_empty(&ch->senders) && waiter_list_is_empty(&ch->closing)))
		bug("mpsc_sender_drop", "a future of this sender still waits", __FILE__, __LINE__);
	mpsc__leave(ch);
}

/* Takes the next one out of either queue, with its waker; false: both are empty. Under the lock. */
static bool refuse_one(struct mpsc *ch, struct wake_list *wakes)
{
	struct waiter *w = waiter_list_pop(&ch->senders);

	if (w) {
		struct mpsc_place *p = (struct mpsc_place *)(void *)w;

		p->stage = MPSC_REFUSED;
	} else {
		w = waiter_list_pop(&ch->closing);
	}
	if (w)
		wake_list_take(wakes, &w->waker);
	return w != NULL;
}

/*
 * The slots that a waiter for many has collected go back right here, and not when it learns of its
 * refusal: nobody else can wait any more, and the receiver need not wait for them. A waker may do
 * anything, even give up the receiver: so both queues are looked at afresh after each batch.
 */
static void close_channel(struct mpsc *ch)
{
	struct wake_list wakes;
	bool more;

	ch->n_holds++;
	ch->closed = true;
	ch->n_reserved -= ch->n_collected;
	ch->n_free += ch->n_collected;
	ch->n_collected = 0;
	do {
		wakes.n = 0;
		do {
			more = refuse_one(ch, &wakes);
		} while (more && !wake_list_is_full(&wakes));
		lock_release(&ch->lock);
		wake_list_fire(&wakes);
		lock_acquire(&ch->lock);
	} while (more);
	ch->n_holds--;
}

void mpsc_close(struct mpsc_receiver *rx)
{
	struct mpsc *ch = rx->chan;

	lock_acquire(&ch->lock);
	close_channel(ch);
	mpsc__leave(ch);
}

/*
 * From `receiver_gone` on nobody but this function touches the items: sends are refused, permits
 * destroy what they are given. So the items are destroyed where they lie, without the lock; and if
 * drop_item gives up the last sender, our hold keeps the channel.
 */
static void destroy_items(struct mpsc *ch, struct mpsc_cursor get, size_t n)
{
	struct mpsc_block *first = get.block;

	for (; n > 0 && ch->drop_item; n--) {
		if (get.at == get.end)
			mpsc__cursor_to(&get, get.block->next);
		get.at += ch->len;
		ch->drop_item(get.at - ch->len);
	}
	mpsc__blocks_free(first);
}

void mpsc_receiver_drop(struct mpsc_receiver *rx)
{
	struct mpsc *ch = rx->chan;
	struct mpsc_cursor get;
	size_t n;

	if (!ch)
		return;
	rx->chan = NULL;
	lock_acquire(&ch->lock);
	if (ch->receiving)
		bug("mpsc_receiver_drop", "a future of it still waits", __FILE__, __LINE__);
	close_channel(ch);
	ch->receiver_gone = true;
	n = ch->n_queued;
	ch->n_queued = 0;
	ch->n_free += n;
	get = ch->get;
	lock_release(&ch->lock);

	destroy_items(ch, get, n);
	lock_acquire(&ch->lock);
	ch->n_holds--;
	mpsc__leave(ch);
}

static bool is_abandoned(const struct mpsc *ch)
{
	return ch->n_senders == 0 && ch->n_reserved == 0 && ch->n_holds == 0;
}

void mpsc__leave(struct mpsc *ch)
{
	bool abandoned = is_abandoned(ch);
	struct waker receiver = { 0 };

	if (ch->receiving && (ch->n_queued > 0 || mpsc__has_ended(ch)))
		receiver = mpsc__take_receiver(ch);
	lock_release(&ch->lock);
	waker_wake(&receiver);
	if (abandoned) {
		mpsc__blocks_free(ch->spare);
		mem_free(ch, sizeof *ch);
	}
}

/* --- Questions --- */

bool mpsc_sender_is_closed(const struct mpsc_sender *tx)
{
	bool closed;

	lock_acquire(&tx->chan->lock);
	closed = tx->chan->closed;
	lock_release(&tx->chan->lock);
	return closed;
}

size_t mpsc_capacity(const struct mpsc_sender *tx)
{
	size_t n;

	lock_acquire(&tx->chan->lock);
	n = tx->chan->max ? tx->chan->n_free : SIZE_MAX;
	lock_release(&tx->chan->lock);
	return n;
}

size_t mpsc_max_capacity(const struct mpsc_sender *tx)
{
	return tx->chan->max ? tx->chan->max : SIZE_MAX;
}

size_t mpsc__n_senders(struct mpsc *ch)
{
	size_t n;

	lock_acquire(&ch->lock);
	n = ch->n_senders;
	lock_release(&ch->lock);
	return n;
}

bool mpsc_same_channel(const struct mpsc_sender *a, const struct mpsc_sender *b)
{
	return a->chan == b->chan;
}

bool mpsc_receiver_is_closed(const struct mpsc_receiver *rx)
{
	struct mpsc *ch = rx->chan;
	bool closed;

	lock_acquire(&ch->lock);
	closed = ch->closed || !mpsc__has_senders(ch);
	lock_release(&ch->lock);
	return closed;
}

size_t mpsc_len(const struct mpsc_receiver *rx)
{
	size_t n;

	lock_acquire(&rx->chan->lock);
	n = rx->chan->n_queued;
	lock_release(&rx->chan->lock);
	return n;
}

bool mpsc_is_empty(const struct mpsc_receiver *rx)
{
	return mpsc_len(rx) == 0;
}

/* --- The end, as a future --- */

/* Out of the queue, if it is there; returns its waker. Under the lock. */
static struct waker leave_queue(struct mpsc_closed *c)
{
	if (waiter_is_queued(&c->chan->closing, &c->waiter))
		waiter_list_remove(&c->chan->closing, &c->waiter);
	return waker_take(&c->waiter.waker);
}

static enum poll closed_poll(struct future *f, struct context *cx)
{
	struct mpsc_closed *c = future_of(f, struct mpsc_closed);
	struct mpsc *ch = c->chan;
	struct waker mine = { 0 }, left = { 0 };
	bool closed;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	for (;;) {
		lock_acquire(&ch->lock);
		closed = ch->closed;
		if (closed || waker_is_some(&mine) || waker_will_wake(&c->waiter.waker, cx->waker))
			break;
		lock_release(&ch->lock);
		mine = waker_clone(cx->waker);
	}
	if (closed) {
		left = leave_queue(c);
	} else if (waker_is_some(&mine)) {
		if (!waiter_is_queued(&ch->closing, &c->waiter))
			waiter_list_push(&ch->closing, &c->waiter);
		waiter_swap_waker(&c->waiter, &mine);
	}
	lock_release(&ch->lock);
	waker_drop(&mine);
	waker_drop(&left);
	if (!closed)
		return POLL_PENDING;
	context_spend(cx);
	return POLL_READY;
}

static void closed_drop(struct future *f)
{
	struct mpsc_closed *c = future_of(f, struct mpsc_closed);
	struct waker left;

	lock_acquire(&c->chan->lock);
	left = leave_queue(c);
	lock_release(&c->chan->lock);
	waker_drop(&left);
}

static const struct future_ops closed_ops = FUTURE_OPS("mpsc_closed", closed_poll, closed_drop);

struct future *mpsc_closed(struct mpsc_closed *c, const struct mpsc_sender *tx)
{
	*c = (struct mpsc_closed){ .future = future_init(&closed_ops), .chan = tx->chan };
	return &c->future;
}
