/*
 * tape_svg: see tape_svg.h. tape_layout.h says where things are, tape_shape.h how they look,
 * tape_lanes.h what is in the lanes; here is all that is around them.
 */
#include "trace/tape_svg.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "trace/svg.h"
#include "trace/tape_lanes.h"
#include "trace/tape_layout.h"

#define BOLD "fill=\"" TAPE_INK "\" font-weight=\"bold\""
#define GREY "fill=\"" TAPE_GREY "\""
#define CENTRED " text-anchor=\"middle\""

enum { MARGIN = 16, LEGEND_Y = 82, AXIS_Y = 140, TOP = 160, WIDTH_MIN = 900 };

/* --- Rows --- */

static int width_of(const struct tape_layout *l)
{
	return l->right + MARGIN > WIDTH_MIN ? l->right + MARGIN : WIDTH_MIN;
}

static void draw_cause_row(FILE *out, const struct tape_layout *l, unsigned i, unsigned max)
{
	int y = tape_layout_cause_line(l, i);

	svg_text(out, MARGIN, y + 4, GREY, max, l->causes[i]);
	fprintf(out, "<path d=\"M%d %dH%d\" stroke=\"" TAPE_PALE "\"/>\n", l->left, y, l->right);
}

static void draw_lane_row(FILE *out, const struct tape_layout *l, unsigned i, unsigned max,
			  bool has_ground)
{
	char label[TAPE_LABEL_SIZE];

	if (has_ground)
		fprintf(out,
			"<rect x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f4f6f8\"/>\n",
			l->lanes[i].y - TAPE_ROW_GAP / 2, width_of(l), tape_layout_height(l, i));
	tape_layout_label(l, i, label);
	svg_text(out, MARGIN, tape_layout_line(l, i) + 4, BOLD, max, label);
}

static void draw_rows(FILE *out, const struct tape_layout *l)
{
	unsigned max = svg_n_chars(l->left - MARGIN - 4);
	bool has_ground = true; /* every other has */

	for (unsigned i = 0; i < l->n_causes; i++)
		draw_cause_row(out, l, i, max);
	for (unsigned i = 0; i < l->n_lanes; i++) {
		if (!l->lanes[i].is_met)
			continue;
		draw_lane_row(out, l, i, max, has_ground);
		has_ground = !has_ground;
	}
}

/* --- Time --- */

static void put_park(FILE *out, const struct tape_layout *l, size_t i)
{
	int x = tape_layout_x(l, i);
	char time[TAPE_TIME_SIZE];

	fprintf(out, "<g>\n");
	svg_title(out, "park: nothing is queued, so the thread sleeps%s\nline %zu",
		  tape_layout_when(&l->entries[i], time), i + 1);
	tape_shape_park(out, x, l->step - 10, l->top + 2, l->bottom);
	svg_text(out, x, AXIS_Y + 15, GREY CENTRED, 4, "park");
	fprintf(out, "</g>\n");
}

static void put_time(FILE *out, const struct tape_layout *l, size_t i)
{
	char time[TAPE_TIME_SIZE];

	svg_text(out, tape_layout_left(l, i) + 6, AXIS_Y + 15, BOLD, TAPE_TIME_SIZE,
		 tape_time_text(l->entries[i].ns, time));
}

/* The clock stands while tasks are polled, and jumps when all of them wait. */
static void put_jump(FILE *out, const struct tape_layout *l, size_t i)
{
	uint64_t ns = l->entries[i].ns - l->entries[i - 1].ns;
	int x = tape_layout_left(l, i);
	char time[TAPE_TIME_SIZE], by[TAPE_TIME_SIZE + 1];

	tape_shape_break(out, x, AXIS_Y, l->bottom);
	snprintf(by, sizeof by, "+%s", tape_time_text(ns, time));
	svg_text(out, x, AXIS_Y - 11, "fill=\"" TAPE_INK "\"" CENTRED, TAPE_TIME_SIZE, by);
}

static void draw_axis(FILE *out, const struct tape_layout *l)
{
	tape_shape_axis(out, l->left, l->right + MARGIN - 4, AXIS_Y);
	for (size_t i = 0; i < l->n; i++) {
		const struct tape_entry *e = &l->entries[i];
		bool had_time = i > 0 && e[-1].has_time;

		if (e->kind == TAPE_PARK)
			put_park(out, l, i);
		if (!e->has_time || (had_time && e->ns == e[-1].ns))
			continue;
		if (had_time && e->ns > e[-1].ns)
			put_jump(out, l, i);
		put_time(out, l, i);
	}
}

/* The lines of --tape, so that nobody has to count them. */
static void draw_numbers(FILE *out, const struct tape_layout *l)
{
	char number[TAPE_TIME_SIZE];

	fprintf(out, "<g fill=\"" TAPE_GREY "\" font-size=\"9\">\n");
	svg_text(out, MARGIN, l->bottom + 16, "", 40, "line of --tape");
	for (size_t i = 0; i < l->n; i += i == 0 ? 4 : 5) {
		snprintf(number, sizeof number, "%zu", i + 1);
		svg_text(out, tape_layout_x(l, i), l->bottom + 16, CENTRED, TAPE_TIME_SIZE,
			 number);
	}
	fprintf(out, "</g>\n");
}

/* --- What is above all that --- */

static int legend_box(FILE *out, int x, enum tape_look look, const char *name)
{
	struct tape_box b = { x, LEGEND_Y, x + svg_width(svg_len(name)) + 30, LEGEND_Y + 20 };

	tape_shape_box(out, &b, look, name, NULL);
	return b.right + 14;
}

static int legend_name(FILE *out, int x, const char *name)
{
	svg_text(out, x, LEGEND_Y + 14, "fill=\"" TAPE_INK "\"", 40, name);
	return x + svg_width(svg_len(name)) + 20;
}

static int legend_life(FILE *out, int x, enum tape_life life, const char *name)
{
	tape_shape_life(out, life, x, x + 28, LEGEND_Y + 10);
	return legend_name(out, x + 36, name);
}

static int legend_arrow(FILE *out, int x, enum tape_arrow arrow, const char *name)
{
	tape_shape_right(out, arrow, x, x + 28, LEGEND_Y + 10);
	return legend_name(out, x + 38, name);
}

static void draw_legend(FILE *out)
{
	int x = MARGIN;

	x = legend_box(out, x, TAPE_LOOK_PENDING, "pending");
	x = legend_box(out, x, TAPE_LOOK_READY, "ready");
	x = legend_box(out, x, TAPE_LOOK_DROP, "drop");
	x = legend_life(out, x, TAPE_LIFE_QUEUED, "queued");
	x = legend_life(out, x, TAPE_LIFE_IDLE, "waits");
	x = legend_arrow(out, x, TAPE_ARROW_WAKE, "wake");
	x = legend_arrow(out, x, TAPE_ARROW_NO_NEWS, "no news");
	x = legend_arrow(out, x, TAPE_ARROW_SPAWN, "spawn");
	(void)legend_arrow(out, x, TAPE_ARROW_ABORT, "abort");
}

/* The last that has a time; NULL: none has. */
static const struct tape_entry *last_timed(const struct tape_layout *l)
{
	for (size_t i = l->n; i-- > 0;)
		if (l->entries[i].has_time)
			return &l->entries[i];
	return NULL;
}

/* In red, what there is not. */
static void draw_missing(FILE *out, int x, const struct tape_svg *t, const struct tape_layout *l)
{
	char said[256] = "";
	int len = 0;

	if (t->n_missing > 0)
		len = snprintf(said, sizeof said, "%zu more are not drawn: %s. ", t->n_missing,
			       t->is_cut ? "there was no memory" : "--tape prints them all");
	if (l->n_too_deep > 0)
		snprintf(said + len, sizeof said - (size_t)len,
			 "%zu polls and drops inside of %d others are not drawn.", l->n_too_deep,
			 TAPE_DEPTH_MAX + 1);
	svg_text(out, x, 28, "fill=\"" TAPE_RED "\"", 200, said);
}

static void draw_heading(FILE *out, const struct tape_svg *t, const struct tape_layout *l)
{
	char said[256], time[TAPE_TIME_SIZE];
	int len = snprintf(said, sizeof said, "Poll tape: %s%zu line%s, %u task%s%s",
			   t->n_missing ? "the first " : "", l->n, l->n == 1 ? "" : "s", l->n_tasks,
			   l->n_tasks == 1 ? "" : "s", tape_layout_when(last_timed(l), time));

	svg_text(out, MARGIN, 28, BOLD " font-size=\"15\"", 200, said);
	draw_missing(out, 2 * MARGIN + 9 * len, t, l);
}

#define PARK "park: nothing is queued, so the thread sleeps."

static void draw_explanation(FILE *out, const struct tape_layout *l)
{
	const char *park =
		last_timed(l) ? PARK " Time stands while tasks are polled; where it jumps, the axis"
				" is broken."
			      : PARK " There are no times: they would differ from run to run.";

	svg_text(out, MARGIN, 48, GREY, 200,
		 "From left to right: what came next, a step for each line of --tape. A box is a"
		 " poll, a box inside it a poll that it made.");
	svg_text(out, MARGIN, 64, GREY, 200, park);
}

/* --- All of it --- */

static void draw(FILE *out, const struct tape_svg *t, struct tape_layout *l)
{
	svg_begin(out, width_of(l), l->bottom + 2 * MARGIN, "A poll tape");
	draw_heading(out, t, l);
	draw_explanation(out, l);
	draw_legend(out);
	draw_rows(out, l);
	draw_axis(out, l);
	draw_numbers(out, l);
	tape_lanes_draw(out, l);
	svg_end(out);
}

int tape_svg_draw(const struct tape_svg *t, FILE *out)
{
	struct tape_layout l;
	int err = tape_layout_init(&l, t->entries, t->n, TOP);

	if (err) {
		svg_begin(out, WIDTH_MIN, 60, "A poll tape");
		svg_text(out, MARGIN, 34, "fill=\"" TAPE_RED "\"", 80,
			 "There was no memory to draw the tape.");
		svg_end(out);
		return err;
	}
	draw(out, t, &l);
	tape_layout_fini(&l);
	return t->is_cut ? -ENOMEM : 0;
}

/* --- Keeping --- */

static bool grow(struct tape_svg *t)
{
	size_t max = t->max ? 2 * t->max : 256;
	struct tape_entry *more = mem_alloc_array(max, sizeof *more);

	if (!more)
		return false;
	if (t->n > 0)
		memcpy(more, t->entries, t->n * sizeof *more);
	mem_free(t->entries, t->max * sizeof *more);
	t->entries = more;
	t->max = max;
	return true;
}

/* After the first that is missing none is kept: it would stand where another belongs. */
static void keep(struct recorder_sink *sink, const struct tape_entry *e)
{
	struct tape_svg *t = (struct tape_svg *)(void *)sink;

	if (t->n_missing == 0 && t->n == t->max && t->n < TAPE_SVG_MAX)
		t->is_cut = !grow(t);
	if (t->n_missing > 0 || t->is_cut || t->n == TAPE_SVG_MAX)
		t->n_missing++;
	else
		t->entries[t->n++] = *e;
}

void tape_svg_init(struct tape_svg *t)
{
	*t = (struct tape_svg){ .sink = { .write = keep } };
}

void tape_svg_fini(struct tape_svg *t)
{
	mem_free(t->entries, t->max * sizeof *t->entries);
	*t = (struct tape_svg){ 0 };
}
