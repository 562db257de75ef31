/* tape_lanes: see tape_lanes.h. */
#include "trace/tape_lanes.h"

#include "trace/svg.h"

/* "#1 fetch"; outside of tasks only the name. */
static const char *who(const struct tape_entry *e, char text[TAPE_LABEL_SIZE])
{
	const char *name = e->name ? e->name : "nobody known";

	if (e->lane)
		snprintf(text, TAPE_LABEL_SIZE, "#%u %s", e->lane, name);
	else
		snprintf(text, TAPE_LABEL_SIZE, "%s", name);
	return text;
}

/* --- Boxes --- */

static void put_poll(FILE *out, const struct tape_layout *l, size_t i)
{
	const struct tape_entry *e = &l->entries[i];
	size_t end = l->mates[i].i;
	enum tape_kind kind = end < l->n ? l->entries[end].kind : TAPE_POLL;
	const char *at = end < l->n ? l->entries[end].at : NULL;
	enum tape_look look = kind == TAPE_POLL  ? TAPE_LOOK_OPEN :
			      kind == TAPE_READY ? TAPE_LOOK_READY : TAPE_LOOK_PENDING;
	struct tape_box b = tape_layout_box(l, i);
	char time[TAPE_TIME_SIZE], name[TAPE_LABEL_SIZE];

	tape_layout_when(e, time);
	who(e, name);
	fprintf(out, "<g>\n");
	if (end < l->n)
		svg_title(out, "%s: %s%s%s%s\nlines %zu to %zu", name, tape_kind_name(kind), time,
			  at ? "\nat " : "", at ? at : "", i + 1, end + 1);
	else
		svg_title(out, "%s: polled%s\nline %zu; its end is not drawn", name, time, i + 1);
	tape_shape_box(out, &b, look, e->depth > 0 && e->name ? e->name : name, at);
	fprintf(out, "</g>\n");
}

static void put_drop(FILE *out, const struct tape_layout *l, size_t i)
{
	const struct tape_entry *e = &l->entries[i];
	struct tape_box b = tape_layout_box(l, i);
	char time[TAPE_TIME_SIZE], name[TAPE_LABEL_SIZE];

	fprintf(out, "<g>\n");
	svg_title(out, "%s: dropped%s\nline %zu", who(e, name), tape_layout_when(e, time), i + 1);
	tape_shape_box(out, &b, TAPE_LOOK_DROP, e->depth > 0 && e->name ? e->name : name, NULL);
	fprintf(out, "</g>\n");
}

/* What is around goes first: polls as they begin; drops, told after those inside, from the end. */
static void draw_boxes(FILE *out, const struct tape_layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].kind == TAPE_POLL && tape_layout_has_box(l, i))
			put_poll(out, l, i);
	for (size_t i = l->n; i-- > 0;)
		if (l->entries[i].kind == TAPE_DROP && tape_layout_has_box(l, i))
			put_drop(out, l, i);
}

/* --- Arrows --- */

static enum tape_arrow arrow_of(const struct tape_entry *e)
{
	if (e->is_no_news)
		return TAPE_ARROW_NO_NEWS;
	return e->kind == TAPE_SPAWN ? TAPE_ARROW_SPAWN :
	       e->kind == TAPE_ABORT ? TAPE_ARROW_ABORT : TAPE_ARROW_WAKE;
}

static void put_arrow_title(FILE *out, const struct tape_layout *l, size_t i)
{
	const struct tape_entry *e = &l->entries[i];
	char time[TAPE_TIME_SIZE], name[TAPE_LABEL_SIZE], by[TAPE_LABEL_SIZE] = "outside";

	if (e->by_lane)
		tape_layout_label(l, e->by_lane, by);
	else if (e->by)
		snprintf(by, sizeof by, "%s", e->by);
	svg_title(out, "%s: %s by %s%s%s\nline %zu", who(e, name), tape_kind_name(e->kind), by,
		  e->is_no_news ? ", no news" : "", tape_layout_when(e, time), i + 1);
}

/*
 * A column has one entry, so an arrow is alone in it and goes straight down or up to the line of
 * the task: from what is no task, from the innermost box that is `open`, or one that has just ended.
 */
static void put_arrow(FILE *out, const struct tape_layout *l, size_t i, size_t open)
{
	const struct tape_entry *e = &l->entries[i];
	enum tape_arrow a = arrow_of(e);
	int x = tape_layout_x(l, i), to = tape_layout_line(l, e->lane);

	if (!e->by_lane) {
		int from = tape_layout_cause_line(l, tape_layout_cause(l, e));

		tape_shape_down(out, a, x, from, to, 4);
	} else if (e->by_lane == e->lane) {
		tape_shape_loop(out, a, x, l->lanes[e->lane].y);
	} else if (open < l->n) {
		struct tape_box b = tape_layout_box(l, open);

		tape_shape_down(out, a, x, to > b.top ? b.bottom : b.top, to, 3);
	} else {
		tape_shape_elbow(out, a, tape_layout_left(l, i), x,
				 tape_layout_line(l, e->by_lane), to);
	}
}

static void draw_arrows(FILE *out, const struct tape_layout *l)
{
	size_t open[TAPE_DEPTH_MAX + 1]; /* polls, the innermost last */
	unsigned n_open = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct tape_entry *e = &l->entries[i];

		if (e->kind == TAPE_SPAWN || e->kind == TAPE_WAKE || e->kind == TAPE_ABORT) {
			fprintf(out, "<g>\n");
			put_arrow_title(out, l, i);
			put_arrow(out, l, i, n_open > 0 ? open[n_open - 1] : l->n);
			fprintf(out, "</g>\n");
		} else if (e->kind == TAPE_POLL && e->depth <= TAPE_DEPTH_MAX) {
			open[n_open++] = i;
		} else if (n_open > 0 && l->mates[open[n_open - 1]].i == i) {
			n_open--;
		}
	}
}

/* --- What a task does between its polls --- */

static void change(FILE *out, const struct tape_layout *l, unsigned number, enum tape_life life,
		   size_t i)
{
	struct tape_lane *lane = &l->lanes[number];

	tape_shape_life(out, lane->life, tape_layout_x(l, lane->since), tape_layout_x(l, i),
			tape_layout_line(l, number));
	lane->life = life;
	lane->since = i;
	lane->is_woken = false;
}

static void wake(FILE *out, const struct tape_layout *l, size_t i)
{
	unsigned number = l->entries[i].lane;

	if (l->lanes[number].life == TAPE_LIFE_IDLE)
		change(out, l, number, TAPE_LIFE_QUEUED, i);
	else if (l->lanes[number].life == TAPE_LIFE_POLLED)
		l->lanes[number].is_woken = true;
}

static void live(FILE *out, const struct tape_layout *l, size_t i)
{
	const struct tape_entry *e = &l->entries[i];
	bool is_woken = l->lanes[e->lane].is_woken;

	if (e->kind == TAPE_SPAWN)
		change(out, l, e->lane, TAPE_LIFE_QUEUED, i);
	else if (e->kind == TAPE_WAKE || e->kind == TAPE_ABORT)
		wake(out, l, i);
	else if (e->depth > 0)
		return;
	else if (e->kind == TAPE_POLL)
		change(out, l, e->lane, TAPE_LIFE_POLLED, i);
	else if (e->kind == TAPE_PENDING)
		change(out, l, e->lane, is_woken ? TAPE_LIFE_QUEUED : TAPE_LIFE_IDLE, i);
	else
		change(out, l, e->lane, TAPE_LIFE_NONE, i);
}

static void draw_lives(FILE *out, const struct tape_layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].kind != TAPE_PARK && l->entries[i].lane != 0)
			live(out, l, i);
	for (unsigned i = 1; i < l->n_lanes; i++)
		if (l->lanes[i].is_met)
			change(out, l, i, TAPE_LIFE_NONE, l->n);
}

/* --- All of it --- */

void tape_lanes_draw(FILE *out, struct tape_layout *l)
{
	draw_lives(out, l);
	draw_boxes(out, l);
	draw_arrows(out, l);
}
