/*
 * t_runner: runs every registered test in this one process; only TEST_BUG bodies get a child.
 *
 *	PROGRAM [--list] [--skip PART]... [PART]...
 *
 * Runs the tests whose "suite/name" contains every PART and none that is to be skipped. Ends with
 * the line "N passed, N failed"; exits 1 if any failed. When a test brings the process down, its
 * name is the last thing said.
 */
#define _GNU_SOURCE 1 /* strsignal */
#include "t.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct t_case *first, **last = &first;
static char running[512]; /* "suite/name" of the test that is running; empty: none */
static jmp_buf failed;

/* The sanitizers have this, and call back before they end the process. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

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

/* Called when the process is about to end; async-signal-safe. */
static void say_where(void)
{
	static const char words[] = "ended in test ";

	if (!running[0] || write(STDERR_FILENO, words, sizeof words - 1) < 0 ||
	    write(STDERR_FILENO, running, strlen(running)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
		return;
}

static void on_fatal(int signal)
{
	say_where();
	(void)raise(signal); /* SA_RESETHAND: now it does what it always did */
}

static void expect_the_worst(void)
{
	struct sigaction action = { .sa_handler = on_fatal, .sa_flags = SA_RESETHAND };
	const int signals[] = { SIGABRT, SIGTERM, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	size_t n = sizeof signals / sizeof *signals;

	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(say_where);
		n = 2; /* the rest is theirs: their report says more */
	}
	for (size_t i = 0; i < n; i++)
		sigaction(signals[i], &action, NULL);
}

static bool ends_in_abort(void (*body)(void))
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr)) /* the message is expected: no need to see it */
			_exit(1);
		signal(SIGABRT, SIG_DFL);
		if (setjmp(failed) == 0)
			body();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		fprintf(stderr, "no child process to run it in\n");
		return false;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
		return true;
	fprintf(stderr, "did not abort: %s\n",
		WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "returned");
	return false;
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

/* True if the command line, from its i-th word on, asks for the test called `name`. */
static bool is_asked_for(const char *name, char **argv, int i)
{
	for (; argv[i]; i++) {
		bool skip = strcmp(argv[i], "--skip") == 0;

		if (skip && !argv[++i])
			return true;
		if ((strstr(name, argv[i]) != NULL) == skip)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
	unsigned n_passed = 0, n_failed = 0;

	expect_the_worst();
	for (const struct t_case *c = first; c; c = c->next) {
		snprintf(running, sizeof running, "%s/%s", c->suite, c->name);
		if (!is_asked_for(running, argv, 1 + list))
			continue;
		if (list) {
			puts(running);
			continue;
		}
		if (passes(c)) {
			n_passed++;
		} else {
			n_failed++;
			fprintf(stderr, "FAILED %s\n", running);
		}
	}
	running[0] = '\0';
	if (!list)
		printf("%u passed, %u failed\n", n_passed, n_failed);
	fflush(stdout); /* who finds a leak after this ends the process at once */
	return n_failed > 0;
}
