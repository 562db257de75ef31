/* test_tape_ends: where a tape begins and ends, and what if it cannot be written. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/tape.h"

#include <errno.h>
#include <unistd.h>

#include "t_future.h"
#include "trace/actors.h"
#include "trace/taped.h"

static const char *const one_poll = "| poll     #1 knock\n"
				    "| ready    #1 knock\n";

static void poll_once(void)
{
	struct t_waker w = t_waker();
	struct door door = { .is_open = true };
	struct knock f;

	CHECK_EQ(t_poll(knock(&f, &door), &w), POLL_READY);
	door_close(&door);
}

/* --- One at a time --- */

TEST(tape_ends, a_second_one_is_refused_and_leaves_the_first_alone)
{
	struct taped t;
	char *other = NULL;
	size_t len;
	FILE *out = open_memstream(&other, &len);

	taped_begin(&t);
	CHECK_EQ(tape_begin(out), -EBUSY);
	CHECK_EQ(tape_begin_svg("/nowhere/at/all.svg"), -EBUSY);
	poll_once();
	fclose(out);
	CHECK_STR(other, "");
	free(other);
	taped_is(&t, one_poll);
}

TEST(tape_ends, a_second_one_beside_a_picture_is_refused_and_leaves_it_alone)
{
	char path[] = "/tmp/weft-tape-XXXXXX", text[32768] = "";
	int fd = mkstemp(path);
	FILE *in;

	CHECK(fd >= 0);
	close(fd);
	CHECK_EQ(tape_begin_svg(path), 0);
	poll_once();
	CHECK_EQ(tape_begin(stdout), -EBUSY);
	CHECK_EQ(tape_begin_svg("/nowhere/at/all.svg"), -EBUSY);
	poll_once();
	CHECK_EQ(tape_end(), 0);
	in = fopen(path, "r");
	CHECK(fread(text, 1, sizeof text - 1, in) > 0);
	fclose(in);
	unlink(path);
	CHECK(strstr(text, "Poll tape: 4 lines, 2 tasks"));
}

TEST(tape_ends, ending_without_a_beginning_does_nothing)
{
	struct taped t;

	CHECK_EQ(tape_end(), 0);
	taped_begin(&t);
	taped_is(&t, "");
	CHECK_EQ(tape_end(), 0);
}

TEST(tape_ends, what_happens_before_and_after_is_not_on_it)
{
	struct taped t;

	poll_once();
	taped_begin(&t);
	poll_once();
	taped_is(&t, one_poll);
	poll_once();
	taped_begin(&t);
	poll_once();
	taped_is(&t, one_poll); /* numbers count from 1 again */
}

/* --- In the midst --- */

struct cut {
	struct co co;
	struct taped *taped;
	bool begins, ends;
	char *text; /* of the tape that was ended */
	struct nap nap;
};

static enum poll cut_run(struct co *co, struct context *cx)
{
	struct cut *const f = co_frame(co, struct cut);

	co_begin(co);
	if (f->ends)
		f->text = taped_end(f->taped);
	if (f->begins)
		taped_begin(f->taped);
	co_await(nap(&f->nap, 1));
	co_end;
}

static struct future *cut(struct cut *f, struct taped *t, bool ends, bool begins)
{
	*f = (struct cut){ .co = co_init(cut_run), .taped = t, .ends = ends, .begins = begins };
	return &f->co.future;
}

TEST(tape_ends, it_may_begin_in_the_midst_of_a_poll)
{
	struct taped t;
	struct cut f;

	CHECK_EQ(run_virtual(cut(&f, &t, false, true)), 0);
	taped_is(&t, "| poll     #1 nap\n"
		     "| poll     #1 . delay\n"
		     "| pending  #1 . delay\n"
		     "| pending  #1 nap                    at delay(&f->delay, f->ms)\n"
		     "| park\n"
		     "| wake     #1 nap                    by a timer\n"
		     "| poll     #2 cut\n"
		     "| poll     #2 . nap\n"
		     "| poll     #2 . . delay\n"
		     "| ready    #2 . . delay\n"
		     "| ready    #2 . nap\n"
		     "| ready    #2 cut\n");
}

TEST(tape_ends, it_may_end_in_the_midst_of_a_poll)
{
	struct taped t;
	struct cut f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(cut(&f, &t, true, false)), 0);
	CHECK_STR(f.text, "|     0 ms  spawn    #1 cut                    from outside\n"
			  "|     0 ms  poll     #1 cut\n");
	free(f.text);
}

TEST(tape_ends, it_may_end_and_begin_again_in_the_midst_of_a_poll)
{
	struct taped t;
	struct cut f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(cut(&f, &t, true, true)), 0);
	free(f.text);
	taped_is(&t, "| poll     #1 nap\n"
		     "| poll     #1 . delay\n"
		     "| pending  #1 . delay\n"
		     "| pending  #1 nap                    at delay(&f->delay, f->ms)\n"
		     "| park\n" /* the end of cut's poll belongs to the other tape */
		     "| wake     #1 nap                    by a timer\n"
		     "| poll     #2 cut\n"
		     "| poll     #2 . nap\n"
		     "| poll     #2 . . delay\n"
		     "| ready    #2 . . delay\n"
		     "| ready    #2 . nap\n"
		     "| ready    #2 cut\n");
}

/* --- What cannot be written --- */

TEST(tape_ends, lines_that_cannot_be_written_are_an_error_at_the_end)
{
	FILE *full = fopen("/dev/full", "w");

	CHECK(full);
	CHECK_EQ(tape_begin(full), 0);
	poll_once();
	CHECK_EQ(tape_end(), -ENOSPC);
	fclose(full);
	CHECK_EQ(tape_end(), 0);
}

TEST(tape_ends, a_picture_that_cannot_be_written_is_an_error_at_the_end)
{
	CHECK_EQ(tape_begin_svg("/nowhere/at/all.svg"), 0);
	CHECK_EQ(tape_end(), -ENOENT);
	CHECK_EQ(tape_begin_svg("/dev/full"), 0);
	poll_once();
	CHECK(tape_end() < 0);
	CHECK_EQ(tape_end(), 0);
}
