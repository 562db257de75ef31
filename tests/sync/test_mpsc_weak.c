/* Weak senders: they hold the memory and nothing else, and become senders while there is one. */
#include "mpsc_scene.h"

#include "future/co.h"

/* Each test is for a bounded and for an unbounded channel. */
static const size_t both[] = { 0, 10 };
#define FOR_BOTH(capacity)                                                                         \
	for (size_t i_ = 0, capacity; i_ < 2 && (capacity = both[i_], true); i_++)

static bool upgrades(const struct mpsc_weak_sender *weak)
{
	struct mpsc_sender tx = mpsc_upgrade(weak);
	bool possible = tx.chan != NULL;

	mpsc_sender_drop(&tx);
	return possible;
}

static void counts_are(struct scene *s, const struct mpsc_weak_sender *weak, size_t n,
		       size_t n_weak)
{
	CHECK_EQ(mpsc_n_senders(&s->rx), n);
	CHECK_EQ(mpsc_n_weak_senders(&s->rx), n_weak);
	if (s->tx.chan) {
		CHECK_EQ(mpsc_n_senders(&s->tx), n);
		CHECK_EQ(mpsc_n_weak_senders(&s->tx), n_weak);
	}
	if (weak->chan) {
		CHECK_EQ(mpsc_n_senders(weak), n);
		CHECK_EQ(mpsc_n_weak_senders(weak), n_weak);
	}
}

/* BEH sync_mpsc_weak::weak_sender */
/* BEH sync_mpsc_weak::downgrade_upgrade_unbounded_sender_success */
/* BEH async-channel/bounded::weak */
TEST(mpsc_weak, it_sends_as_long_as_there_is_a_sender_and_in_order)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);
		struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx);
		struct mpsc_sender again = mpsc_upgrade(&weak);
		int n = 1;

		send(&s, 0);
		CHECK(again.chan != NULL && mpsc_same_channel(&again, &s.tx));
		CHECK_EQ(mpsc_try_send(&again, &n), 0);
		mpsc_sender_drop(&s.tx);
		receive(&s, 0);
		receive(&s, 1);
		receive_fails(&s, -EAGAIN);
		CHECK(upgrades(&weak));
		mpsc_sender_drop(&again);
		CHECK(!upgrades(&weak));
		receive_fails(&s, -EPIPE);
		mpsc_weak_sender_drop(&weak);
		scene_end(&s);
	}
}

/* BEH sync_mpsc_weak::downgrade_upgrade_sender_failure */
/* BEH sync_mpsc_weak::downgrade_drop_upgrade */
/* BEH sync_mpsc_weak::downgrade_drop_upgrade_unbounded */
TEST(mpsc_weak, without_a_sender_it_becomes_none_whoever_it_was_made_of)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);
		struct mpsc_sender other = mpsc_sender_clone(&s.tx);
		struct mpsc_weak_sender weak = mpsc_downgrade(&other);

		mpsc_sender_drop(&other);
		CHECK(upgrades(&weak));
		mpsc_sender_drop(&s.tx);
		CHECK(!upgrades(&weak));
		CHECK(!upgrades(&weak));
		mpsc_weak_sender_drop(&weak);
		scene_end(&s);
	}
}

TEST(mpsc_weak, items_that_are_left_do_not_make_a_sender)
{
	struct scene s = scene(10);
	struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx);

	send(&s, 1);
	mpsc_sender_drop(&s.tx);
	CHECK(!upgrades(&weak));
	receive(&s, 1);
	receive_fails(&s, -EPIPE);
	mpsc_weak_sender_drop(&weak);
	scene_end(&s);
}

/* BEH sync_mpsc_weak::downgrade_get_permit_upgrade_no_senders */
TEST(mpsc_weak, a_permit_is_as_good_as_a_sender)
{
	struct scene s = scene(10);
	struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx);
	struct mpsc_permit permit = reserve(&s, 1);

	mpsc_sender_drop(&s.tx);
	counts_are(&s, &weak, 0, 1);
	s.tx = mpsc_upgrade(&weak);
	CHECK(s.tx.chan != NULL);
	mpsc_permit_drop(&permit);
	receive_fails(&s, -EAGAIN);
	send(&s, 1);
	mpsc_sender_drop(&s.tx);
	CHECK(!upgrades(&weak));
	receive(&s, 1);
	receive_fails(&s, -EPIPE);
	mpsc_weak_sender_drop(&weak);
	scene_end(&s);
}

/* BEH sync_mpsc_weak::downgrade_upgrade_get_permit_no_senders */
TEST(mpsc_weak, it_can_become_a_sender_until_the_last_permit_is_used)
{
	struct scene s = scene(10);
	struct mpsc_sender other = mpsc_sender_clone(&s.tx);
	struct mpsc_weak_sender weak = mpsc_downgrade(&other);
	struct mpsc_permit permit = reserve(&s, 1);
	int n = 1;

	mpsc_sender_drop(&other);
	mpsc_sender_drop(&s.tx);
	CHECK(upgrades(&weak));
	mpsc_permit_send(&permit, &n);
	CHECK(!upgrades(&weak));
	receive(&s, 1);
	receive_fails(&s, -EPIPE);
	mpsc_weak_sender_drop(&weak);
	scene_end(&s);
}

TEST(mpsc_weak, a_channel_that_its_receiver_closed_still_has_its_senders)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);
		struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx);
		struct mpsc_sender again;
		int n = 1;

		mpsc_close(&s.rx);
		again = mpsc_upgrade(&weak);
		CHECK(again.chan != NULL);
		CHECK(mpsc_sender_is_closed(&again));
		CHECK_EQ(mpsc_try_send(&again, &n), -EPIPE);
		mpsc_sender_drop(&again);
		mpsc_weak_sender_drop(&weak);
		scene_end(&s);
	}
}

/* BEH sync_mpsc_weak::test_tx_count_weak_sender */
/* BEH sync_mpsc_weak::test_tx_count_weak_unbounded_sender */
/* BEH sync_mpsc_weak::sender_weak_count_when_downgraded */
/* BEH sync_mpsc_weak::sender_strong_count_when_dropped */
/* BEH sync_mpsc_weak::unbounded_sender_strong_count_when_dropped */
/* BEH sync_mpsc_weak::unbounded_sender_weak_count_when_dropped */
/* BEH sync_mpsc_weak::sender_strong_and_weak_conut */
/* BEH sync_mpsc_weak::unbounded_sender_strong_and_weak_conut */
TEST(mpsc_weak, both_counts_are_the_same_from_every_handle)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);
		struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx), more;
		struct mpsc_sender again;

		counts_are(&s, &weak, 1, 1);
		more = mpsc_weak_sender_clone(&weak);
		counts_are(&s, &more, 1, 2);
		again = mpsc_upgrade(&more);
		counts_are(&s, &weak, 2, 2);
		mpsc_weak_sender_drop(&weak);
		mpsc_weak_sender_drop(&weak);
		counts_are(&s, &more, 2, 1);
		mpsc_sender_drop(&s.tx);
		counts_are(&s, &more, 1, 1);
		mpsc_sender_drop(&again);
		counts_are(&s, &more, 0, 1);
		mpsc_weak_sender_drop(&more);
		counts_are(&s, &more, 0, 0);
		scene_end(&s);
	}
}

/* BEH sync_mpsc_weak::test_rx_unbounded_is_closed_when_dropping_all_senders_except_weak_senders */
TEST(mpsc_weak, the_receiver_is_told_of_the_end_although_a_weak_one_lives)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);
		struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx);
		struct mpsc_recv recv;
		struct t_waker w = t_waker();
		int slot;

		CHECK(!mpsc_receiver_is_closed(&s.rx));
		CHECK_EQ(t_poll(mpsc_recv(&recv, &s.rx, &slot), &w), POLL_PENDING);
		mpsc_sender_drop(&s.tx);
		CHECK(mpsc_receiver_is_closed(&s.rx));
		CHECK_EQ(t_wakes(&w), 1);
		CHECK_EQ(t_poll(&recv.future, &w), POLL_READY);
		CHECK_EQ(recv.err, -EPIPE);
		mpsc_weak_sender_drop(&weak);
		scene_end(&s);
	}
}

/* Whichever handle is the last one frees the channel. */
TEST(mpsc_weak, the_memory_goes_with_the_last_handle_of_any_kind)
{
	FOR_BOTH(capacity) {
		for (int last = 0; last < 3; last++) {
			struct scene s = scene(capacity);
			struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx);

			send(&s, 1);
			for (int i = 0; i < 3; i++) {
				int which = (last + 1 + i) % 3;

				CHECK(t_mem_live() > 0);
				if (which == 0)
					mpsc_sender_drop(&s.tx);
				else if (which == 1)
					mpsc_receiver_drop(&s.rx);
				else
					mpsc_weak_sender_drop(&weak);
			}
			CHECK_EQ(t_mem_live(), 0);
		}
	}
}

static int n_destroyed;

static void counts_destroyed(void *item)
{
	(void)item;
	n_destroyed++;
}

/* BEH sync_mpsc_weak::test_msgs_dropped_on_rx_drop */
/* BEH sync_mpsc_weak::test_msgs_dropped_on_unbounded_rx_drop */
TEST(mpsc_weak, items_go_with_the_receiver_and_not_with_the_last_weak_one)
{
	FOR_BOTH(capacity) {
		struct scene s = scene_with_drop(capacity, counts_destroyed);
		struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx);
		struct mpsc_sender again;
		int n = 1;

		n_destroyed = 0;
		send(&s, 1);
		send(&s, 2);
		mpsc_receiver_drop(&s.rx);
		CHECK_EQ(n_destroyed, 2);
		again = mpsc_upgrade(&weak);
		CHECK_EQ(mpsc_try_send(&again, &n), -EPIPE);
		CHECK_EQ(n_destroyed, 2);
		mpsc_sender_drop(&again);
		mpsc_weak_sender_drop(&weak);
		scene_end(&s);
	}
}

/* A waker that gives up the last handle, from inside the call that gives up the one before. */
static void drops_weak(void *arg)
{
	mpsc_weak_sender_drop(arg);
}

TEST(mpsc_weak, a_waker_that_is_told_of_the_end_may_give_up_the_weak_one)
{
	struct scene s = scene(1);
	struct mpsc_weak_sender weak = mpsc_downgrade(&s.tx);
	struct mpsc_recv recv;
	struct t_waker w = t_waker();
	int slot;

	w.on_wake = drops_weak;
	w.arg = &weak;
	CHECK_EQ(t_poll(mpsc_recv(&recv, &s.rx, &slot), &w), POLL_PENDING);
	mpsc_sender_drop(&s.tx);
	CHECK_PTR(weak.chan, NULL);
	CHECK_EQ(t_poll(&recv.future, &w), POLL_READY);
	CHECK_EQ(recv.err, -EPIPE);
	scene_end(&s);
}

/* --- An actor, which has a weak sender to itself --- */

struct actor {
	struct co co;
	struct mpsc_receiver rx;    /* owned, both */
	struct mpsc_weak_sender me;
	struct mpsc_recv recv;
	int n, n_received;
};

static void sends_to_itself(struct actor *f, int n)
{
	struct mpsc_sender tx = mpsc_upgrade(&f->me);

	if (tx.chan)
		CHECK_EQ(mpsc_try_send(&tx, &n), 0);
	mpsc_sender_drop(&tx);
}

static enum poll actor_run(struct co *co, struct context *cx)
{
	struct actor *const f = co_frame(co, struct actor);

	co_begin(co);
	for (;;) {
		co_await(mpsc_recv(&f->recv, &f->rx, &f->n));
		if (f->recv.err)
			co_return;
		f->n_received++;
		if (f->n > 0)
			sends_to_itself(f, f->n - 1);
	}
	co_finally {
		mpsc_weak_sender_drop(&f->me);
		mpsc_receiver_drop(&f->rx);
	}
	co_end;
}

static struct future *actor(struct actor *f, struct mpsc_receiver rx, struct mpsc_weak_sender me)
{
	*f = (struct actor){ .co = co_init(actor_run), .rx = rx, .me = me };
	return &f->co.future;
}

/* BEH sync_mpsc_weak::actor_weak_sender */
TEST(mpsc_weak, an_actor_that_can_send_to_itself_ends_with_its_last_handle)
{
	FOR_BOTH(capacity) {
		struct scene s = scene(capacity);
		struct actor a;
		struct t_waker w = t_waker();

		actor(&a, s.rx, mpsc_downgrade(&s.tx));
		CHECK_EQ(t_poll(&a.co.future, &w), POLL_PENDING);
		send(&s, 3);
		CHECK_EQ(t_poll(&a.co.future, &w), POLL_PENDING);
		CHECK_EQ(a.n_received, 4);
		mpsc_sender_drop(&s.tx);
		CHECK_EQ(t_poll(&a.co.future, &w), POLL_READY);
		CHECK_EQ(t_mem_live(), 0);
	}
}

TEST_BUG(mpsc_weak, more_weak_senders_given_up_than_there_are_is_a_bug)
{
	struct scene s = scene(1);
	struct mpsc_weak_sender forged = { s.tx.chan };

	mpsc_weak_sender_drop(&forged);
}
