/* Many tasks over one lock, on one thread. */
#include "lock_tasks.h"

/* BEH async-lock/mutex::contention */
TEST(lock_tasks, ten_thousand_tasks_over_a_mutex_count_to_ten_thousand)
{
	mutex_contention(0, 10000);
}

/* BEH async-lock/rwlock::contention */
/* BEH async-lock/rwlock::writer_and_readers */
TEST(lock_tasks, readers_never_see_half_a_write)
{
	rwlock_contention(0, 3000);
}

/* BEH async-lock/semaphore::as_mutex */
TEST(lock_tasks, with_one_permit_one_is_inside)
{
	visitors(0, 1000, 1, 1);
	CHECK_EQ(atomic_load(&n_most), 1);
}

/* BEH async-lock/semaphore::multi_resource */
TEST(lock_tasks, with_two_permits_two_are_inside_or_one_who_takes_both)
{
	visitors(0, 1000, 2, 1);
	CHECK_EQ(atomic_load(&n_most), 2);
	visitors(0, 1000, 2, 2);
	CHECK_EQ(atomic_load(&n_most), 1);
}
