/*
 * t_bug: what a bug says before it ends the process. TEST_BUG only sees that it ends.
 *
 *	static void polled_twice(void) { ... }
 *	t_bug_says(polled_twice, "nap_run: polled after it was done");
 */
#ifndef WEFT_TESTS_T_BUG_H
#define WEFT_TESTS_T_BUG_H

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

/* Runs `body` in a child process; it must abort, with `text` in what it wrote to standard error. */
static inline void t_bug_says(void (*body)(void), const char *text)
{
	char said[4096];
	size_t len = 0;
	ssize_t n;
	int ends[2], status = 0;
	pid_t child;

	CHECK_EQ(pipe(ends), 0);
	fflush(NULL);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		body();
		_exit(0);
	}
	close(ends[1]);
	while (len < sizeof said - 1 && (n = read(ends[0], said + len, sizeof said - 1 - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	said[len] = '\0';
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGABRT);
	if (!strstr(said, text))
		t_fail(__FILE__, __LINE__, "expected \"%s\", it said \"%s\"", text, said);
}

#endif
