/* fuse: a future that outlives the awaits it takes part in. */
#include "future/fuse.h"

#include "future/co.h"
#include "future/join.h"
#include "future/leaf.h"
#include "future/ready.h"
#include "future/select.h"
#include "t.h"
#include "t_future.h"

/* BEH futures-rs/futures/future_fuse::fuse */
TEST(fuse, after_ready_the_child_is_never_polled_again)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf l;
	struct fuse u;

	fuse(&u, leaf(&l, 0, &held, 1));
	CHECK_EQ(t_poll(fuse_again(&u), &w), POLL_READY);
	CHECK(fuse_is_terminated(&u));
	CHECK_PTR(fuse_again(&u), NULL);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(t_poll(&u.future, &w), POLL_PENDING);
	CHECK_EQ(l.polls, 1);
	CHECK_EQ(t_wakes(&w), 0);
	future_drop(&u.future);
}

TEST(fuse, awaited_as_a_whole_is_its_child)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf l;
	struct fuse u;

	fuse(&u, leaf(&l, 1, &held, 1));
	CHECK(!fuse_is_terminated(&u));
	CHECK_EQ(t_poll(&u.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&u.future, &w), POLL_READY);
	CHECK(fuse_is_terminated(&u));
	CHECK_PTR(fuse_again(&u), NULL);
}

TEST(fuse, dropping_a_loan_leaves_the_child_alone)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf l;
	struct fuse u;

	fuse(&u, leaf(&l, LEAF_SHUT, &held, 1));
	for (int i = 1; i <= 3; i++) {
		CHECK_EQ(t_poll(fuse_again(&u), &w), POLL_PENDING);
		future_drop(&u.loan);
		CHECK_EQ(held, 1);
		CHECK_EQ(l.polls, i);
	}
	leaf_open(&l);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(fuse_again(&u), &w), POLL_READY);
	future_drop(&u.future);
	CHECK_EQ(t_held(&w), 0);
}

TEST(fuse, dropped_drops_the_child_and_any_loan)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf l;
	struct fuse u;

	fuse(&u, leaf(&l, LEAF_SHUT, &held, 1));
	CHECK_EQ(t_poll(fuse_again(&u), &w), POLL_PENDING);
	future_drop(&u.future);
	CHECK_EQ(held, 0);
	CHECK(future_is_over(&u.loan));
	CHECK(fuse_is_terminated(&u));
	CHECK_PTR(fuse_again(&u), NULL);
	CHECK_EQ(t_held(&w), 0);
}

TEST(fuse, that_was_never_built_may_be_dropped_and_is_terminated)
{
	struct fuse u = { 0 };

	future_drop(&u.future);
	CHECK(fuse_is_terminated(&u));
}

TEST(fuse, inside_a_join_counts_as_done_when_it_is)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct fuse u;
	struct join both;

	join(&both, fuse(&u, leaf(&a, 0, &held, 1)), leaf(&b, 2, &held, 2));
	CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&both.future, &w), POLL_READY);
}

TEST(fuse, shows_a_backtrace_the_child_while_it_lives)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf l;
	struct fuse u;
	struct future *loan;

	fuse(&u, leaf(&l, 1, &held, 1));
	loan = fuse_again(&u);
	CHECK_PTR(u.future.ops->child(&u.future, 0), &l.future);
	CHECK_PTR(loan->ops->child(loan, 0), &l.future);
	CHECK_PTR(loan->ops->child(loan, 1), NULL);
	t_poll(loan, &w);
	t_poll(loan, &w);
	CHECK_PTR(u.future.ops->child(&u.future, 0), NULL);
	CHECK_STR(future_name(loan), "fuse_again");
	future_drop(&u.future);
}

/* Two long-lived futures and one new one in each round, until both long-lived ones have ended. */
struct rounds {
	struct co co;
	struct leaf a, b, tick;
	struct fuse fa, fb;
	struct select race;
	int *held;
	int n_rounds, a_at, b_at; /* in which round each won */
};

static enum poll rounds_run(struct co *co, struct context *cx)
{
	struct rounds *const f = co_frame(co, struct rounds);

	co_begin(co);
	fuse(&f->fa, leaf(&f->a, 5, f->held, 1));
	fuse(&f->fb, leaf(&f->b, 9, f->held, 2));
	while (!fuse_is_terminated(&f->fa) || !fuse_is_terminated(&f->fb)) {
		co_await(select_first(&f->race, fuse_again(&f->fa), fuse_again(&f->fb),
				      leaf(&f->tick, 1, f->held, 3)));
		f->n_rounds++;
		if (f->race.winner == 0)
			f->a_at = f->n_rounds;
		if (f->race.winner == 1)
			f->b_at = f->n_rounds;
	}
	co_finally {
		future_drop(&f->fa.future);
		future_drop(&f->fb.future);
	}
	co_end;
}

static struct future *rounds(struct rounds *f, int *held)
{
	*f = (struct rounds){ .co = co_init(rounds_run), .held = held };
	return &f->co.future;
}

TEST(fuse, keeps_its_place_through_the_rounds_of_a_loop)
{
	struct t_waker w = t_waker();
	struct rounds f;
	int held = 0;

	rounds(&f, &held);
	while (t_poll(&f.co.future, &w) == POLL_PENDING)
		CHECK_EQ(t_wakes(&w) > 0, 1);
	CHECK(f.a_at > 0 && f.a_at < f.b_at);
	CHECK_EQ(f.b_at, f.n_rounds);
	CHECK_EQ(f.a.polls, 6);
	CHECK_EQ(f.b.polls, 10);
	CHECK_EQ(held, 0);
}

static bool cancelled_after(unsigned k)
{
	struct t_waker w = t_waker();
	bool completed = false;
	struct rounds f;
	int held = 0;

	rounds(&f, &held);
	for (unsigned i = 0; i < k && !completed; i++)
		completed = t_poll(&f.co.future, &w) == POLL_READY;
	future_drop(&f.co.future);
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
	return completed;
}

TEST(fuse, cancelled_at_any_poll_leaves_nothing_behind)
{
	t_cancel_at_every_poll(cancelled_after);
}

TEST_BUG(fuse, can_be_lent_to_one_await_at_a_time)
{
	int held = 0;
	struct leaf l;
	struct fuse u;

	fuse(&u, leaf(&l, 1, &held, 1));
	fuse_again(&u);
	fuse_again(&u);
}

TEST_BUG(fuse, that_was_never_built_cannot_be_lent)
{
	struct fuse u = { 0 };

	fuse_again(&u);
}
