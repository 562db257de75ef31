/* test_tape_svg: the picture says what the tape says. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/tape_svg.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "t.h"
#include "t_future.h"
#include "trace/actors.h"
#include "trace/any_tape.h"
#include "trace/tape.h"
#include "trace/tape_layout.h"
#include "trace/xml.h"

/* --- Drawing a list of entries --- */

static char *draw(const struct tape_entry *entries, size_t n, int expected)
{
	struct tape_svg t;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CHECK(out);
	tape_svg_init(&t);
	for (size_t i = 0; i < n; i++)
		t.sink.write(&t.sink, &entries[i]);
	CHECK_EQ(tape_svg_draw(&t, out), expected);
	tape_svg_fini(&t);
	fclose(out);
	if (!xml_is_well_formed(text))
		t_fail(__FILE__, __LINE__, "not well-formed: %s", text);
	return text;
}

static bool has(const char *text, const char *part)
{
	if (strstr(text, part))
		return true;
	fprintf(stderr, "there is no \"%s\" in:\n%s\n", part, text);
	return false;
}

#define AT(ms_) .has_time = true, .ns = (ms_) * 1000000ull

/* A task that waits for a fetch, and that for a delay. */
static const struct tape_entry waits[] = {
	{ .kind = TAPE_SPAWN, AT(0), .lane = 1, .name = "page" },
	{ .kind = TAPE_POLL, AT(0), .lane = 1, .name = "page" },
	{ .kind = TAPE_POLL, AT(0), .lane = 1, .depth = 1, .name = "fetch" },
	{ .kind = TAPE_PENDING, AT(0), .lane = 1, .depth = 1, .name = "fetch", .at = "d(&f->d)" },
	{ .kind = TAPE_PENDING, AT(0), .lane = 1, .name = "page", .at = "fetch(\"<1>\")" },
	{ .kind = TAPE_PARK, AT(0) },
	{ .kind = TAPE_WAKE, AT(5), .lane = 1, .name = "page", .by = "a timer" },
	{ .kind = TAPE_POLL, AT(5), .lane = 1, .name = "page" },
	{ .kind = TAPE_READY, AT(5), .lane = 1, .name = "page" },
};

TEST(tape_svg, a_poll_is_a_box_with_a_title_that_says_how_it_ended)
{
	char *text = draw(waits, sizeof waits / sizeof *waits, 0);

	CHECK(has(text, "<title>#1 page: pending, 0 ms\nat fetch(&quot;&lt;1&gt;&quot;)\n"
			"lines 2 to 5</title>"));
	CHECK(has(text, "<title>#1 fetch: pending, 0 ms\nat d(&amp;f-&gt;d)\n"
			"lines 3 to 4</title>"));
	CHECK(has(text, "<title>#1 page: ready, 5 ms\nlines 8 to 9</title>"));
	CHECK_EQ(count(text, " rx=\"3\""), 3 + 3); /* three are the legend's */
	free(text);
}

TEST(tape_svg, wakes_and_spawns_are_arrows_and_sleep_is_a_break_of_the_axis)
{
	char *text = draw(waits, sizeof waits / sizeof *waits, 0);

	CHECK(has(text, "<title>#1 page: spawn by outside, 0 ms\nline 1</title>"));
	CHECK(has(text, "<title>#1 page: wake by a timer, 5 ms\nline 7</title>"));
	CHECK(has(text, ">a timer</text>"));
	CHECK(has(text, "so the thread sleeps, 0 ms\nline 6</title>"));
	CHECK(has(text, ">+5 ms</text>"));
	CHECK(has(text, ">0 ms</text>"));
	CHECK(has(text, ">5 ms</text>"));
	CHECK(has(text, "Poll tape: 9 lines, 1 task, 5 ms"));
	free(text);
}

/* A second runtime may have a clock of its own. */
TEST(tape_svg, a_clock_that_is_behind_the_last_is_told_but_is_no_jump)
{
	const struct tape_entry entries[] = {
		{ .kind = TAPE_POLL, AT(7), .lane = 1, .name = "f" },
		{ .kind = TAPE_READY, AT(7), .lane = 1, .name = "f" },
		{ .kind = TAPE_DROP, .name = "g" },
		{ .kind = TAPE_POLL, AT(7), .lane = 2, .name = "f" },
		{ .kind = TAPE_READY, AT(3), .lane = 2, .name = "f" },
	};
	char *text = draw(entries, 5, 0);

	CHECK_EQ(count(text, ">7 ms</text>"), 2); /* again, after one without */
	CHECK_EQ(count(text, ">3 ms</text>"), 1);
	CHECK(!strstr(text, ">+"));
	free(text);
}

static int n_lines_of(const struct tape_entry *entries, size_t n, const char *look)
{
	char *text = draw(entries, n, 0);
	int n_lines = (int)count(text, look);

	free(text);
	return n_lines;
}

/* One line of each kind is the legend's. */
TEST(tape_svg, between_its_polls_a_task_is_queued_or_waits_until_it_is_over)
{
	const char *queued = "stroke=\"#a9c4e6\"", *idle = "stroke-dasharray=\"1 4\"";
	struct tape_entry entries[] = {
		{ .kind = TAPE_SPAWN, .lane = 1, .name = "f" },
		{ .kind = TAPE_POLL, .lane = 1, .name = "f" },
		{ .kind = TAPE_WAKE, .lane = 1, .name = "f", .by_lane = 1 },
		{ .kind = TAPE_PENDING, .lane = 1, .name = "f" },
		{ .kind = TAPE_POLL, .lane = 1, .name = "f" },
		{ .kind = TAPE_PENDING, .lane = 1, .name = "f" },
		{ .kind = TAPE_WAKE, .lane = 1, .name = "f" },
		{ .kind = TAPE_WAKE, .lane = 1, .name = "f", .is_no_news = true },
		{ .kind = TAPE_POLL, .lane = 1, .name = "f" },
		{ .kind = TAPE_READY, .lane = 1, .name = "f" },
		{ .kind = TAPE_WAKE, .lane = 1, .name = "f", .is_no_news = true },
	};

	/* spawned, woken in a poll, woken later */
	CHECK_EQ(n_lines_of(entries, 11, queued), 1 + 3);
	CHECK_EQ(n_lines_of(entries, 11, idle), 1 + 1);
	CHECK_EQ(n_lines_of(entries, 6, idle), 1 + 1); /* and waits on, to the edge */
	CHECK_EQ(n_lines_of(entries, 1, queued), 1 + 1);
}

TEST(tape_svg, without_a_clock_it_says_that_there_are_no_times)
{
	const struct tape_entry entries[] = {
		{ .kind = TAPE_POLL, .lane = 1, .name = "f" },
		{ .kind = TAPE_READY, .lane = 1, .name = "f" },
	};
	char *text = draw(entries, 2, 0);

	CHECK(has(text, "There are no times"));
	CHECK(!strstr(text, " ms"));
	free(text);
}

TEST(tape_svg, drops_aborts_and_wakes_without_news_look_different)
{
	const struct tape_entry entries[] = {
		{ .kind = TAPE_POLL, .lane = 1, .name = "boss" },
		{ .kind = TAPE_SPAWN, .lane = 2, .name = "work", .by_lane = 1 },
		{ .kind = TAPE_WAKE, .lane = 2, .name = "work", .by_lane = 1, .is_no_news = true },
		{ .kind = TAPE_ABORT, .lane = 2, .name = "work", .by_lane = 1 },
		{ .kind = TAPE_WAKE, .lane = 1, .name = "boss", .by_lane = 1 },
		{ .kind = TAPE_PENDING, .lane = 1, .name = "boss" },
		{ .kind = TAPE_DROP, .lane = 2, .depth = 1, .name = "inner" },
		{ .kind = TAPE_DROP, .lane = 2, .name = "work" },
		{ .kind = TAPE_DROP, .name = "stray" },
	};
	char *text = draw(entries, 9, 0);

	CHECK(has(text, "<title>#2 work: spawn by #1 boss\nline 2</title>"));
	CHECK(has(text, "<title>#2 work: wake by #1 boss, no news\nline 3</title>"));
	CHECK(has(text, "<title>#2 work: abort by #1 boss\nline 4</title>"));
	CHECK(has(text, "<title>#1 boss: wake by #1 boss\nline 5</title>"));
	CHECK(has(text, "<title>#2 inner: dropped\nline 7</title>"));
	CHECK(has(text, "<title>stray: dropped\nline 9</title>"));
	CHECK(has(text, ">no task</text>"));
	CHECK_EQ(count(text, "stroke-dasharray=\"2 3\""), 1 + 1); /* no news; one is the legend's */
	CHECK_EQ(count(text, "c0 -10 14 -10 14 0"), 1);          /* the loop */
	free(text);
}

TEST(tape_svg, a_task_that_wakes_another_by_its_end_does_so_from_where_its_box_ended)
{
	const struct tape_entry entries[] = {
		{ .kind = TAPE_SPAWN, .lane = 1, .name = "boss" },
		{ .kind = TAPE_POLL, .lane = 2, .name = "work" },
		{ .kind = TAPE_READY, .lane = 2, .name = "work" },
		{ .kind = TAPE_WAKE, .lane = 1, .name = "boss", .by_lane = 2 },
	};
	struct tape_layout l;
	char *text = draw(entries, 4, 0), path[64];

	CHECK(has(text, "<title>#1 boss: wake by #2 work\nline 4</title>"));
	CHECK_EQ(tape_layout_init(&l, entries, 4, 160), 0);
	snprintf(path, sizeof path, "d=\"M%d %dH%dV%d\"", tape_layout_left(&l, 3),
		 tape_layout_line(&l, 2), tape_layout_x(&l, 3), tape_layout_line(&l, 1));
	CHECK(has(text, path));
	tape_layout_fini(&l);
	free(text);
}

TEST(tape_svg, a_poll_whose_end_is_not_known_is_open)
{
	const struct tape_entry entries[] = {
		{ .kind = TAPE_POLL, .lane = 1, .name = "f" },
		{ .kind = TAPE_POLL, .lane = 1, .depth = 1, .name = "g" },
	};
	char *text = draw(entries, 2, 0);

	CHECK(has(text, "<title>#1 f: polled\nline 1; its end is not drawn</title>"));
	CHECK(has(text, "<title>#1 g: polled\nline 2; its end is not drawn</title>"));
	free(text);
}

TEST(tape_svg, an_empty_tape_is_a_picture_too)
{
	char *text = draw(NULL, 0, 0);

	CHECK(has(text, "Poll tape: 0 lines, 0 tasks"));
	free(text);
}

TEST(tape_svg, has_nothing_that_runs_or_is_fetched_and_a_background)
{
	char *text = draw(waits, sizeof waits / sizeof *waits, 0);

	CHECK(!strstr(text, "<script") && !strstr(text, "<style") && !strstr(text, "href"));
	CHECK(!strstr(text, "url(") && !strstr(text, " id="));
	CHECK_EQ(count(text, "http"), 1); /* the name of the language */
	CHECK(has(text, "<rect width=\"900\""));
	CHECK(has(text, "fill=\"#ffffff\"/>"));
	free(text);
}

/* --- Any tape --- */

TEST(tape_svg, of_any_tape_is_well_formed_and_the_same_each_time)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct writer *w = any_tape(seed, seed % RANDOM_MAX);
		char *one = draw(w->entries, w->n, 0), *other = draw(w->entries, w->n, 0);

		CHECK_STR(one, other);
		free(one);
		free(other);
		free(w);
	}
}

/* --- Places --- */

static bool is_inside(struct tape_box a, struct tape_box b)
{
	return a.left >= b.left && a.right <= b.right && a.top > b.top && a.bottom <= b.bottom;
}

static bool touch(struct tape_box a, struct tape_box b)
{
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/* Of one kind, since the drops of one lane stand out a little to the left. */
static void check_boxes(const struct tape_layout *l, size_t i, size_t j)
{
	struct tape_box a = tape_layout_box(l, i), b = tape_layout_box(l, j);

	CHECK(a.left < a.right && a.top < a.bottom);
	CHECK(a.right <= l->right && a.bottom < l->bottom && a.top > l->top);
	if (l->entries[i].kind != TAPE_POLL || l->entries[j].kind != TAPE_POLL)
		return;
	if (l->mates[i].i > j) /* it begins inside, and so does it end there */
		CHECK(l->entries[i].lane != l->entries[j].lane || is_inside(b, a));
	else
		CHECK(!touch(a, b));
}

TEST(tape_svg, a_box_is_inside_of_the_one_around_and_touches_no_other)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct writer *w = any_tape(seed, 120);
		struct tape_layout l;

		CHECK_EQ(tape_layout_init(&l, w->entries, w->n, 100), 0);
		for (size_t i = 0; i < l.n; i++)
			for (size_t j = i + 1; j < l.n; j++)
				if (tape_layout_has_box(&l, i) && tape_layout_has_box(&l, j))
					check_boxes(&l, i, j);
		tape_layout_fini(&l);
		free(w);
	}
}

TEST(tape_svg, drops_are_inside_of_the_one_that_is_told_after_them)
{
	const struct tape_entry entries[] = {
		{ .kind = TAPE_DROP, .lane = 1, .depth = 2, .name = "a" },
		{ .kind = TAPE_DROP, .lane = 1, .depth = 1, .name = "b" },
		{ .kind = TAPE_DROP, .lane = 1, .depth = 1, .name = "c" },
		{ .kind = TAPE_DROP, .lane = 1, .name = "d" },
		{ .kind = TAPE_DROP, .lane = 2, .name = "e" },
	};
	struct tape_layout l;
	struct tape_box box[5];

	CHECK_EQ(tape_layout_init(&l, entries, 5, 100), 0);
	for (size_t i = 0; i < 5; i++)
		box[i] = tape_layout_box(&l, i);
	CHECK(is_inside(box[0], box[1]));
	CHECK(is_inside(box[1], box[3]));
	CHECK(is_inside(box[2], box[3]));
	CHECK(!touch(box[1], box[2]));
	CHECK(!touch(box[3], box[4]));
	tape_layout_fini(&l);
}

/* --- What is too much --- */

TEST(tape_svg, says_how_many_lines_it_does_not_draw)
{
	enum { N = TAPE_SVG_MAX + 500 };
	struct tape_entry *entries = calloc(N, sizeof *entries);
	char *text;

	CHECK(entries);
	for (unsigned i = 0; i < N; i++)
		entries[i] = (struct tape_entry){ .kind = TAPE_SPAWN, .lane = i + 1, .name = "f" };
	text = draw(entries, N, 0);
	CHECK(has(text, "Poll tape: the first 2000 lines, 2000 tasks"));
	CHECK(has(text, "500 more are not drawn: --tape prints them all."));
	free(text);
	text = draw(entries, TAPE_SVG_MAX, 0);
	CHECK(!strstr(text, "not drawn"));
	free(text);
	free(entries);
}

TEST(tape_svg, says_how_many_polls_are_too_deep_to_be_drawn)
{
	struct tape_entry entries[80];
	char *text;

	for (unsigned d = 0; d < 40; d++) {
		struct tape_entry e = { .kind = TAPE_POLL, .lane = 1, .depth = d, .name = "f" };

		entries[d] = e;
		e.kind = TAPE_READY;
		entries[79 - d] = e;
	}
	text = draw(entries, 80, 0);
	CHECK(has(text, ">15 polls and drops inside of 25 others are not drawn.<"));
	CHECK_EQ(count(text, " rx=\"3\""), 25 + 3);
	free(text);
}

TEST(tape_svg, more_causes_than_rows_share_the_last)
{
	static const char *const names[] = { "c1", "c2", "c3", "c4", "c5",
					     "c6", "c7", "c8", "c9", "c10" };
	struct tape_entry entries[10];
	char *text;

	for (unsigned i = 0; i < 10; i++)
		entries[i] = (struct tape_entry){ .kind = TAPE_WAKE, .lane = 1, .name = "f",
						  .by = names[i] };
	text = draw(entries, 10, 0);
	CHECK(has(text, ">c7</text>"));
	CHECK(has(text, ">others</text>"));
	CHECK(!strstr(text, ">c8</text>"));
	CHECK(has(text, "wake by c8"));
	CHECK(has(text, "wake by c10"));
	free(text);
}

/* --- Of a program --- */

static char *picture_of_a_nap(void)
{
	char path[] = "/tmp/weft-svg-XXXXXX", *text = calloc(1, 65536);
	int fd = mkstemp(path);
	struct nap f;
	FILE *in;

	CHECK(fd >= 0 && text);
	close(fd);
	CHECK_EQ(tape_begin_svg(path), 0);
	CHECK_EQ(run_virtual(nap(&f, 20)), 0);
	CHECK_EQ(tape_end(), 0);
	in = fopen(path, "r");
	CHECK(in);
	CHECK(fread(text, 1, 65535, in) > 0);
	fclose(in);
	unlink(path);
	return text;
}

TEST(tape_svg, of_a_program_is_the_same_each_time_under_a_virtual_clock)
{
	char *one = picture_of_a_nap(), *other = picture_of_a_nap();

	CHECK(xml_is_well_formed(one));
	CHECK(has(one, "<title>#1 nap: pending, 0 ms\nat delay(&amp;f-&gt;delay, f-&gt;ms)\n"
		       "lines 2 to 5</title>"));
	CHECK_STR(one, other);
	free(one);
	free(other);
}
