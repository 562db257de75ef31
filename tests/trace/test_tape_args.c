/* test_tape_args: what a program does with --tape. Each such program is a child process. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/block_on_spin.h"
#include "future/ready.h"
#include "t.h"

struct said {
	char out[8192], err[1024];
	int status; /* of the exit; -1: none */
};

static void read_all(FILE *in, char *text, size_t size)
{
	rewind(in);
	text[fread(text, 1, size - 1, in)] = '\0';
	fclose(in);
}

/* As a main would: a word, a future, another word. */
static _Noreturn void program(int argc, char **argv)
{
	struct ready f;

	tape_args(argc, argv);
	printf("before\n");
	block_on_spin(ready(&f));
	printf("after\n");
	exit(0);
}

static struct said run(char **argv)
{
	FILE *out = tmpfile(), *err = tmpfile();
	int argc = 0, status = 0;
	struct said said;
	pid_t child;

	CHECK(out && err);
	while (argv[argc])
		argc++;
	fflush(NULL);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		program(argc, argv);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	said.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_all(out, said.out, sizeof said.out);
	read_all(err, said.err, sizeof said.err);
	return said;
}

#define RUN(...) run((char *[]){ "/tmp/prog", __VA_ARGS__, NULL })

TEST(tape_args, without_any_nothing_is_added)
{
	struct said said = run((char *[]){ "/tmp/prog", NULL });

	CHECK_EQ(said.status, 0);
	CHECK_STR(said.out, "before\nafter\n");
	CHECK_STR(said.err, "");
}

TEST(tape_args, tape_prints_between_the_lines_of_the_program)
{
	struct said said = RUN("--tape");

	CHECK_EQ(said.status, 0);
	CHECK_STR(said.out, "before\n"
			    "| poll     #1 ready\n"
			    "| ready    #1 ready\n"
			    "after\n");
	CHECK_STR(said.err, "");
}

TEST(tape_args, tape_svg_draws_beside_the_program)
{
	char folder[] = "/tmp/weft-args-XXXXXX", program_path[64], picture[80], text[16384];
	char expected[160];
	struct said said;
	FILE *in;

	CHECK(mkdtemp(folder));
	snprintf(program_path, sizeof program_path, "%s/prog", folder);
	snprintf(picture, sizeof picture, "%s.svg", program_path);
	said = run((char *[]){ program_path, "--tape=svg", NULL });
	CHECK_EQ(said.status, 0);
	CHECK_STR(said.out, "before\nafter\n");
	snprintf(expected, sizeof expected, "tape: drawn in %s\n", picture);
	CHECK_STR(said.err, expected);
	in = fopen(picture, "r");
	CHECK(in);
	read_all(in, text, sizeof text);
	CHECK(strstr(text, "Poll tape: 2 lines, 1 task"));
	unlink(picture);
	rmdir(folder);
}

TEST(tape_args, a_picture_that_cannot_be_drawn_is_told_and_changes_nothing_else)
{
	struct said said = run((char *[]){ "/nowhere/at/all/prog", "--tape=svg", NULL });

	CHECK_EQ(said.status, 0);
	CHECK_STR(said.out, "before\nafter\n");
	CHECK_STR(said.err, "tape: cannot write /nowhere/at/all/prog.svg: "
			    "No such file or directory\n");
}

TEST(tape_args, help_says_what_there_is)
{
	struct said said = RUN("--tape=svg", "--help");

	CHECK_EQ(said.status, 0);
	CHECK_STR(said.out, "usage: /tmp/prog [--tape | --tape=svg]\n");
	CHECK_STR(said.err, "");
}

TEST(tape_args, anything_else_ends_the_program_before_it_has_begun)
{
	static char *const bad[] = { "--tap", "--tape=", "--tape=txt", "tape", "-h", "" };
	char expected[160];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct said said = RUN(bad[i]);

		CHECK_EQ(said.status, 2);
		CHECK_STR(said.out, "");
		snprintf(expected, sizeof expected,
			 "/tmp/prog: unknown argument '%s'; "
			 "usage: /tmp/prog [--tape | --tape=svg]\n", bad[i]);
		CHECK_STR(said.err, expected);
	}
}

/* Not even the picture of an earlier run is drawn over. */
TEST(tape_args, what_follows_is_looked_at_before_a_tape_begins)
{
	struct said said = RUN("--tape=svg", "--bogus");

	CHECK_EQ(said.status, 2);
	CHECK_STR(said.out, "");
	CHECK_STR(said.err, "/tmp/prog: unknown argument '--bogus'; "
			    "usage: /tmp/prog [--tape | --tape=svg]\n");
	said = RUN("--tape", "--tape=svg");
	CHECK_EQ(said.status, 2);
	CHECK_STR(said.out, "");
	CHECK_STR(said.err, "/tmp/prog: superfluous argument '--tape=svg'; "
			    "usage: /tmp/prog [--tape | --tape=svg]\n");
}

/* --- tape_arg, for programs with arguments of their own --- */

TEST(tape_args, one_that_is_none_of_the_tapes_is_left_to_the_program)
{
	CHECK(!tape_arg("prog", "--port"));
	CHECK(!tape_arg("prog", "--tapes"));
	CHECK(!tape_arg("prog", ""));
	CHECK_EQ(tape_end(), 0);
}

/* A program that asks for both, one by one. */
static void both(void)
{
	CHECK(tape_arg("/nowhere/prog", "--tape"));
	(void)tape_arg("/nowhere/prog", "--tape=svg");
}

TEST(tape_args, a_second_tape_ends_the_program)
{
	FILE *err = tmpfile();
	char said[256];
	int status = 0;
	pid_t child;

	CHECK(err);
	fflush(NULL);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		dup2(fileno(err), STDERR_FILENO);
		both();
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 2);
	read_all(err, said, sizeof said);
	CHECK_STR(said, "/nowhere/prog: --tape=svg: there is a tape already\n");
}
