/*
 * mpsc_weak: handles that do not keep the channel open. See mpsc.h.
 *
 * The one idea: to the channel a weak sender is one more hold on its memory, like the receiver's,
 * and so nothing that sends or receives has to know of it. It cannot send; it can only become a
 * sender, as long as there is anybody whom the receiver would wait for.
 */
#include "sync/mpsc_chan.h"

static struct mpsc_weak_sender new_weak(struct mpsc *ch)
{
	lock_acquire(&ch->lock);
	ch->n_weak++;
	ch->n_holds++;
	lock_release(&ch->lock);
	return (struct mpsc_weak_sender){ ch };
}

struct mpsc_weak_sender mpsc_downgrade(const struct mpsc_sender *tx)
{
	return new_weak(tx->chan);
}

struct mpsc_weak_sender mpsc_weak_sender_clone(const struct mpsc_weak_sender *weak)
{
	return new_weak(weak->chan);
}

void mpsc_weak_sender_drop(struct mpsc_weak_sender *weak)
{
	struct mpsc *ch = weak->chan;

	if (!ch)
		return;
	weak->chan = NULL;
	lock_acquire(&ch->lock);
	bug_unless(ch->n_weak > 0);
	ch->n_weak--;
	ch->n_holds--;
	mpsc__leave(ch);
}

struct mpsc_sender mpsc_upgrade(const struct mpsc_weak_sender *weak)
{
	struct mpsc *ch = weak->chan;
	bool possible;

	lock_acquire(&ch->lock);
	possible = mpsc__has_senders(ch);
	ch->n_senders += possible;
	lock_release(&ch->lock);
	return (struct mpsc_sender){ possible ? ch : NULL };
}

size_t mpsc__n_weak_senders(struct mpsc *ch)
{
	size_t n;

	lock_acquire(&ch->lock);
	n = ch->n_weak;
	lock_release(&ch->lock);
	return n;
}
