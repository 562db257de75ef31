/* The once cell, one thread, polled by hand: who writes, who waits, who gets what. */
#include "once_cell_scene.h"

/* BEH sync_once_cell::set_and_get */
/* BEH sync_set_once::set_and_get */
TEST(once_cell, what_is_set_is_what_is_got)
{
	cell_begin();
	CHECK_EQ(set(5), 0);
	CHECK_EQ(get(), 5);
	CHECK_PTR(once_cell_get(&cell), &variable);
	cell_end();
}

/* BEH sync_once_cell::get_uninit */
/* BEH sync_set_once::get_uninit */
TEST(once_cell, before_that_there_is_nothing)
{
	cell_begin();
	CHECK_PTR(once_cell_get(&cell), NULL);
	cell_end();
}

/* BEH sync_once_cell::set_twice */
/* BEH sync_set_once::set_twice */
/* BEH sync_set_once::is_none_initializing */
TEST(once_cell, a_second_value_is_refused_and_is_still_the_callers)
{
	int *second = NULL;

	cell_begin();
	CHECK_EQ(set(5), 0);
	second = value(6);
	CHECK_EQ(once_cell_set(&cell, &second), -EEXIST);
	CHECK_EQ(*second, 6);
	value_drop(&second);
	CHECK_EQ(get(), 5);
	cell_end();
}

/* BEH sync_once_cell::drop_cell */
/* BEH sync_set_once::drop_cell */
/* BEH sync_once_cell::from */
/* BEH sync_once_cell::drop_cell_new_with */
/* BEH sync_set_once::from */
/* BEH sync_set_once::drop_cell_new_with */
TEST(once_cell, the_value_is_destroyed_once_with_the_cell_which_can_be_used_again)
{
	cell_begin();
	CHECK_EQ(set(5), 0);
	once_cell_drop(&cell);
	CHECK_EQ(t_mem_live(), 0);
	once_cell_drop(&cell);
	CHECK_EQ(get(), -1);
	CHECK_EQ(set(6), 0);
	CHECK_EQ(get(), 6);
	cell_end();
}

/* BEH sync_once_cell::drop_into_inner */
/* BEH sync_set_once::drop_into_inner */
/* BEH sync_once_cell::drop_into_inner_new_with */
/* BEH sync_set_once::drop_into_inner_new_with */
TEST(once_cell, a_value_that_is_taken_is_the_takers)
{
	int *taken = NULL;

	cell_begin();
	CHECK_EQ(set(5), 0);
	CHECK_EQ(once_cell_take(&cell, &taken), 0);
	CHECK_EQ(*taken, 5);
	CHECK_EQ(get(), -1);
	once_cell_drop(&cell);
	CHECK_EQ(*taken, 5);
	value_drop(&taken);
	cell_end();
}

/* BEH sync_set_once::into_inner_int_empty_setonce */
TEST(once_cell, nothing_can_be_taken_from_an_empty_cell)
{
	int *taken = NULL;

	cell_begin();
	CHECK_EQ(once_cell_take(&cell, &taken), -EAGAIN);
	CHECK_PTR(taken, NULL);
	CHECK_EQ(set(5), 0);
	CHECK_EQ(once_cell_take(&cell, &taken), 0);
	value_drop(&taken);
	CHECK_EQ(once_cell_take(&cell, &taken), -EAGAIN);
	cell_end();
}

TEST(once_cell, a_zeroed_cell_may_be_dropped)
{
	struct once_cell none = { 0 };

	once_cell_drop(&none);
	CHECK_PTR(once_cell_get(&none), NULL);
}

TEST(once_cell, the_first_to_come_makes_the_value_and_the_others_are_woken_when_it_is_there)
{
	struct user a, b, c;

	cell_begin();
	CHECK_EQ(user(&a, 1, 1, 0), POLL_PENDING);
	CHECK_EQ(user(&b, 0, 2, 0), POLL_PENDING);
	CHECK_EQ(user(&c, 0, 3, 0), POLL_PENDING);
	CHECK_EQ(get(), -1);
	CHECK_EQ(user_poll(&a), POLL_READY);
	CHECK_EQ(a.get.err, 0);
	CHECK_EQ(get(), 1);
	CHECK_EQ(t_wakes(&b.waker), 1);
	CHECK_EQ(t_wakes(&c.waker), 1);
	CHECK_EQ(user_poll(&b), POLL_READY);
	CHECK_EQ(user_poll(&c), POLL_READY);
	CHECK_EQ(b.get.err + c.get.err, 0);
	CHECK_EQ(b.maker.polls + c.maker.polls, 0);
	CHECK(future_is_over(&b.maker.future) && future_is_over(&c.maker.future));
	CHECK_EQ(t_held(&a.waker) + t_held(&b.waker) + t_held(&c.waker), 0);
	cell_end();
}

TEST(once_cell, who_comes_when_it_is_set_neither_waits_nor_makes_anything)
{
	struct user u;
	unsigned none = 0, one = 1;

	cell_begin();
	CHECK_EQ(set(5), 0);
	CHECK_EQ(user(&u, 0, 6, 0), POLL_READY);
	CHECK_EQ(u.get.err, 0);
	CHECK_EQ(u.maker.polls + u.waker.clones, 0);
	CHECK(future_is_over(&u.maker.future));
	CHECK_EQ(get(), 5);

	once_cell_get_or_init(&u.get, &cell, maker(&u.maker, 0, 6, 0));
	CHECK_EQ(t_poll_budget(&u.get.future, &u.waker, &none), POLL_PENDING);
	CHECK_EQ(t_wakes(&u.waker), 1);
	CHECK_EQ(t_poll_budget(&u.get.future, &u.waker, &one), POLL_READY);
	CHECK_EQ(one, 0);
	cell_end();
}

/* BEH sync_once_cell::set_while_initializing */
TEST(once_cell, nothing_can_be_set_while_somebody_makes_the_value)
{
	struct user u;

	cell_begin();
	CHECK_EQ(user(&u, 1, 1, 0), POLL_PENDING);
	CHECK_EQ(set(5), -EALREADY);
	CHECK_EQ(user_poll(&u), POLL_READY);
	CHECK_EQ(set(5), -EEXIST);
	CHECK_EQ(get(), 1);
	cell_end();
}

/* BEH sync_once_cell::get_or_try_init */
/* BEH sync_once_cell::get_or_init_panic */
TEST(once_cell, one_that_fails_leaves_the_cell_empty_for_the_next)
{
	struct user a, b;

	cell_begin();
	CHECK_EQ(user(&a, 0, 0, -EIO), POLL_READY);
	CHECK_EQ(a.get.err, -EIO);
	CHECK_EQ(get(), -1);
	CHECK_EQ(user(&b, 0, 2, 0), POLL_READY);
	CHECK_EQ(b.get.err, 0);
	CHECK_EQ(get(), 2);
	cell_end();
}

TEST(once_cell, when_one_fails_who_waits_longest_has_his_turn)
{
	struct user a, b, c;

	cell_begin();
	CHECK_EQ(user(&a, 1, 0, -EIO), POLL_PENDING);
	CHECK_EQ(user(&b, 1, 2, 0), POLL_PENDING);
	CHECK_EQ(user(&c, 0, 3, 0), POLL_PENDING);
	CHECK_EQ(user_poll(&a), POLL_READY);
	CHECK_EQ(a.get.err, -EIO);
	CHECK_EQ(t_wakes(&b.waker), 1);
	CHECK_EQ(t_wakes(&c.waker), 0);
	CHECK_EQ(set(5), -EALREADY); /* it is his turn, although he has not run */
	CHECK_EQ(user_poll(&b), POLL_PENDING);
	CHECK_EQ(user_poll(&b), POLL_READY);
	CHECK_EQ(get(), 2);
	CHECK_EQ(user_poll(&c), POLL_READY);
	CHECK_EQ(c.maker.polls, 0);
	cell_end();
}

/* BEH sync_set_once::set_and_wait */
/* BEH sync_set_once::is_some_initializing */
TEST(once_cell, who_only_waits_is_woken_by_a_set_and_by_a_value_that_is_made)
{
	for (int made = 0; made < 2; made++) {
		struct once_cell_wait wait1, wait2;
		struct t_waker w1 = t_waker(), w2 = t_waker();
		struct user u;

		cell_begin();
		CHECK_EQ(t_poll(once_cell_wait(&wait1, &cell), &w1), POLL_PENDING);
		CHECK_EQ(t_poll(once_cell_wait(&wait2, &cell), &w2), POLL_PENDING);
		if (made)
			CHECK_EQ(user(&u, 0, 7, 0), POLL_READY);
		else
			CHECK_EQ(set(7), 0);
		CHECK_EQ(t_wakes(&w1), 1);
		CHECK_EQ(t_wakes(&w2), 1);
		CHECK_EQ(t_poll(&wait1.acquire.future, &w1), POLL_READY);
		CHECK_EQ(t_poll(&wait2.acquire.future, &w2), POLL_READY);
		CHECK_EQ(t_poll(once_cell_wait(&wait1, &cell), &w1), POLL_READY);
		CHECK_EQ(get(), 7);
		CHECK_EQ(t_held(&w1) + t_held(&w2), 0);
		cell_end();
	}
}

TEST(once_cell, who_only_waits_takes_nobodys_turn_and_is_not_woken_by_a_failure)
{
	struct once_cell_wait wait;
	struct t_waker w = t_waker();
	struct user a, b;

	cell_begin();
	CHECK_EQ(t_poll(once_cell_wait(&wait, &cell), &w), POLL_PENDING);
	CHECK_EQ(user(&a, 0, 0, -EIO), POLL_READY);
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(user(&b, 0, 1, 0), POLL_READY);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&wait.acquire.future, &w), POLL_READY);
	cell_end();
}

static struct { char bytes[100]; } wide, wide_value;
static struct once_cell wide_cell = once_cell_init(&wide, NULL);

TEST(once_cell, a_cell_at_file_scope_may_hold_anything)
{
	memset(&wide_value, 'x', sizeof wide_value);
	CHECK_EQ(once_cell_set(&wide_cell, &wide_value), 0);
	CHECK_EQ(memcmp(&wide, &wide_value, sizeof wide), 0);
	CHECK_PTR(once_cell_get(&wide_cell), &wide);
	once_cell_drop(&wide_cell);
}

TEST_BUG(once_cell, a_value_of_another_size_is_a_bug)
{
	char c = 1;

	cell_begin();
	once_cell_set(&cell, &c);
}

TEST_BUG(once_cell, a_cell_that_ends_while_a_value_is_made_is_a_bug)
{
	struct user u;

	cell_begin();
	user(&u, 1, 1, 0);
	once_cell_drop(&cell);
}

TEST_BUG(once_cell, a_cell_that_ends_while_somebody_waits_is_a_bug)
{
	struct once_cell_wait wait;
	struct t_waker w = t_waker();

	cell_begin();
	t_poll(once_cell_wait(&wait, &cell), &w);
	once_cell_drop(&cell);
}
