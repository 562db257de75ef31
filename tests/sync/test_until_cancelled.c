/* A child that is polled as long as its token is live. */
#include "cancel_token_scene.h"

#include "future/leaf.h"
#include "sync/until_cancelled.h"

static int held;
static struct leaf child;

static struct future *build(struct until_cancelled *u, const struct cancel_token *t, int left)
{
	held = 0;
	return until_cancelled(u, t, leaf(&child, left, &held, 7));
}

static void end(struct until_cancelled *u, struct cancel_token *t, struct t_waker *w)
{
	future_drop(&u->future);
	CHECK(future_is_over(&child.future) && future_is_over(&u->cancelled.future));
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(w), 0);
	cancel_token_drop(t);
	nothing_is_left();
}

/* BEH util/future::ready_fut_with_cancellation_token_test */
/* BEH util/future::ready_fut_with_cancellation_owned_token_test */
TEST(until_cancelled, a_child_that_is_ready_wins_over_a_live_token)
{
	struct cancel_token t = root();
	struct until_cancelled u;
	struct t_waker w = t_waker();

	CHECK_EQ(t_poll(build(&u, &t, 0), &w), POLL_READY);
	CHECK(!u.was_cancelled);
	CHECK_EQ(child.value, 7);
	CHECK_EQ(w.clones, 0);
	end(&u, &t, &w);
}

/* BEH util/future::pending_fut_with_cancellation_token_test */
/* BEH util/future::pending_fut_with_cancellation_token_owned_test */
TEST(until_cancelled, a_child_that_waits_under_a_live_token_waits)
{
	struct cancel_token t = root();
	struct until_cancelled u;
	struct t_waker w = t_waker();

	CHECK_EQ(t_poll(build(&u, &t, LEAF_SHUT), &w), POLL_PENDING);
	CHECK_EQ(t_poll(&u.future, &w), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(child.polls, 2);
	end(&u, &t, &w);
}

/* BEH util/future::ready_fut_with_already_cancelled_token_test */
/* BEH util/future::ready_fut_with_already_cancelled_token_owned_test */
/* BEH util/future::pending_fut_with_already_cancelled_token_test */
/* BEH util/future::pending_fut_with_already_cancelled_token_owned_test */
TEST(until_cancelled, under_a_cancelled_token_the_child_is_not_even_polled)
{
	for (int i = 0; i < 2; i++) {
		struct cancel_token t = root();
		struct until_cancelled u;
		struct t_waker w = t_waker();

		cancel_token_cancel(&t);
		CHECK_EQ(t_poll(build(&u, &t, i ? LEAF_SHUT : 0), &w), POLL_READY);
		CHECK(u.was_cancelled);
		CHECK_EQ(child.polls, 0);
		end(&u, &t, &w);
	}
}

/* BEH util/future::pending_fut_with_token_cancelled_test */
/* BEH util/future::pending_fut_with_owned_token_cancelled_test */
TEST(until_cancelled, a_cancel_wakes_it_and_drops_the_child)
{
	struct cancel_token t = root();
	struct until_cancelled u;
	struct t_waker w = t_waker();

	CHECK_EQ(t_poll(build(&u, &t, LEAF_SHUT), &w), POLL_PENDING);
	CHECK_EQ(held, 1);
	cancel_token_cancel(&t);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&u.future, &w), POLL_READY);
	CHECK(u.was_cancelled);
	CHECK_EQ(held, 0);
	end(&u, &t, &w);
}

/* BEH util/future::pending_only_on_first_poll_with_cancellation_token_test */
/* BEH util/future::pending_only_on_first_poll_with_cancellation_token_owned_test */
/* BEH util/sync_cancellation_token::run_until_cancelled_test */
TEST(until_cancelled, once_cancelled_a_child_that_would_be_ready_is_not_polled_again)
{
	struct cancel_token t = root();
	struct until_cancelled u;
	struct t_waker w = t_waker();

	CHECK_EQ(t_poll(build(&u, &t, 1), &w), POLL_PENDING);
	cancel_token_cancel(&t);
	CHECK_EQ(t_poll(&u.future, &w), POLL_READY);
	CHECK(u.was_cancelled);
	CHECK_EQ(child.polls, 1);
	end(&u, &t, &w);
}

TEST(until_cancelled, a_child_that_wakes_up_in_time_wins_and_leaves_the_token)
{
	struct cancel_token t = root();
	struct until_cancelled u;
	struct t_waker w = t_waker();

	CHECK_EQ(t_poll(build(&u, &t, LEAF_SHUT), &w), POLL_PENDING);
	leaf_open(&child);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&u.future, &w), POLL_READY);
	CHECK(!u.was_cancelled);
	cancel_token_cancel(&t);
	CHECK_EQ(t_wakes(&w), 0);
	end(&u, &t, &w);
}

/* A child that cancels its own token while it is polled. */
struct canceller {
	struct future future;
	const struct cancel_token *token;
	enum poll says;
};

static enum poll canceller_poll(struct future *f, struct context *cx)
{
	struct canceller *s = future_of(f, struct canceller);

	(void)cx;
	cancel_token_cancel(s->token);
	return s->says;
}

static const struct future_ops canceller_ops = FUTURE_OPS("canceller", canceller_poll, NULL);

static struct future *canceller(struct canceller *s, const struct cancel_token *t, enum poll says)
{
	*s = (struct canceller){ .future = future_init(&canceller_ops), .token = t, .says = says };
	return &s->future;
}

TEST(until_cancelled, a_child_that_cancels_its_own_token_may_still_complete)
{
	for (int ready = 0; ready < 2; ready++) {
		struct cancel_token t = root();
		struct until_cancelled u;
		struct canceller s;
		struct t_waker w = t_waker();

		until_cancelled(&u, &t, canceller(&s, &t, ready ? POLL_READY : POLL_PENDING));
		CHECK_EQ(t_poll(&u.future, &w), POLL_READY);
		CHECK_EQ(u.was_cancelled, !ready);
		CHECK(future_is_over(&s.future));
		cancel_token_drop(&t);
		nothing_is_left();
	}
}

/* A child that spends all must not hide the token; and one loop over it must yield some time. */
TEST(until_cancelled, without_budget_it_yields_and_then_sees_the_token)
{
	struct cancel_token t = root();
	struct until_cancelled u;
	struct t_waker w = t_waker();
	unsigned budget = 0;

	CHECK_EQ(t_poll_budget(build(&u, &t, LEAF_SHUT), &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	cancel_token_cancel(&t);
	CHECK_EQ(t_poll_budget(&u.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&u.future, &w, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
	CHECK(u.was_cancelled);
	end(&u, &t, &w);
}

static bool cancelled_after(unsigned k)
{
	struct cancel_token t = root();
	struct until_cancelled u;
	struct t_waker w = t_waker();
	bool done = false;

	build(&u, &t, k % 2 ? LEAF_SHUT : 4);
	for (unsigned i = 0; i < k && !done; i++) {
		if (i == 6)
			cancel_token_cancel(&t);
		done = t_poll(&u.future, &w) == POLL_READY;
	}
	end(&u, &t, &w);
	return done && u.was_cancelled;
}

TEST(until_cancelled, at_every_poll_a_drop_drops_both)
{
	t_cancel_at_every_poll(cancelled_after);
}

TEST(until_cancelled, backtraces_go_through_to_the_child)
{
	struct cancel_token t = root();
	struct until_cancelled u;
	struct t_waker w = t_waker();

	build(&u, &t, LEAF_SHUT);
	CHECK_PTR(u.future.ops->child(&u.future, 0), &child.future);
	CHECK_PTR(u.future.ops->child(&u.future, 1), NULL);
	end(&u, &t, &w);
}
