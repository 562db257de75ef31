/* Many tasks over one lock, on several workers. */
#include "lock_tasks.h"

enum { N_WORKERS = 3 };

TEST(lock_tasks_threads, two_thousand_tasks_over_a_mutex_count_to_two_thousand)
{
	mutex_contention(N_WORKERS, 2000);
}

TEST(lock_tasks_threads, readers_never_see_half_a_write)
{
	rwlock_contention(N_WORKERS, 2000);
}

TEST(lock_tasks_threads, never_more_are_inside_than_there_are_permits)
{
	visitors(N_WORKERS, 1000, 1, 1);
	visitors(N_WORKERS, 2000, 5, 1);
	visitors(N_WORKERS, 2000, 5, 2);
}
