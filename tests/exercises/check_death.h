/* check_death: what became of a process, in plain words. */
#ifndef WEFT_TESTS_EXERCISES_CHECK_DEATH_H
#define WEFT_TESTS_EXERCISES_CHECK_DEATH_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CHECK_CPU_S = 2,       /* what a look may use of the processor, */
	CHECK_WALL_S = 5,      /* how long it may take, */
	CHECK_PRINT = 1 << 20, /* and how many bytes it may print */
};

enum death {
	DEATH_NONE,  /* it came to its end, and the sanitizers have nothing to say */
	DEATH_LEAK,  /* it came to its end, and memory was left */
	DEATH_CRASH, /* a signal, a bug, a sanitizer, or exit() */
	DEATH_HANG,  /* one of the limits */
};

/*
 * Sorts an end of which waitpid said `status`, after it had written `said` (a string, which is borrowed).
 * `came_to_end`: it had done all that it should. Unless it is DEATH_NONE a sentence or two are put into
 * `words`: of `doing`, which is what it was in, and of the line in the file that is called `source`.
 */
enum death death_in_words(char *words, size_t len, int status, bool came_to_end, const char *said,
			  const char *doing, const char *source);

#endif
