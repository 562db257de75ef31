/*
 * bad: tests that must not pass, one for each way in which a test can go wrong. What runs the
 * tests is tested with them, by tests/tools/harness.sh.
 */
#include "t.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

TEST(good, passes)
{
	CHECK(true);
}

TEST_BUG(good, aborts_as_it_should)
{
	abort();
}

TEST(bad, fails)
{
	CHECK_EQ(1 + 1, 3);
}

TEST(bad, crashes)
{
	raise(SIGSEGV);
}

TEST(bad, aborts)
{
	abort();
}

TEST(bad, exits)
{
	_exit(0);
}

TEST(bad, hangs)
{
	for (;;)
		pause();
}

static void *volatile lost;

TEST(bad, leaks)
{
	lost = malloc(100);
	CHECK(lost);
	lost = NULL;
}

TEST(bad, overflows)
{
	volatile int most = 0x7fffffff;

	most = most + 1;
}

TEST(bad, reads_what_was_freed)
{
	char *volatile p = malloc(100);

	CHECK(p);
	free(p);
	CHECK(p[50] != 1);
}

TEST_BUG(bad, does_not_abort)
{
	CHECK(true);
}
