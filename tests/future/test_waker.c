/* waker: ownership of the two words. */
#include "future/waker.h"
#include "t.h"
#include "t_future.h"

TEST(waker, a_clone_is_given_back_by_drop)
{
	struct t_waker w = t_waker();
	struct waker borrowed = t_waker_ref(&w), owned = waker_clone(&borrowed);

	CHECK_EQ(t_held(&w), 1);
	waker_drop(&owned);
	CHECK_EQ(t_held(&w), 0);
	CHECK_EQ(t_wakes(&w), 0);
	CHECK(!waker_is_some(&owned));
}

TEST(waker, a_clone_is_given_back_by_wake)
{
	struct t_waker w = t_waker();
	struct waker borrowed = t_waker_ref(&w), owned = waker_clone(&borrowed);

	waker_wake(&owned);
	CHECK_EQ(t_held(&w), 0);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK(!waker_is_some(&owned));
}

TEST(waker, waking_by_reference_keeps_it)
{
	struct t_waker w = t_waker();
	struct waker borrowed = t_waker_ref(&w), owned = waker_clone(&borrowed);

	waker_wake_by_ref(&owned);
	waker_wake_by_ref(&owned);
	CHECK_EQ(t_wakes(&w), 2);
	CHECK_EQ(t_held(&w), 1);
	waker_drop(&owned);
	CHECK_EQ(t_held(&w), 0);
}

TEST(waker, no_waker_may_be_woken_and_dropped)
{
	struct waker none = { 0 };

	waker_wake_by_ref(&none);
	waker_wake(&none);
	waker_drop(&none);
	CHECK(!waker_is_some(&none));
}

TEST(waker, a_second_wake_or_drop_of_a_slot_does_nothing)
{
	struct t_waker w = t_waker();
	struct waker borrowed = t_waker_ref(&w), owned = waker_clone(&borrowed);

	waker_wake(&owned);
	waker_wake(&owned);
	waker_drop(&owned);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(w.drops, 1);
}

TEST(waker, take_moves_it_out)
{
	struct t_waker w = t_waker();
	struct waker borrowed = t_waker_ref(&w), slot = waker_clone(&borrowed), taken;

	taken = waker_take(&slot);
	CHECK(!waker_is_some(&slot));
	CHECK(waker_will_wake(&taken, &borrowed));
	CHECK_EQ(t_held(&w), 1);
	waker_drop(&taken);
}

TEST(waker, refresh_clones_only_for_another_task)
{
	struct t_waker w1 = t_waker(), w2 = t_waker();
	struct waker first = t_waker_ref(&w1), second = t_waker_ref(&w2), slot = { 0 };

	waker_refresh(&slot, &first);
	waker_refresh(&slot, &first);
	CHECK_EQ(w1.clones, 1);
	waker_refresh(&slot, &second);
	CHECK_EQ(t_held(&w1), 0);
	CHECK_EQ(t_held(&w2), 1);
	waker_drop(&slot);
	CHECK_EQ(t_held(&w2), 0);
}

struct owner {
	struct waker slot;
	bool was_some; /* during the wake */
};

static void look_at_the_slot(void *arg)
{
	struct owner *o = arg;

	o->was_some = waker_is_some(&o->slot);
}

TEST(waker, the_slot_is_empty_when_its_owner_is_reentered)
{
	struct t_waker w = t_waker();
	struct waker borrowed = t_waker_ref(&w);
	struct owner o = { .slot = waker_clone(&borrowed), .was_some = true };

	w.on_wake = look_at_the_slot;
	w.arg = &o;
	waker_wake(&o.slot);
	CHECK(!o.was_some);
}

TEST(waker, the_one_that_does_nothing_can_be_cloned_woken_and_dropped)
{
	struct waker clone = waker_clone(&waker_noop);

	CHECK(waker_will_wake(&clone, &waker_noop));
	waker_wake_by_ref(&clone);
	waker_drop(&clone);
	clone = waker_clone(&waker_noop);
	waker_wake(&clone);
	CHECK(waker_is_some(&waker_noop));
}
