/* bug: say what is wrong, then stop. See bug.h. */
#include "future/bug.h"

#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>

_Noreturn void bug(const char *who, const char *what, const char *file, int line)
{
	fflush(stdout); /* what the program said before is part of the story */
	fprintf(stderr, "weft: bug: %s: %s (%s:%d)\n", who ? who : "?", what ? what : "?",
		file ? file : "?", line);
	abort();
}

#else

_Noreturn void bug(const char *who, const char *what, const char *file, int line)
{
	(void)who, (void)what, (void)file, (void)line;
	__builtin_trap();
}

#endif
