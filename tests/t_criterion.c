/* t_criterion: how a failed CHECK ends a test under Criterion, in any thread of it. */
#include "t.h"

/* Criterion's macros expand to declarations after statements. */
#pragma GCC diagnostic ignored "-Wdeclaration-after-statement"

#include <stdarg.h>
#include <stdio.h>

_Noreturn void t_fail(const char *file, int line, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fprintf(stderr, "%s:%d: %s\n", file, line, text);
	cr_assert_fail("%s:%d: %s", file, line, text);
	__builtin_unreachable();
}
