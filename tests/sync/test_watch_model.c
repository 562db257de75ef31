/*
 * The watch against a naive model: 100,000 random steps, after each of which both must agree. The
 * model keeps, for each receiver, whether there is something new to it, and for each waiter whether
 * it was told.
 */
#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <stdint.h>

#include "sync/watch.h"

enum { N_SLOTS = 24, N_TX = 3, N_STEPS = 100000, WANTED = 5 };

enum waiting { NOTHING, CHANGED, WAIT_FOR };

/* A receiver and the future that waits on it. */
static struct slot {
	struct watch_receiver rx; /* no channel: free */
	struct watch_changed changed;
	struct watch_wait_for wait;
	int copy;
	struct t_waker waker[2];
	int using; /* which of the two wakers */

	/* in the model */
	bool is_new;                 /* there is a value that it has not seen */
	bool is_judged;              /* the present value was not what it waits for */
	enum waiting waiting;        /* what it was built for */
	bool is_queued;              /* polled, and not told since */
} slot[N_SLOTS];

static struct watch_sender tx[N_TX];
static struct watch_closed closed; /* on tx[0] */
static struct t_waker closed_waker;
static bool closed_is_queued;

static struct {
	int value;
	unsigned n_tx, n_rx;
} model;

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static void must_be_woken(struct slot *s, int n)
{
	CHECK_EQ(t_wakes(&s->waker[s->using]), n);
	CHECK_EQ(t_wakes(&s->waker[!s->using]), 0);
}

static void model_tell_all(void)
{
	for (struct slot *s = slot; s < slot + N_SLOTS; s++) {
		must_be_woken(s, s->is_queued);
		s->is_queued = false;
	}
}

static void model_change(int value)
{
	model.value = value;
	for (struct slot *s = slot; s < slot + N_SLOTS; s++) {
		s->is_new = true;
		s->is_judged = false;
	}
	model_tell_all();
}

static void model_receivers(int more)
{
	model.n_rx += (unsigned)more;
	if (model.n_rx > 0)
		return;
	CHECK_EQ(t_wakes(&closed_waker), closed_is_queued);
	closed_is_queued = false;
}

/* --- Senders --- */

static bool set_value(void *item, void *arg)
{
	*(int *)item = *(int *)arg;
	return *(int *)arg % 2;
}

static void use_sender(struct watch_sender *t)
{
	int value = (int)below(10);

	if (!t->chan) {
		if (tx[0].chan) {
			*t = watch_sender_clone(&tx[0]);
			model.n_tx++;
		}
	} else if (below(8) == 0 && t != tx) {
		watch_sender_drop(t);
		model.n_tx--;
	} else if (below(3) == 0) {
		CHECK_EQ(watch_modify(t, set_value, &value), value % 2);
		model.value = value;
		if (value % 2)
			model_change(value);
	} else if (below(2) == 0) {
		watch_replace(t, &value);
		model_change(value);
	} else if (model.n_rx == 0) {
		CHECK_EQ(watch_send(t, &value), -EPIPE);
	} else {
		CHECK_EQ(watch_send(t, &value), 0);
		model_change(value);
	}
}

static void use_closed(void)
{
	if (!tx[0].chan)
		return;
	if (!future_is_live(&closed.future)) {
		watch_closed(&closed, &tx[0]);
	} else if (below(3) == 0) {
		future_drop(&closed.future);
		closed_is_queued = false;
	} else {
		enum poll polled = t_poll(&closed.future, &closed_waker);

		CHECK_EQ(polled == POLL_READY, model.n_rx == 0);
		closed_is_queued = polled == POLL_PENDING;
	}
}

/* --- Receivers --- */

static bool is_wanted(const void *item, void *arg)
{
	(void)arg;
	return *(const int *)item == WANTED;
}

static void poll_changed(struct slot *s, enum poll polled)
{
	bool ready = s->is_new || model.n_tx == 0;

	CHECK_EQ(polled == POLL_READY, ready);
	if (ready)
		CHECK_EQ(s->changed.err, s->is_new ? 0 : -EPIPE);
	s->is_new = false;
}

static void poll_wait_for(struct slot *s, enum poll polled)
{
	bool judges = !s->is_judged, wanted = judges && model.value == WANTED;

	CHECK_EQ(polled == POLL_READY, wanted || model.n_tx == 0);
	if (polled == POLL_READY)
		CHECK_EQ(s->wait.err, wanted ? 0 : -EPIPE);
	if (wanted)
		CHECK_EQ(s->copy, WANTED);
	if (judges)
		s->is_new = false;
	s->is_judged = true;
}

static void use_future(struct slot *s)
{
	struct future *f = s->waiting == CHANGED ? &s->changed.future : &s->wait.future;
	enum poll polled;

	if (below(4) == 0) {
		future_drop(f);
		s->waiting = NOTHING;
		s->is_queued = false;
		return;
	}
	s->using = (int)below(2);
	polled = t_poll(f, &s->waker[s->using]);
	if (s->waiting == CHANGED)
		poll_changed(s, polled);
	else
		poll_wait_for(s, polled);
	s->is_queued = polled == POLL_PENDING;
	if (polled == POLL_READY)
		s->waiting = NOTHING;
}

static void build_future(struct slot *s)
{
	s->waiting = below(2) ? CHANGED : WAIT_FOR;
	s->is_judged = false;
	if (s->waiting == CHANGED)
		watch_changed(&s->changed, &s->rx);
	else
		watch_wait_for(&s->wait, &s->rx, &s->copy, is_wanted, NULL);
}

static void look_with(struct slot *s)
{
	int value = -1;

	switch (below(4)) {
	case 0:
		watch_mark_changed(&s->rx);
		s->is_new = true;
		return;
	case 1:
		watch_mark_unchanged(&s->rx);
		s->is_new = false;
		return;
	case 2:
		CHECK_EQ(watch_get(&s->rx, &value), 0);
		break;
	default:
		CHECK_EQ(watch_get_update(&s->rx, &value), 0);
		s->is_new = false;
	}
	CHECK_EQ(value, model.value);
}

/* A free slot subscribes, or becomes the clone of another one. */
static void fill(struct slot *s)
{
	struct slot *other = &slot[below(N_SLOTS)];

	if (other->rx.chan) {
		s->rx = watch_receiver_clone(&other->rx);
		s->is_new = other->is_new;
	} else if (tx[0].chan) {
		s->rx = watch_subscribe(&tx[0]);
		s->is_new = false;
	} else {
		return;
	}
	model_receivers(1);
}

static void use_receiver(struct slot *s)
{
	unsigned what = below(16);

	if (!s->rx.chan) {
		if (what == 0)
			fill(s);
	} else if (s->waiting) {
		use_future(s);
	} else if (what < 8) {
		build_future(s);
	} else if (what < 14) {
		look_with(s);
	} else {
		watch_receiver_drop(&s->rx);
		model_receivers(-1);
	}
}

static void check_agreement(void)
{
	for (struct slot *s = slot; s < slot + N_SLOTS; s++) {
		must_be_woken(s, 0);
		CHECK_EQ(t_held(&s->waker[s->using]), s->is_queued);
		CHECK_EQ(t_held(&s->waker[!s->using]), 0);
		if (s->rx.chan)
			CHECK_EQ(watch_has_changed(&s->rx), model.n_tx ? s->is_new : -EPIPE);
	}
	CHECK_EQ(t_wakes(&closed_waker), 0);
	CHECK_EQ(t_held(&closed_waker), closed_is_queued);
	if (tx[0].chan)
		CHECK_EQ(watch_n_receivers(&tx[0]), model.n_rx);
}

/* --- A round --- */

static void begin_round(void)
{
	memset(slot, 0, sizeof slot);
	memset(tx, 0, sizeof tx);
	closed_waker = t_waker();
	CHECK_EQ(watch_open(&tx[0], &slot[0].rx, int, &(int){ 0 }, NULL, NULL), 0);
	model.value = 0;
	model.n_tx = model.n_rx = 1;
}

static void step(void)
{
	unsigned what = below(100);

	if (what < 15)
		use_sender(&tx[below(N_TX)]);
	else if (what < 20)
		use_closed();
	else
		use_receiver(&slot[below(N_SLOTS)]);
	check_agreement();
}

/* All senders go: who waits is told by the last, and only by the last. */
static void drop_senders(void)
{
	future_drop(&closed.future);
	closed_is_queued = false;
	for (int i = N_TX - 1; i >= 0; i--) {
		check_agreement();
		model.n_tx -= tx[i].chan != NULL;
		watch_sender_drop(&tx[i]);
	}
	model_tell_all();
}

static void end_round(void)
{
	for (struct slot *s = slot; s < slot + N_SLOTS; s++) {
		if (s->waiting)
			future_drop(s->waiting == CHANGED ? &s->changed.future : &s->wait.future);
		watch_receiver_drop(&s->rx);
	}
	CHECK_EQ(t_mem_live(), 0);
}

TEST(watch_model, agrees_with_a_naive_one_over_many_random_steps)
{
	t_mem_begin();
	for (unsigned round = 0; round < N_STEPS / 1000; round++) {
		seed = round + 1;
		begin_round();
		for (int i = 0; i < 900; i++)
			step();
		drop_senders();
		for (int i = 0; i < 100; i++)
			step();
		end_round();
	}
}
