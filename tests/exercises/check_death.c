/*
 * check_death: reads what the kernel, the runtime and the sanitizers say, and says it in other words.
 * See check_death.h.
 */
#define _GNU_SOURCE 1 /* strchrnul */
#include "check_death.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* What AddressSanitizer calls it, and what that means. */
static const struct {
	const char *kind, *words;
} kinds[] = {
	{ "stack-overflow", "the stack is full: something calls itself, and never comes to an end" },
	{ "heap-use-after-free", "it uses memory that was freed" },
	{ "attempting double-free", "it frees the same memory twice" },
	{ "attempting free", "it frees what was never allocated" },
	{ "stack-use-after", "it uses a local variable of a function or block that has ended" },
	{ "heap-buffer-overflow", "it reads or writes beside the memory that it has allocated" },
	{ "stack-buffer", "it reads or writes beside a local variable" },
	{ "global-buffer-overflow", "it reads or writes beside a static variable" },
	{ "SEGV on unknown address 0x0000000", "it follows a pointer that is NULL, or nearly" },
	{ "SEGV", "it follows a pointer that points nowhere" },
};

/* The text behind `begin` up to the end of its line, as "%.*s" wants it; or false. */
static bool line_behind(const char *said, const char *begin, int *len, const char **text)
{
	const char *at = strstr(said, begin);

	if (!at)
		return false;
	*text = at + strlen(begin);
	*len = (int)(strchrnul(*text, '\n') - *text);
	return true;
}

/* " (line 12 of countdown.c)", for the first place in `said` that is in the source; or nothing. */
static void place(char *to, size_t len, const char *said, const char *source)
{
	const char *base = strrchr(source, '/') ? strrchr(source, '/') + 1 : source;
	char wanted[256];
	const char *at;
	int line;

	to[0] = '\0';
	snprintf(wanted, sizeof wanted, "%s:", base);
	at = strstr(said, wanted);
	if (at && sscanf(at + strlen(wanted), "%d", &line) == 1)
		snprintf(to, len, " (line %d of %s)", line, base);
}

static bool sanitizer_in_words(char *words, size_t len, const char *said, const char *doing,
			       const char *source)
{
	char where[300];
	const char *text;
	int text_len;

	place(where, sizeof where, said, source);
	if (line_behind(said, "runtime error: ", &text_len, &text)) {
		snprintf(words, len, "%s did what C does not allow%s: %.*s.", doing, where, text_len, text);
		return true;
	}
	if (!line_behind(said, "ERROR: AddressSanitizer: ", &text_len, &text))
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(text, kinds[i].kind, strlen(kinds[i].kind)) == 0) {
			snprintf(words, len, "%s crashed%s: %s.", doing, where, kinds[i].words);
			return true;
		}
	snprintf(words, len, "%s crashed%s: %.*s.", doing, where, text_len, text);
	return true;
}

static enum death signal_in_words(char *words, size_t len, int number, const char *doing)
{
	switch (number) {
	case SIGXCPU:
		snprintf(words, len, "%s never returned: after %d seconds of computing it was stopped.",
			 doing, CHECK_CPU_S);
		return DEATH_HANG;
	case SIGALRM:
		snprintf(words, len, "%s never returned: it slept or waited, for a lock or a thread, and after "
			 "%d seconds it was stopped.", doing, CHECK_WALL_S);
		return DEATH_HANG;
	case SIGXFSZ:
		snprintf(words, len, "%s printed without an end.", doing);
		return DEATH_HANG;
	default:
		snprintf(words, len, "%s crashed: signal %d, %s%s.", doing, number, strsignal(number),
			 number == SIGSEGV ? ": a pointer that points nowhere, or something that calls itself "
					     "and never comes to an end" : "");
		return DEATH_CRASH;
	}
}

static void leak_in_words(char *words, size_t len, const char *said, const char *source)
{
	char where[300];
	int n_bytes = 0;
	const char *at = strstr(said, "leak of ");

	place(where, sizeof where, said, source);
	if (at)
		sscanf(at, "leak of %d", &n_bytes);
	snprintf(words, len, "memory was allocated%s, and nobody has freed it: %d bytes.", where, n_bytes);
}

enum death death_in_words(char *words, size_t len, int status, bool came_to_end, const char *said,
			  const char *doing, const char *source)
{
	const char *text;
	int text_len;

	if (came_to_end && strstr(said, "ERROR: LeakSanitizer: detected")) {
		leak_in_words(words, len, said, source);
		return DEATH_LEAK;
	}
	if (came_to_end) /* what else goes wrong in exit() is not the answer's fault */
		return DEATH_NONE;
	if (line_behind(said, "weft: bug: ", &text_len, &text))
		snprintf(words, len, "the runtime stopped %s: \"weft: bug: %.*s\"", doing, text_len, text);
	else if (sanitizer_in_words(words, len, said, doing, source))
		;
	else if (WIFSIGNALED(status))
		return signal_in_words(words, len, WTERMSIG(status), doing);
	else
		snprintf(words, len, "%s has ended the whole program (exit status %d).", doing,
			 WEXITSTATUS(status));
	return DEATH_CRASH;
}
