/* test_tape_memory: each allocation fails once. Less may be told, but nothing that is wrong. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/tape.h"

#include <errno.h>
#include <unistd.h>

#include "executor/block_on_spin.h"
#include "future/yield_now.h"
#include "t_future.h"
#include "trace/actors.h"
#include "trace/taped.h"
#include "trace/xml.h"

static unsigned n_lines(const char *text)
{
	unsigned n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

TEST(tape_memory, without_memory_for_a_lane_its_polls_belong_to_nobody)
{
	struct yield_now turn;
	struct taped t;

	t_mem_begin();
	taped_begin(&t);
	t_mem_fail(0);
	block_on_spin(yield_now(&turn));
	CHECK(t_mem_failed());
	block_on_spin(yield_now(&turn)); /* now there is */
	taped_is(&t, "| poll     -  yield_now\n"
		     "| pending  -  yield_now\n"
		     "| poll     #1 yield_now\n"
		     "| ready    #1 yield_now\n"
		     "| poll     #2 yield_now\n"
		     "| pending  #2 yield_now\n"
		     "| poll     #2 yield_now\n"
		     "| ready    #2 yield_now\n");
	CHECK_EQ(t_mem_live(), 0);
}

/* --- A runtime with so many tasks that the recorder has to grow --- */

enum { MANY = 80 };

struct crowd {
	struct co co;
	int i, n_spawned;
	struct nap nap;
};

static enum poll crowd_run(struct co *co, struct context *cx)
{
	struct crowd *const f = co_frame(co, struct crowd);

	co_begin(co);
	for (f->i = 0; f->i < MANY; f->i++) {
		struct task *t = spawn(cx->rt, nap, 1);

		f->n_spawned += t != NULL;
		task_detach(t);
	}
	co_await(nap(&f->nap, 2));
	co_end;
}

static struct future *crowd(struct crowd *f)
{
	*f = (struct crowd){ .co = co_init(crowd_run) };
	return &f->co.future;
}

/*
 * A runtime that could not begin only drops what it was to run. Else nothing is missing but names:
 * what a task without a lane does is told as nobody's.
 */
TEST(tape_memory, each_allocation_fails_beside_the_text)
{
	unsigned usual = 0;
	long n = 0;

	for (bool has_failed = true; has_failed; n++) {
		struct taped t;
		struct crowd f;
		char *text;
		int err;

		t_mem_begin();
		taped_begin(&t);
		t_mem_fail(n == 0 ? -1 : n - 1);
		err = run_virtual(crowd(&f));
		has_failed = n == 0 || t_mem_failed();
		t_mem_fail(-1);
		text = taped_end(&t);
		if (n == 0)
			usual = n_lines(text);
		CHECK(err == 0 || err == -ENOMEM);
		if (err)
			CHECK(n_lines(text) == 1 && strstr(text, "drop     -  crowd\n"));
		else if (f.n_spawned == MANY)
			CHECK(n_lines(text) >= usual);
		free(text);
		CHECK_EQ(t_mem_live(), 0);
	}
	CHECK(n > 4);
}

/* --- The picture --- */

static char *read_picture(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	CHECK(in && text);
	CHECK(fread(text, 1, (1 << 20) - 1, in) > 0);
	fclose(in);
	return text;
}

/* Whatever went wrong, what there is is a picture, and says what is missing. */
static void check_picture(const char *path, int err)
{
	char *text = read_picture(path);

	CHECK(xml_is_well_formed(text));
	CHECK_EQ(!!strstr(text, "no memory"), err == -ENOMEM);
	free(text);
}

TEST(tape_memory, each_allocation_fails_beside_the_picture)
{
	char path[] = "/tmp/weft-mem-XXXXXX";
	int fd = mkstemp(path), n_refused = 0, n_cut = 0;
	bool has_failed = true;

	CHECK(fd >= 0);
	close(fd);
	for (long n = 0; has_failed; n++) {
		struct crowd f;
		int err;

		(void)tape_end();
		t_mem_begin();
		t_mem_fail(n);
		err = tape_begin_svg(path);
		if (err == 0) {
			(void)run_virtual(crowd(&f));
			err = tape_end();
			CHECK(err == 0 || err == -ENOMEM);
			check_picture(path, err);
			n_cut += err != 0;
		} else {
			CHECK_EQ(err, -ENOMEM);
			n_refused++;
		}
		has_failed = t_mem_failed();
		t_mem_fail(-1);
		CHECK_EQ(t_mem_live(), 0);
	}
	CHECK_EQ(n_refused, 1); /* no memory for the path */
	CHECK_EQ(n_cut, 3 + 2); /* for the entries, which grow twice; for the layout's two arrays */
	unlink(path);
}
