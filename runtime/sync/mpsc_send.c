/*
 * mpsc_send: putting items in, now or in turn. See mpsc.h.
 *
 * The one idea: a waiting sender leaves a pointer to its item in line, and whoever frees a slot
 * moves the item into the queue on the sender's behalf. The sender is woken when all is done, so
 * however slowly it runs, no slot stays empty meanwhile and nobody overtakes it.
 */
#include "sync/mpsc_chan.h"

/* Puts in one spare block; the lock is released meanwhile, so all must be looked at again. */
static bool add_spare(struct mpsc *ch)
{
	struct mpsc_block *block;

	lock_release(&ch->lock);
	block = mpsc__block_new(ch);
	lock_acquire(&ch->lock);
	if (!block)
		return false;
	block->next = ch->spare;
	ch->spare = block;
	ch->n_spare++;
	return true;
}

/* 0: the item is in the queue. Under the lock. */
static inline int offer(struct mpsc *ch, const void *item)
{
	while (!ch->closed && ch->n_free > 0) {
		if (mpsc__has_room(ch)) {
			mpsc__put(ch, item);
			ch->n_free--;
			return 0;
		}
		if (!add_spare(ch))
			return ch->closed ? -EPIPE : -ENOMEM;
	}
	return ch->closed ? -EPIPE : -EAGAIN;
}

static __attribute__((noinline)) void unlock_and_wake_receiver(struct mpsc *ch)
{
	struct waker receiver = mpsc__take_receiver(ch);

	lock_release(&ch->lock);
	waker_wake(&receiver);
}

/* After an item was put in, or was not. */
static inline void unlock(struct mpsc *ch)
{
	if (ch->receiving && ch->n_queued > 0)
		unlock_and_wake_receiver(ch);
	else
		lock_release(&ch->lock);
}

int mpsc__try_send(const struct mpsc_sender *tx, const void *item, size_t len)
{
	struct mpsc *ch = tx->chan;
	int err;

	mpsc__check_item(ch, len, "mpsc_try_send");
	lock_acquire(&ch->lock);
	err = offer(ch, item);
	unlock(ch);
	return err;
}

int mpsc__send_now(const struct mpsc_sender *tx, const void *item, size_t len)
{
	return tx->chan->max ? -EINVAL : mpsc__try_send(tx, item, len);
}

/* -EAGAIN: it has to wait (on). Under the lock. */
static int send_step(struct mpsc_send *s)
{
	switch (s->place.stage) {
	case MPSC_NEW:
		return offer(s->chan, s->place.item);
	case MPSC_WAITING:
		return -EAGAIN;
	case MPSC_GRANTED:
		return 0;
	default:
		return -EPIPE;
	}
}

/* All that a poll can meet. Called with the lock held, releases it. */
static __attribute__((noinline)) enum poll send_slowly(struct mpsc_send *s, struct context *cx)
{
	struct waker mine = { 0 };
	int err;

	while ((err = send_step(s)) == -EAGAIN) {
		if (mpsc__wait(s->chan, &s->place, cx->waker, &mine)) {
			waker_drop(&mine);
			return POLL_PENDING;
		}
		lock_acquire(&s->chan->lock);
	}
	s->err = err;
	unlock(s->chan);
	waker_drop(&mine);
	context_spend(cx);
	return POLL_READY;
}

/* What most polls meet is a free slot: kept short, for speed. */
static enum poll send_poll(struct future *f, struct context *cx)
{
	struct mpsc_send *s = future_of(f, struct mpsc_send);
	struct mpsc *ch = s->chan;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	mpsc__check_item(ch, s->len, "mpsc_send");
	lock_acquire(&ch->lock);
	if (s->place.stage != MPSC_NEW || ch->closed || ch->n_free == 0 ||
	    ch->put.at == ch->put.end)
		return send_slowly(s, cx);
	mpsc__put(ch, s->place.item);
	ch->n_free--;
	unlock(ch);
	s->err = 0;
	context_spend(cx);
	return POLL_READY;
}

static void send_drop(struct future *f)
{
	struct mpsc_send *s = future_of(f, struct mpsc_send);

	if (mpsc__cancel(s->chan, &s->place) == MPSC_GRANTED)
		s->err = 0;
}

const struct future_ops mpsc__send_ops = FUTURE_OPS("mpsc_send", send_poll, send_drop);

/* --- The line --- */

static struct mpsc_place *first_in_line(const struct mpsc *ch)
{
	return (struct mpsc_place *)(void *)ch->senders.first; /* the waiter is its first member */
}

struct waker mpsc__give_slot(struct mpsc *ch)
{
	struct mpsc_place *p = first_in_line(ch);

	if (p->item) {
		bug_unless(mpsc__has_room(ch));
		mpsc__put(ch, p->item);
	} else {
		ch->n_reserved++;
		if (++ch->n_collected < p->n_wanted)
			return (struct waker){ 0 };
		ch->n_collected = 0;
	}
	waiter_list_remove(&ch->senders, &p->waiter);
	p->stage = MPSC_GRANTED;
	return waker_take(&p->waiter.waker);
}

bool mpsc__wait(struct mpsc *ch, struct mpsc_place *p, const struct waker *w, struct waker *mine)
{
	if (!waker_is_some(mine) && !waker_will_wake(&p->waiter.waker, w)) {
		lock_release(&ch->lock);
		*mine = waker_clone(w);
		return false;
	}
	if (p->stage == MPSC_NEW) {
		if (waiter_list_is_empty(&ch->senders)) {
			ch->n_collected = ch->n_free;
			ch->n_reserved += ch->n_free;
			ch->n_free = 0;
		}
		waiter_list_push(&ch->senders, &p->waiter);
		p->stage = MPSC_WAITING;
	}
	if (waker_is_some(mine))
		waiter_swap_waker(&p->waiter, mine);
	lock_release(&ch->lock);
	return true;
}

enum mpsc_stage mpsc__cancel(struct mpsc *ch, struct mpsc_place *p)
{
	enum mpsc_stage stage;
	struct waker mine = { 0 };
	size_t n = 0;

	lock_acquire(&ch->lock);
	stage = p->stage;
	if (stage == MPSC_WAITING) {
		if (first_in_line(ch) == p) {
			n = ch->n_collected;
			ch->n_collected = 0;
		}
		waiter_list_remove(&ch->senders, &p->waiter);
		mine = waker_take(&p->waiter.waker);
	} else if (stage == MPSC_GRANTED && !p->item) {
		n = p->n_wanted;
	}
	mpsc__release(ch, n);
	waker_drop(&mine);
	return stage;
}

/*
 * While the lock is released for a full batch, the slots still in hand count as reserved. So the
 * channel stays, and cannot end, and whatever happens meanwhile finds the line in order.
 */
void mpsc__release(struct mpsc *ch, size_t n)
{
	struct wake_list wakes;

	wakes.n = 0;
	while (n > 0 && !waiter_list_is_empty(&ch->senders)) {
		struct waker granted;

		if (wake_list_is_full(&wakes)) {
			lock_release(&ch->lock);
			wake_list_fire(&wakes);
			lock_acquire(&ch->lock);
			continue;
		}
		n--;
		ch->n_reserved--;
		granted = mpsc__give_slot(ch);
		wake_list_take(&wakes, &granted);
	}
	ch->n_reserved -= n;
	ch->n_free += n;
	mpsc__leave(ch);
	wake_list_fire(&wakes);
}
