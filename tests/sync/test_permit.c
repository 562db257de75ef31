/* The permit: the sum over all permits of a semaphore stays what was acquired. */
#include "t.h"
#include "t_future.h"

#include "sync/permit.h"

static struct permit acquired(struct semaphore *s, size_t n)
{
	struct semaphore_acquire a;
	struct t_waker w = t_waker();

	CHECK_EQ(t_poll(semaphore_acquire(&a, s, n), &w), POLL_READY);
	return permit_of(&a);
}

/* BEH sync_semaphore::forget */
/* BEH sync_semaphore_owned::forget */
TEST(permit, a_forgotten_permit_never_comes_back)
{
	struct semaphore s;
	struct permit p;

	semaphore_init(&s, 1);
	p = acquired(&s, 1);
	permit_forget(&p);
	permit_release(&p);
	CHECK_EQ(semaphore_available(&s), 0);
	CHECK(semaphore_try_acquire(&s, 1) != 0);
}

/* BEH sync_semaphore::merge */
TEST(permit, merged_permits_are_released_together)
{
	struct semaphore s;
	struct permit p1, p2;

	semaphore_init(&s, 3);
	p1 = acquired(&s, 1);
	CHECK_EQ(semaphore_available(&s), 2);
	p2 = acquired(&s, 2);
	CHECK_EQ(semaphore_available(&s), 0);
	permit_merge(&p1, &p2);
	CHECK_EQ(p1.n, 3);
	permit_release(&p2);
	CHECK_EQ(semaphore_available(&s), 0);
	permit_release(&p1);
	CHECK_EQ(semaphore_available(&s), 3);
}

/* BEH sync_semaphore::merge_unrelated_permits */
/* BEH sync_panic::semaphore_merge_unrelated_permits */
/* BEH sync_panic::semaphore_merge_unrelated_owned_permits */
TEST_BUG(permit, merging_permits_of_two_semaphores)
{
	struct semaphore s1, s2;
	struct permit p1, p2;

	semaphore_init(&s1, 3);
	semaphore_init(&s2, 3);
	p1 = acquired(&s1, 1);
	p2 = acquired(&s2, 1);
	permit_merge(&p1, &p2);
}

/* BEH sync_semaphore::split */
/* BEH sync_semaphore_owned::split */
TEST(permit, a_split_permit_is_released_in_parts_one_of_which_may_be_nothing)
{
	struct semaphore s;
	struct permit p1, p2, p3;

	semaphore_init(&s, 5);
	p1 = acquired(&s, 3);
	CHECK_EQ(semaphore_available(&s), 2);
	CHECK_EQ(permit_split(&p1, 1, &p2), 0);
	CHECK_EQ(p1.n, 2);
	CHECK_EQ(p2.n, 1);
	CHECK_EQ(permit_split(&p1, 0, &p3), 0);
	CHECK_EQ(p3.n, 0);
	CHECK(permit_split(&p1, 3, &p3) != 0);
	CHECK_EQ(p1.n, 2);

	permit_release(&p3);
	CHECK_EQ(semaphore_available(&s), 2);
	permit_release(&p1);
	CHECK_EQ(semaphore_available(&s), 4);
	permit_release(&p2);
	permit_release(&p2);
	CHECK_EQ(semaphore_available(&s), 5);
}

TEST(permit, a_refused_acquire_brings_a_permit_for_nothing)
{
	struct semaphore s;
	struct permit p;

	semaphore_init(&s, 1);
	semaphore_close(&s);
	p = acquired(&s, 1);
	CHECK_EQ(p.n, 0);
	permit_release(&p);
	CHECK_EQ(semaphore_available(&s), 1);
}

TEST_BUG(permit, asking_for_the_permit_of_an_acquire_that_still_waits)
{
	struct semaphore s;
	struct semaphore_acquire a;

	semaphore_init(&s, 1);
	semaphore_acquire(&a, &s, 1);
	permit_of(&a);
}
