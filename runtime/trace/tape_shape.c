/* tape_shape: see tape_shape.h. */
#include "trace/tape_shape.h"

#include <stdbool.h>

#include "trace/svg.h"

/* --- Boxes --- */

static const struct {
	const char *attributes, *ink;
	const char *mark; /* from its left upper corner on, 8 by 8 */
} looks[] = {
	[TAPE_LOOK_PENDING] = { "fill=\"#fff4d9\" stroke=\"#a87510\" stroke-dasharray=\"4 3\"",
				"#7a5200", "m0 6h2m1 0h2m1 0h2" },
	[TAPE_LOOK_READY] = { "fill=\"#d3efdc\" stroke=\"#1e7a45\" stroke-width=\"2\"", "#0f5a30",
			      "m0 4l3 3l5 -7" },
	[TAPE_LOOK_DROP] = { "fill=\"#fbdcd8\" stroke=\"" TAPE_RED "\"", "#8c2011",
			     "m0 0l7 7m0 -7l-7 7" },
	[TAPE_LOOK_OPEN] = { "fill=\"#eef1f4\" stroke=\"" TAPE_GREY "\" stroke-dasharray=\"1 3\"",
			     TAPE_INK, NULL },
};

/* A few letters of what it waits for say nothing: then there is the name alone. */
static void put_words(FILE *out, const struct tape_box *b, const char *ink, const char *name,
		      const char *at)
{
	unsigned room = svg_n_chars(b->right - b->left - 22), len = svg_len(name);
	int x = b->left + 5, y = b->top + 14;
	char attributes[64];

	snprintf(attributes, sizeof attributes, "fill=\"%s\"", ink);
	svg_text(out, x, y, attributes, room, name);
	if (!at || room < len + 10)
		return;
	snprintf(attributes, sizeof attributes, "fill=\"%s\" fill-opacity=\"0.75\"", ink);
	svg_text(out, x + svg_width(len + 1), y, attributes, 2, "at");
	svg_text(out, x + svg_width(len + 4), y, attributes, room - len - 4, at);
}

void tape_shape_box(FILE *out, const struct tape_box *b, enum tape_look look, const char *name,
		    const char *at)
{
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" %s/>\n", b->left,
		b->top, b->right - b->left, b->bottom - b->top, looks[look].attributes);
	if (looks[look].mark)
		fprintf(out,
			"<path d=\"M%d %d%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n",
			b->right - 13, b->top + 6, looks[look].mark, looks[look].ink);
	put_words(out, b, looks[look].ink, name, at);
}

/* --- Arrows --- */

static const struct {
	const char *colour, *dashes;
	const char *head; /* it points to the right, and its tip is at 0 0 */
	bool is_solid;
} arrows[] = {
	[TAPE_ARROW_WAKE] = { "#1d5fb4", "none", "M0 0l-8 -4v8z", true },
	[TAPE_ARROW_NO_NEWS] = { "#1d5fb4", "2 3", "M-6 -4l6 4l-6 4", false },
	[TAPE_ARROW_SPAWN] = { "#7b3fa0", "7 3", "M1 0l-5 -5l-5 5l5 5z", true },
	[TAPE_ARROW_ABORT] = { TAPE_RED, "none", "M-4 -4l8 8m0 -8l-8 8", false },
};

/* Heads are paths, not markers: not every viewer can do those. */
static void put_arrow(FILE *out, enum tape_arrow a, const char *path, int x, int y,
		      enum tape_direction to)
{
	fprintf(out,
		"<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\""
		" stroke-dasharray=\"%s\"/>\n"
		"<path d=\"%s\" transform=\"translate(%d %d) rotate(%d)\" fill=\"%s\" stroke=\"%s\""
		" stroke-width=\"%d\"/>\n",
		path, arrows[a].colour, arrows[a].dashes, arrows[a].head, x, y, (int)to,
		arrows[a].is_solid ? arrows[a].colour : "none", arrows[a].colour,
		arrows[a].is_solid ? 0 : 2);
}

void tape_shape_down(FILE *out, enum tape_arrow a, int x, int from, int to, int radius)
{
	char path[64];

	snprintf(path, sizeof path, "M%d %dV%d", x, from, to);
	put_arrow(out, a, path, x, to, to > from ? TAPE_DOWN : TAPE_UP);
	fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"%d\" fill=\"%s\"/>\n", x, from, radius,
		arrows[a].colour);
}

void tape_shape_elbow(FILE *out, enum tape_arrow a, int left, int x, int from, int to)
{
	char path[64];

	snprintf(path, sizeof path, "M%d %dH%dV%d", left, from, x, to);
	put_arrow(out, a, path, x, to, to > from ? TAPE_DOWN : TAPE_UP);
}

void tape_shape_loop(FILE *out, enum tape_arrow a, int x, int y)
{
	char path[64];

	snprintf(path, sizeof path, "M%d %dv-2c0 -10 14 -10 14 0v2", x - 7, y);
	put_arrow(out, a, path, x + 7, y, TAPE_DOWN);
}

void tape_shape_right(FILE *out, enum tape_arrow a, int from, int to, int y)
{
	char path[64];

	snprintf(path, sizeof path, "M%d %dH%d", from, y, to);
	put_arrow(out, a, path, to, y, TAPE_RIGHT);
}

/* --- Lines --- */

void tape_shape_life(FILE *out, enum tape_life life, int from, int to, int y)
{
	if (life == TAPE_LIFE_QUEUED)
		fprintf(out, "<path d=\"M%d %dH%d\" stroke=\"#a9c4e6\" stroke-width=\"5\"/>\n",
			from, y, to);
	else if (life == TAPE_LIFE_IDLE)
		fprintf(out,
			"<path d=\"M%d %dH%d\" stroke=\"" TAPE_GREY "\" stroke-width=\"2\""
			" stroke-dasharray=\"1 4\"/>\n",
			from, y, to);
}

/* The many lines across are the dashes of a single one, as thick as the column is wide. */
void tape_shape_park(FILE *out, int x, int width, int top, int bottom)
{
	fprintf(out,
		"<path d=\"M%d %dV%d\" stroke=\"" TAPE_PALE "\" stroke-width=\"%d\""
		" stroke-dasharray=\"1 5\"/>\n",
		x, top, bottom, width);
}

void tape_shape_axis(FILE *out, int from, int to, int y)
{
	fprintf(out,
		"<path d=\"M%d %dH%dm-6 -4l6 4l-6 4\" fill=\"none\" stroke=\"" TAPE_INK "\"/>\n",
		from, y, to);
}

void tape_shape_break(FILE *out, int x, int y, int bottom)
{
	fprintf(out,
		"<path d=\"M%d %dh8\" stroke=\"#ffffff\" stroke-width=\"4\"/>\n"
		"<path d=\"M%d %dl6 -14m4 0l-6 14\" stroke=\"" TAPE_INK "\""
		" stroke-width=\"1.5\"/>\n"
		"<path d=\"M%d %dV%d\" stroke=\"" TAPE_GREY "\" stroke-dasharray=\"6 4\"/>\n",
		x - 4, y, x - 5, y + 7, x, y + 8, bottom);
}
