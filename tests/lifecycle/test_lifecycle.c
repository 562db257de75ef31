/* Every life that a task can have, on one thread. */
#include "lifecycle/play.h"
#include "t.h"

#include <stdio.h>

TEST(lifecycle, every_combination_on_the_current_thread)
{
	unsigned n = play_all(0);

	printf("lifecycle: %u combinations on the current thread\n", n);
	CHECK(n > 2000);
}
