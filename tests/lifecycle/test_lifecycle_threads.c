/* Every life that a task can have, on workers. */
#include "lifecycle/play.h"
#include "t.h"

#include <stdio.h>

TEST(lifecycle_threads, every_combination_on_one_worker)
{
	unsigned n = play_all(1);

	printf("lifecycle: %u combinations on one worker\n", n);
	CHECK(n > 2000);
}

TEST(lifecycle_threads, every_combination_on_two_workers)
{
	unsigned n = play_all(2);

	printf("lifecycle: %u combinations on two workers\n", n);
	CHECK(n > 2000);
}
