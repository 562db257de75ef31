/*
 * check: the process that looks, the process that waits for it, and what is told of both. See check.h.
 *
 * What the first one finds out it writes into memory that both share: by the time it is told there may be
 * no such process any more.
 */
#define _GNU_SOURCE 1
#include "check.h"

#include "check_death.h"
#include "t.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOKED = 3 }; /* the exit status of who has seen what is wrong */
enum { DEPTH_MAX = 16, FUTURES_MAX = 64 };

static struct shared {
	char seen[1000];            /* by must(): empty, or what is wrong */
	char doing[DEPTH_MAX][200]; /* the last one is what it is in; the first one is that of doing() */
	int depth;
	bool has_ended;
} *shared;

/* --- In the process that looks --- */

static struct {
	const void *address;
	unsigned n_polls, n_drops;
	unsigned nth; /* polls since it was built */
} futures[FUTURES_MAX];

static const void *polled[DEPTH_MAX]; /* what is being polled, by depth */

static int find(const void *address)
{
	int i = 0;

	while (i < FUTURES_MAX - 1 && futures[i].address && futures[i].address != address)
		i++;
	futures[i].address = address;
	return i;
}

void must(bool is_so, const char *seen, ...)
{
	va_list args;

	if (is_so)
		return;
	va_start(args, seen);
	vsnprintf(shared->seen, sizeof shared->seen, seen, args);
	va_end(args);
	fflush(NULL);
	_exit(LOOKED);
}

void doing(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	vsnprintf(shared->doing[0], sizeof shared->doing[0], what, args);
	va_end(args);
}

unsigned polls_of(const void *future)
{
	return futures[find(future)].n_polls;
}

unsigned drops_of(const void *future)
{
	return futures[find(future)].n_drops;
}

/* The helpers that we share with the tests end here if they cannot go on. */
_Noreturn void t_fail(const char *file, int line, const char *format, ...)
{
	(void)format;
	must(false, "the check itself could not go on (%s:%d).", file, line);
	abort();
}

static void enter(const char *what, unsigned nth, const void *address, const char *name)
{
	if (shared->depth + 1 >= DEPTH_MAX)
		must(false, "%s: futures that poll futures, more than %d deep.", shared->doing[1], DEPTH_MAX);
	shared->depth++;
	polled[shared->depth] = address;
	if (nth)
		snprintf(shared->doing[shared->depth], sizeof shared->doing[0], "%s %u of %s", what, nth, name);
	else
		snprintf(shared->doing[shared->depth], sizeof shared->doing[0], "%s of %s", what, name);
}

static void leave(void)
{
	shared->depth--;
}

static void on_poll(struct future *f, struct context *cx)
{
	int i = find(f);

	(void)cx;
	for (int depth = 1; depth <= shared->depth; depth++)
		must(polled[depth] != f, "%s polls itself: it calls future_poll on the future that is just being "
		     "polled.", shared->doing[shared->depth]);
	futures[i].n_polls++;
	enter("poll", ++futures[i].nth, f, future_name(f));
}

static void on_ready(struct future *f)
{
	futures[find(f)].nth = 0;
	leave();
}

static void on_pending(struct future *f)
{
	(void)f;
	leave();
}

static void on_drop(struct future *f, const struct future_ops *ops)
{
	int i = find(f);

	futures[i].n_drops++;
	futures[i].nth = 0;
	enter("the drop", 0, NULL, ops->name);
}

static void on_dropped(const struct future_ops *ops)
{
	(void)ops;
	leave();
}

static void ignore_task_and_future(const void *task, struct future *f) { (void)task, (void)f; }
static void ignore_task(const void *task) { (void)task; }
static void ignore_cause(const char *cause) { (void)cause; }
static void ignore_runtime(struct runtime *rt) { (void)rt; }
static void ignore(void) { }

static const struct probe listener = {
	.poll = on_poll, .pending = on_pending, .ready = on_ready, .drop = on_drop, .dropped = on_dropped,
	.spawn = ignore_task_and_future, .abort = ignore_task, .wake = ignore_task, .arrive = ignore_task,
	.because = ignore_cause, .park = ignore, .runtime = ignore_runtime,
};

static _Noreturn void look(const struct check *c, FILE *said)
{
	const char *patience = getenv("CHECK_PATIENCE"); /* how many times as long, on a busy machine */
	unsigned times = patience ? (unsigned)atoi(patience) : 1;

	setrlimit(RLIMIT_CPU, &(struct rlimit){ times * CHECK_CPU_S, times * CHECK_CPU_S + 1 });
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ CHECK_PRINT, CHECK_PRINT });
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	alarm(times * CHECK_WALL_S);
	dup2(fileno(said), STDOUT_FILENO);
	dup2(fileno(said), STDERR_FILENO);
	setvbuf(stdout, NULL, _IOLBF, 0);
	doing("it");
	probe_listen(&listener);
	c->look();
	probe_listen(NULL);
	shared->has_ended = true;
	exit(0); /* here the sanitizers look for leaks */
}

/* --- In the process that waits, and tells --- */

/* In lines of at most 100 columns, each behind as many blanks. */
static void print_wrapped(const char *words, int indent)
{
	int column = indent;

	printf("%*s", indent, "");
	while (*words) {
		int len = (int)strcspn(words, " ");

		if (column > indent && column + 1 + len > 100) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", len, words);
		column += len;
		words += len;
		words += strspn(words, " ");
	}
	putchar('\n');
}

/* A sentence begins with a capital letter, unless its first word is a name: with _ or (). */
static void print_sentence(char *words, int indent)
{
	if (words[strspn(words, "abcdefghijklmnopqrstuvwxyz")] == ' ')
		words[0] = (char)toupper((unsigned char)words[0]);
	print_wrapped(words, indent);
}

/* What the answer itself printed, without the sanitizers' reports: at most the last lines. */
static void print_said(char *said)
{
	static const char *const reports[] = { "=========", "weft: bug: ", "Sanitizer" };
	int n_lines = 0;
	char *from;

	for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
		if (strstr(said, reports[i]))
			strstr(said, reports[i])[0] = '\0';
	if (strstr(said, "runtime error: ") || !*said)
		return;
	from = said + strlen(said) - 1;
	while (from > said && n_lines < 8)
		n_lines += *--from == '\n';
	printf("%9sIt printed%s:\n", "", from > said ? ", in the end" : "");
	for (from = strtok(from, "\n"); from; from = strtok(NULL, "\n"))
		printf("%9s  %s\n", "", from);
}

static void read_said(FILE *said, char *to, size_t len)
{
	rewind(said);
	to[fread(to, 1, len - 1, said)] = '\0';
	fclose(said);
}

/* Into shared->seen: what is wrong with it, if anything is. */
static enum death look_and_wait(const struct check *c, const char *source, char *said, size_t len)
{
	enum death death = DEATH_NONE;
	FILE *file = tmpfile();
	int status = 0;
	pid_t child;

	memset(shared, 0, sizeof *shared);
	fflush(NULL);
	child = file ? fork() : -1;
	if (child == 0)
		look(c, file);
	if (child < 0 || waitpid(child, &status, 0) != child) {
		fprintf(stderr, "there is no process to look at it with\n");
		exit(2);
	}
	read_said(file, said, len);
	if (!shared->seen[0])
		death = death_in_words(shared->seen, sizeof shared->seen, status, shared->has_ended, said,
				       shared->doing[shared->depth], source);
	return death;
}

/* Why that is no good: what the promise is for, unless it did not even come to be broken. */
static const char *reason(const struct check *c, enum death death)
{
	switch (death) {
	case DEATH_LEAK:
		return "What a poll acquires is given back by the poll that says READY, and by the drop.";
	case DEATH_CRASH:
		return "Nothing that it promises can be looked at before that is mended.";
	case DEATH_HANG:
		return "While a poll runs, no other task of this thread can. It looks once whether it can go on, and "
		       "returns. The promises below were not looked at.";
	default:
		return c->why;
	}
}

/* The reasons for the first that is wrong; of the others what was seen, unless it was just the same. */
static void tell(const struct check *c, enum death death, char *said, bool is_first)
{
	static char before[sizeof shared->seen];

	if (!shared->seen[0]) {
		printf("  ok     %s\n", c->holds);
		return;
	}
	printf("  wrong  %s\n", c->holds);
	if (strcmp(shared->seen, before) == 0) {
		printf("%9sThe same.\n", "");
	} else {
		strcpy(before, shared->seen);
		print_sentence(shared->seen, 9);
	}
	if (is_first) {
		print_wrapped(reason(c, death), 9);
		print_said(said);
	}
}

static void tell_what_next(const char *name, int n, int n_hold, const struct check *wrong)
{
	if (!wrong)
		printf("\nAll %d hold. Ours is book-examples/solutions/%s.c: compare them.\n", n, name);
	else if (wrong->hint)
		printf("\n%d of %d hold. For the first that does not: make hint E=%s N=%d\n", n_hold, n, name,
		       wrong->hint);
	else
		printf("\n%d of %d hold. Begin with the first that does not.\n", n_hold, n);
}

/* The exit status. After one that never returned no more are looked at: the next would not either. */
static int look_at_all(const char *name, const char *source)
{
	static char said[CHECK_PRINT + 1];
	const struct check *wrong = NULL;
	enum death worst = DEATH_NONE;
	int n = 0, n_hold = 0;

	for (const struct check *c = checks; c->holds; c++, n++) {
		enum death death;

		if (worst == DEATH_HANG) {
			printf("  ?      %s\n", c->holds);
			continue;
		}
		death = look_and_wait(c, source, said, sizeof said);
		tell(c, death, said, !wrong);
		if (!shared->seen[0])
			n_hold++;
		else if (!wrong)
			wrong = c;
		if (death > worst)
			worst = death;
	}
	tell_what_next(name, n, n_hold, wrong);
	return worst >= DEATH_CRASH ? 2 : wrong != NULL;
}

/* NAME SOURCE. 0: all hold; 1: some do not; 2: and one of them crashed, or never returned. */
int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED ? 2 : look_at_all(argv[1], argv[2]);
}
