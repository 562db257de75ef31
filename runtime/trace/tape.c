/* tape: beginning and ending, for programs and from arguments. See tape.h. */
#include "trace/tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trace/tape_svg.h"
#include "trace/tape_text.h"

/* One tape in the process, as there is one listener. */
static struct tape_text text;
static struct tape_svg svg;
static char *svg_path; /* NULL: no picture */

int tape_begin(FILE *out)
{
	if (recorder_is_on())
		return -EBUSY;
	tape_text_init(&text, out);
	return recorder_begin(&text.sink);
}

int tape_begin_svg(const char *path)
{
	size_t len = strlen(path) + 1;
	char *copy;

	if (recorder_is_on())
		return -EBUSY;
	copy = mem_alloc(len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, path, len);
	svg_path = copy;
	tape_svg_init(&svg);
	return recorder_begin(&svg.sink);
}

static int end_picture(void)
{
	FILE *out = fopen(svg_path, "w");
	int err = out ? tape_svg_draw(&svg, out) : -errno;

	if (out && ferror(out))
		err = -EIO;
	if (out && fclose(out) != 0)
		err = -errno;
	tape_svg_fini(&svg);
	mem_free(svg_path, strlen(svg_path) + 1);
	svg_path = NULL;
	return err;
}

int tape_end(void)
{
	int err = 0;

	if (!recorder_is_on())
		return 0;
	if (!recorder_is_here())
		return -EPERM;
	if (svg_path)
		err = end_picture();
	else if (fflush(text.out) != 0)
		err = -errno;
	recorder_end();
	return err;
}

/* --- From the command line --- */

static char *picture; /* its path, for the last word */

static void end_at_exit(void)
{
	int err = tape_end();

	if (picture && err)
		fprintf(stderr, "tape: cannot write %s: %s\n", picture, strerror(-err));
	else if (picture)
		fprintf(stderr, "tape: drawn in %s\n", picture);
	free(picture);
}

static int begin_picture(const char *program)
{
	static const char suffix[] = ".svg";
	size_t len = strlen(program);
	int err;

	picture = malloc(len + sizeof suffix);
	if (!picture)
		return -ENOMEM;
	memcpy(picture, program, len);
	memcpy(picture + len, suffix, sizeof suffix);
	err = tape_begin_svg(picture);
	if (err) {
		free(picture);
		picture = NULL;
	}
	return err;
}

static bool is_tape_arg(const char *arg)
{
	return strcmp(arg, "--tape") == 0 || strcmp(arg, "--tape=svg") == 0;
}

bool tape_arg(const char *program, const char *arg)
{
	int err;

	if (!is_tape_arg(arg))
		return false;
	if (recorder_is_on())
		err = -EBUSY;
	else
		err = strcmp(arg, "--tape") == 0 ? tape_begin(stdout) : begin_picture(program);
	if (err) {
		fprintf(stderr, "%s: %s: %s\n", program, arg,
			err == -EBUSY ? "there is a tape already" : strerror(-err));
		exit(2);
	}
	atexit(end_at_exit);
	return true;
}

/* All arguments are looked at before the tape begins: a picture is not drawn over for nothing. */
void tape_args(int argc, char **argv)
{
	static const char usage[] = "[--tape | --tape=svg]";
	const char *tape = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			printf("usage: %s %s\n", argv[0], usage);
			exit(0);
		}
		if (tape || !is_tape_arg(argv[i])) {
			fprintf(stderr, "%s: %s argument '%s'; usage: %s %s\n", argv[0],
				is_tape_arg(argv[i]) ? "superfluous" : "unknown", argv[i], argv[0],
				usage);
			exit(2);
		}
		tape = argv[i];
	}
	if (tape)
		(void)tape_arg(argv[0], tape);
}
