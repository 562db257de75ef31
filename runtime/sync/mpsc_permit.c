/*
 * mpsc_permit: slots first, items later. See mpsc.h.
 *
 * The one idea: making an item can be costly, or final (it was taken from somewhere and cannot be
 * put back); so first make sure that there is room for it. A permit is that room. While it is out,
 * the channel cannot end: the receiver of a closed channel still waits for what permits may bring.
 */
#include "sync/mpsc_chan.h"

/* 0: the slots are reserved. Under the lock. */
static int take_slots(struct mpsc *ch, size_t n)
{
	if (ch->closed)
		return -EPIPE;
	if (!ch->max || n > ch->max)
		return -EINVAL;
	if (n > ch->n_free)
		return -EAGAIN;
	ch->n_free -= n;
	ch->n_reserved += n;
	return 0;
}

/* A permit for no slots is none: it must not outlive the channel that it names. */
static struct mpsc_permit permit_for(struct mpsc *ch, size_t n)
{
	return (struct mpsc_permit){ .chan = n > 0 ? ch : NULL, .n = n };
}

int mpsc_try_reserve(const struct mpsc_sender *tx, size_t n, struct mpsc_permit *permit)
{
	struct mpsc *ch = tx->chan;
	int err;

	lock_acquire(&ch->lock);
	err = take_slots(ch, n);
	lock_release(&ch->lock);
	*permit = permit_for(ch, err ? 0 : n);
	return err;
}

/* -EAGAIN: it has to wait (on). Under the lock. */
static int reserve_step(struct mpsc_reserve *r)
{
	switch (r->place.stage) {
	case MPSC_NEW:
		return take_slots(r->chan, r->n);
	case MPSC_WAITING:
		return -EAGAIN;
	case MPSC_GRANTED:
		return r->chan->closed ? -EPIPE : 0;
	default:
		return -EPIPE;
	}
}

static enum poll reserve_poll(struct future *f, struct context *cx)
{
	struct mpsc_reserve *r = future_of(f, struct mpsc_reserve);
	struct waker mine = { 0 };
	int err;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	for (;;) {
		lock_acquire(&r->chan->lock);
		err = reserve_step(r);
		if (err != -EAGAIN)
			break;
		if (mpsc__wait(r->chan, &r->place, cx->waker, &mine)) {
			waker_drop(&mine);
			return POLL_PENDING;
		}
	}
	r->err = err;
	r->permit = permit_for(r->chan, err ? 0 : r->n);
	/* Closed between the grant and this poll: too late; the receiver may wait for it. */
	mpsc__release(r->chan, err && r->place.stage == MPSC_GRANTED ? r->n : 0);
	waker_drop(&mine);
	context_spend(cx);
	return POLL_READY;
}

static void reserve_drop(struct future *f)
{
	struct mpsc_reserve *r = future_of(f, struct mpsc_reserve);

	mpsc__cancel(r->chan, &r->place);
}

static const struct future_ops reserve_ops = FUTURE_OPS("mpsc_reserve", reserve_poll, reserve_drop);

struct future *mpsc_reserve(struct mpsc_reserve *r, const struct mpsc_sender *tx, size_t n)
{
	*r = (struct mpsc_reserve){ .future = future_init(&reserve_ops),
				    .chan = tx->chan,
				    .place = { .n_wanted = (uint32_t)n },
				    .n = n,
				    .err = -ECANCELED };
	return &r->future;
}

void mpsc__permit_send(struct mpsc_permit *permit, void *item, size_t len)
{
	struct mpsc *ch = permit->chan;
	void (*drop_item)(void *item) = NULL;

	if (!ch || permit->n == 0)
		bug("mpsc_permit_send", "the permit has no slot left", __FILE__, __LINE__);
	mpsc__check_item(ch, len, "mpsc_permit_send");
	if (--permit->n == 0)
		permit->chan = NULL;
	lock_acquire(&ch->lock);
	ch->n_reserved--;
	if (ch->receiver_gone) {
		ch->n_free++;
		drop_item = ch->drop_item; /* called when the channel may be gone */
	} else {
		bug_unless(mpsc__has_room(ch));
		mpsc__put(ch, item);
	}
	mpsc__leave(ch);
	if (drop_item)
		drop_item(item);
}

void mpsc_permit_drop(struct mpsc_permit *permit)
{
	struct mpsc_permit left = *permit;

	*permit = (struct mpsc_permit){ 0 };
	if (!left.chan)
		return;
	lock_acquire(&left.chan->lock);
	mpsc__release(left.chan, left.n);
}
