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
	if (svg_path)
		return -EBUSY;
	tape_text_init(&text, out);
	return recorder_begin(&text.sink);
}

int tape_begin_svg(const char *path)
{
	size_t len = strlen(path) + 1;
	char *copy = mem_alloc(len);
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, path, len);
	tape_svg_init(&svg);
	err = recorder_begin(&svg.sink);
	if (err)
		mem_free(copy, len);
	else
		svg_path = copy;
	return err;
}

static int write_picture(void)
{
	FILE *out = fopen(svg_path, "w");
	int err = 0;

	if (!out)
		return -errno;
	err = tape_svg_draw(&svg, out);
	if (ferror(out))
		err = -EIO;
	if (fclose(out) != 0 && !err)
		err = -errno;
	return err ? err : svg.is_cut ? -ENOMEM : 0;
}

int tape_end(void)
{
	int err = 0;

	if (svg_path) {
		err = write_picture();
		tape_svg_fini(&svg);
		mem_free(svg_path, strlen(svg_path) + 1);
		svg_path = NULL;
	}
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

	picture = malloc(len + sizeof suffix);
	if (!picture)
		return -ENOMEM;
	memcpy(picture, program, len);
	memcpy(picture + len, suffix, sizeof suffix);
	return tape_begin_svg(picture);
}

bool tape_arg(const char *program, const char *arg)
{
	int err;

	if (strcmp(arg, "--tape") == 0)
		err = tape_begin(stdout);
	else if (strcmp(arg, "--tape=svg") == 0)
		err = begin_picture(program);
	else
		return false;
	if (err) {
		fprintf(stderr, "%s: %s: %s\n", program, arg,
			err == -EBUSY ? "there is a tape already" : strerror(-err));
		exit(2);
	}
	atexit(end_at_exit);
	return true;
}

void tape_args(int argc, char **argv)
{
	static const char usage[] = "[--tape | --tape=svg]";

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			printf("usage: %s %s\n", argv[0], usage);
			exit(0);
		}
		if (!tape_arg(argv[0], argv[i])) {
			fprintf(stderr, "%s: unknown argument '%s'; usage: %s %s\n", argv[0], argv[i],
				argv[0], usage);
			exit(2);
		}
	}
}
