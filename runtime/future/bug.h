/*
 * bug: what happens when the program itself is wrong.
 *
 * Two kinds of trouble must never be mixed up. What the environment does to us (no memory, a reset
 * connection) comes back as a value, 0 or -errno. What the programmer did wrong (polled a finished
 * future, moved a pinned frame) ends the process, in release builds too, with a name and a place:
 * going on would corrupt somebody else's data.
 */
#ifndef WEFT_FUTURE_BUG_H
#define WEFT_FUTURE_BUG_H

#include <stdbool.h>

/*
 * Says "weft: bug: WHO: WHAT (FILE:LINE)" on standard error and aborts. Built freestanding there is
 * nobody to tell, so it traps. Either argument may be NULL. Never returns.
 */
_Noreturn void bug(const char *who, const char *what, const char *file, int line);

/* An invariant: aborts with its own text when it does not hold. Never compiled out. */
#define bug_unless(condition)                                                                      \
	do {                                                                                       \
		if (__builtin_expect(!(condition), 0))                                             \
			bug(__func__, "this must hold: " #condition, __FILE__, __LINE__);          \
	} while (0)

#endif
