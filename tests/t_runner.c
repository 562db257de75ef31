/*
 * t_runner: runs every registered test in this one process; only TEST_BUG bodies get a child.
 *
 *	PROGRAM [--list] [PART]      PART: run the tests whose "suite/name" contains it
 *
 * Ends with the line "N passed, N failed"; exits 1 if any failed.
 */
#define _GNU_SOURCE 1 /* program_invocation_short_name */
#include "t.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct t_case *first, **last = &first;
static jmp_buf failed;

void t_register(struct t_case *c)
{
	*last = c;
	last = &c->next;
}

_Noreturn void t_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	longjmp(failed, 1);
}

static bool ends_in_abort(void (*body)(void))
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		freopen("/dev/null", "w", stderr); /* the message is expected; it need not be seen */
		if (setjmp(failed) == 0)
			body();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) {
		fprintf(stderr, "did not abort (status %#x)\n", (unsigned)status);
		return false;
	}
	return true;
}

static bool passes(const struct t_case *c)
{
	if (c->must_abort)
		return ends_in_abort(c->body);
	if (setjmp(failed) != 0)
		return false;
	c->body();
	return true;
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
	const char *part = argc > 1 + list ? argv[1 + list] : "";
	unsigned n_passed = 0, n_failed = 0;

	for (const struct t_case *c = first; c; c = c->next) {
		char name[512];

		snprintf(name, sizeof name, "%s/%s", c->suite, c->name);
		if (!strstr(name, part))
			continue;
		if (list) {
			puts(name);
			continue;
		}
		if (passes(c)) {
			n_passed++;
		} else {
			n_failed++;
			fprintf(stderr, "FAILED %s\n", name);
		}
	}
	if (!list)
		printf("%u passed, %u failed\n", n_passed, n_failed);
	return n_failed > 0;
}
