/* cancel_token: a tree that is cancelled while it grows, shrinks and is waited for. */
#include "sync/cancel_token.h"

#include "explore/scenarios/scene.h"

static struct cancel_token top, middle, bottom;

static void setup(void)
{
	CHECK_EQ(cancel_token_init(&top), 0);
	CHECK_EQ(cancel_token_child(&middle, &top), 0);
	CHECK_EQ(cancel_token_child(&bottom, &middle), 0);
}

static void setup_clones(void)
{
	CHECK_EQ(cancel_token_init(&top), 0);
	middle = cancel_token_clone(&top);
	bottom = cancel_token_clone(&top);
}

static void await(struct cancel_token *t)
{
	struct cancelled *c = frame_new(cancelled);

	explore_await(cancelled(c, t));
	frame_free(c);
	CHECK(cancel_token_is_cancelled(t));
	cancel_token_drop(t);
}

static void cancel(struct cancel_token *t)
{
	cancel_token_cancel(t);
	CHECK(cancel_token_is_cancelled(t));
	cancel_token_drop(t);
}

static void cancel_top(void)
{
	cancel(&top);
}

static void cancel_middle(void)
{
	cancel(&middle);
}

static void cancel_bottom(void)
{
	cancel(&bottom);
}

static void drop_top(void)
{
	cancel_token_drop(&top);
}

static void drop_middle(void)
{
	cancel_token_drop(&middle);
}

static void drop_bottom(void)
{
	cancel_token_drop(&bottom);
}

static void await_middle(void)
{
	await(&middle);
}

static void await_bottom(void)
{
	await(&bottom);
}

/* Another waker at each poll: the queue's is replaced while it is perhaps being taken. */
static void await_bottom_with_two_wakers(void)
{
	static struct sleeper stranger;
	struct cancelled *c = frame_new(cancelled);

	stranger = (struct sleeper){ 0 };
	cancelled(c, &bottom);
	if (explore_poll(&c->future, &stranger) == POLL_PENDING)
		explore_await(&c->future);
	frame_free(c);
	cancel_token_drop(&bottom);
}

static void poll_bottom_and_drop(void)
{
	struct cancelled *c = frame_new(cancelled);

	explore_poll(cancelled(c, &bottom), explore_me());
	future_drop(&c->future);
	frame_free(c);
	cancel_token_drop(&bottom);
}

static void make_one_below_middle_and_await(void)
{
	struct cancel_token below;

	CHECK_EQ(cancel_token_child(&below, &middle), 0);
	cancel_token_drop(&middle);
	await(&below);
}

/* When a cancel returns, all below are cancelled: also if another one had come first. */
static void cancel_middle_and_look(void)
{
	cancel_token_cancel(&middle);
	CHECK(cancel_token_is_cancelled(&bottom));
	cancel_token_drop(&middle);
	cancel_token_drop(&bottom);
}

/* BEH util-src/sync/tests/loom_cancellation_token::cancel_token */
/* BEH util-src/sync/tests/loom_cancellation_token::cancel_token_owned */
SCENARIO(cancel_token_cancel_against_await, .setup = setup_clones, .thread = { cancel_top, await_middle },
	 .check = drop_bottom);
SCENARIO(cancel_token_cancel_against_two_who_wait, .setup = setup_clones,
	 .thread = { cancel_top, await_middle, await_bottom });
SCENARIO(cancel_token_cancel_against_a_change_of_wakers, .setup = setup_clones, .check = drop_middle,
	 .thread = { cancel_top, await_bottom_with_two_wakers });
SCENARIO(cancel_token_cancel_against_poll_and_drop, .setup = setup, .check = drop_middle,
	 .thread = { cancel_top, poll_bottom_and_drop });
/* BEH util-src/sync/tests/loom_cancellation_token::cancel_with_child */
SCENARIO(cancel_token_cancel_reaches_those_below, .setup = setup,
	 .thread = { cancel_top, await_middle, await_bottom });
SCENARIO(cancel_token_cancel_reaches_past_one_that_goes, .setup = setup,
	 .thread = { cancel_top, drop_middle, await_bottom });
SCENARIO(cancel_token_cancel_against_a_new_child, .setup = setup,
	 .thread = { cancel_top, make_one_below_middle_and_await, drop_bottom });
SCENARIO(cancel_token_two_cancels_of_one_subtree, .setup = setup,
	 .thread = { cancel_top, cancel_middle_and_look });
SCENARIO(cancel_token_three_cancels, .setup = setup, .thread = { cancel_top, cancel_middle, cancel_bottom });
/* BEH util-src/sync/tests/loom_cancellation_token::drop_token_no_child */
SCENARIO(cancel_token_clones_go_at_once, .setup = setup_clones,
	 .thread = { drop_top, drop_middle, drop_bottom });
/* BEH util-src/sync/tests/loom_cancellation_token::drop_token_with_children */
SCENARIO(cancel_token_a_tree_goes_at_once, .setup = setup, .thread = { drop_top, drop_middle, drop_bottom });
/* BEH util-src/sync/tests/loom_cancellation_token::drop_and_cancel_token */
SCENARIO(cancel_token_drops_against_a_cancel_below, .setup = setup,
	 .thread = { drop_top, drop_middle, cancel_bottom });
SCENARIO(cancel_token_drops_against_a_cancel_above, .setup = setup,
	 .thread = { cancel_top, drop_middle, drop_bottom });

/* What was written before a cancel is seen by who learns of it, also without the lock. */
static int written;

static void write_and_cancel_top(void)
{
	written = 7;
	cancel_token_cancel(&top);
}

static void ask_middle_and_read(void)
{
	while (!cancel_token_is_cancelled(&middle))
		explore_yield();
	CHECK_EQ(written, 7);
}

static void drop_all(void)
{
	drop_top();
	drop_middle();
	drop_bottom();
}

SCENARIO(cancel_token_cancel_tells_what_was_before, .setup = setup, .check = drop_all,
	 .thread = { write_and_cancel_top, ask_middle_and_read });
