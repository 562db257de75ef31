/* tape_layout: see tape_layout.h. */
#include "trace/tape_layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "trace/svg.h"

enum {
	STEP_MIN = 40,
	STEP_MAX = 64,
	MANY = 200,        /* entries: with more than these, columns are narrow */
	LABEL_CHARS_MIN = 12,
	LABEL_CHARS_MAX = 32,
	BOX_LINE = 19,     /* the words in a box, before the box inside */
	BOX_MARGIN = 4,
	BOX_HEIGHT = 20,   /* of one without another inside */
	BOX_GAP = 3,       /* to the edges of its columns */
	BOX_EXTRA = 32,    /* what it needs beside its words */
};

static bool has_cause(const struct tape_entry *e)
{
	return e->kind == TAPE_SPAWN || e->kind == TAPE_WAKE || e->kind == TAPE_ABORT;
}

static bool is_end(const struct tape_entry *e)
{
	return e->kind == TAPE_PENDING || e->kind == TAPE_READY;
}

static unsigned more(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* --- Who has a row --- */

static const char *cause_name(const struct tape_entry *e)
{
	return e->by ? e->by : "outside";
}

/* n_causes: it has no row, unless it shares the last. */
static unsigned find_cause(const struct tape_layout *l, const char *name)
{
	unsigned i = 0;

	while (i < l->n_causes && strcmp(l->causes[i], name) != 0)
		i++;
	return i;
}

static void meet_cause(struct tape_layout *l, const char *name)
{
	if (find_cause(l, name) < l->n_causes)
		return;
	if (l->n_causes < TAPE_CAUSES_MAX)
		l->causes[l->n_causes++] = name;
	else
		l->causes[TAPE_CAUSES_MAX - 1] = "others";
}

/* The first entry of a lane is its spawn or its outermost poll, and so has the name of the task. */
static void meet(struct tape_layout *l, const struct tape_entry *e)
{
	struct tape_lane *lane = &l->lanes[e->lane];

	lane->is_met = true;
	if (!lane->name)
		lane->name = e->name;
	if (e->depth > TAPE_DEPTH_MAX)
		l->n_too_deep += !is_end(e);
	else if (e->depth > lane->depth)
		lane->depth = e->depth;
	if (has_cause(e) && !e->by_lane)
		meet_cause(l, cause_name(e));
	else if (has_cause(e))
		l->lanes[e->by_lane].is_met = true; /* it is, unless its wrapper alone was polled */
}

/* --- What belongs together --- */

static unsigned deeper(unsigned a, unsigned b)
{
	unsigned depth = more(a, b);

	return depth < TAPE_DEPTH_MAX ? depth : TAPE_DEPTH_MAX;
}

/* Takes the innermost from the list of those that are open; returns the next. */
static size_t close_poll(struct tape_layout *l, size_t open, size_t end)
{
	size_t around = l->mates[open].i;

	l->mates[open].i = end;
	if (around < l->n)
		l->mates[around].depth = deeper(l->mates[around].depth, l->mates[open].depth);
	return around;
}

/*
 * Polls are nested, so an end belongs to the last that is open. While they are open they are a
 * list: the mate of each is the one around it.
 */
static void match_polls(struct tape_layout *l)
{
	size_t open = l->n;

	for (size_t i = 0; i < l->n; i++) {
		const struct tape_entry *e = &l->entries[i];

		l->mates[i] = (struct tape_mate){ i, deeper(e->depth, 0) };
		if (e->kind == TAPE_POLL) {
			l->mates[i].i = open;
			open = i;
		} else if (e->kind == TAPE_DROP && open < l->n) {
			l->mates[open].depth = deeper(l->mates[open].depth, e->depth);
		} else if (is_end(e) && open < l->n) {
			open = close_poll(l, open, i);
		}
	}
	while (open < l->n)
		open = close_poll(l, open, l->n);
}

/*
 * A drop is told when it is over: those that went just before it, and are deeper, went inside of
 * it. waiting[d] is the first at depth d of those whose surrounding drop is still to come.
 */
static void match_drops(struct tape_layout *l)
{
	struct tape_mate waiting[TAPE_DEPTH_MAX + 2];

	for (unsigned d = 0; d < TAPE_DEPTH_MAX + 2; d++)
		waiting[d].i = l->n;
	for (size_t i = 0; i < l->n; i++) {
		const struct tape_entry *e = &l->entries[i];
		struct tape_mate *inside, *beside;

		if (has_cause(e) || e->kind == TAPE_PARK || e->depth > TAPE_DEPTH_MAX)
			continue;
		beside = &waiting[e->depth];
		inside = &waiting[e->depth + 1];
		if (e->kind == TAPE_DROP) {
			if (inside->i < l->n)
				l->mates[i] = *inside;
			if (beside->i == l->n)
				*beside = l->mates[i];
			beside->depth = deeper(beside->depth, l->mates[i].depth);
		}
		inside->i = l->n;
		if (e->depth == 0)
			beside->i = l->n;
	}
}

/* --- Sizes --- */

/* How wide a column must be for the words in the box of entry i, which has several. */
static int need_of(const struct tape_layout *l, size_t i)
{
	const struct tape_entry *e = &l->entries[i];
	size_t other = l->mates[i].i;
	const char *at = e->kind == TAPE_POLL && other < l->n ? l->entries[other].at : NULL;
	unsigned n_chars = e->name ? svg_len(e->name) : 0;

	if (e->depth == 0)
		n_chars += 3; /* the number of its lane */
	if (at)
		n_chars += 4 + svg_len(at);
	return (svg_width(n_chars) + BOX_EXTRA) / (int)((other > i ? other - i : i - other) + 1);
}

/* As wide as the one with the most to say, within reason; and even, since it is halved. */
static int step_of(const struct tape_layout *l)
{
	int max = l->n > MANY ? STEP_MIN : STEP_MAX, step = STEP_MIN;

	for (size_t i = 0; i < l->n && step < max; i++)
		if (tape_layout_has_box(l, i) && need_of(l, i) > step)
			step = need_of(l, i);
	return (step < max ? step + 1 : max) / 2 * 2;
}

static int left_of(const struct tape_layout *l)
{
	char label[TAPE_LABEL_SIZE];
	unsigned n_chars = LABEL_CHARS_MIN;

	for (unsigned i = 0; i < l->n_causes; i++)
		n_chars = more(n_chars, svg_len(l->causes[i]));
	for (unsigned i = 0; i < l->n_lanes && n_chars < LABEL_CHARS_MAX; i++) {
		if (!l->lanes[i].is_met)
			continue;
		tape_layout_label(l, i, label);
		n_chars = more(n_chars, svg_len(label));
	}
	return svg_width(n_chars < LABEL_CHARS_MAX ? n_chars : LABEL_CHARS_MAX) + 24;
}

static int box_height(unsigned n_inside)
{
	return (int)n_inside * (BOX_LINE + BOX_MARGIN) + BOX_HEIGHT;
}

static void place(struct tape_layout *l, int top)
{
	int y = top + (int)l->n_causes * TAPE_CAUSE_HEIGHT;

	for (unsigned i = 0; i < l->n_lanes; i++) {
		if (!l->lanes[i].is_met)
			continue;
		l->n_tasks += i > 0;
		l->lanes[i].y = y + TAPE_ROW_GAP / 2;
		y += tape_layout_height(l, i);
	}
	l->top = top;
	l->bottom = y;
	l->left = left_of(l);
	l->step = step_of(l);
	l->right = l->left + (int)l->n * l->step;
}

static int allocate(struct tape_layout *l)
{
	l->mates = mem_alloc_array(l->n + 1, sizeof *l->mates);
	l->lanes = mem_alloc_array(l->n_lanes, sizeof *l->lanes);
	if (l->mates && l->lanes) {
		memset(l->lanes, 0, l->n_lanes * sizeof *l->lanes);
		return 0;
	}
	tape_layout_fini(l);
	return -ENOMEM;
}

int tape_layout_init(struct tape_layout *l, const struct tape_entry *entries, size_t n, int top)
{
	int err;

	*l = (struct tape_layout){ .entries = entries, .n = n, .n_lanes = 1 };
	for (size_t i = 0; i < n; i++)
		l->n_lanes = more(l->n_lanes, more(entries[i].lane, entries[i].by_lane) + 1);
	err = allocate(l);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		if (entries[i].kind != TAPE_PARK)
			meet(l, &entries[i]);
	match_polls(l);
	match_drops(l);
	place(l, top);
	return 0;
}

void tape_layout_fini(struct tape_layout *l)
{
	mem_free(l->mates, (l->n + 1) * sizeof *l->mates);
	mem_free(l->lanes, l->n_lanes * sizeof *l->lanes);
	*l = (struct tape_layout){ 0 };
}

/* --- Places --- */

int tape_layout_left(const struct tape_layout *l, size_t i)
{
	return l->left + (int)i * l->step;
}

int tape_layout_x(const struct tape_layout *l, size_t i)
{
	return i < l->n ? tape_layout_left(l, i) + l->step / 2 : l->right;
}

bool tape_layout_has_box(const struct tape_layout *l, size_t i)
{
	const struct tape_entry *e = &l->entries[i];

	return (e->kind == TAPE_POLL || e->kind == TAPE_DROP) && e->depth <= TAPE_DEPTH_MAX;
}

/*
 * A poll reaches from the column of its begin to that of its end. Drops begin in the same column as
 * the first inside of them, so on that side each has to stand out.
 */
struct tape_box tape_layout_box(const struct tape_layout *l, size_t i)
{
	const struct tape_entry *e = &l->entries[i];
	struct tape_mate mate = l->mates[i];
	unsigned n_inside = mate.depth - e->depth;
	bool is_poll = e->kind == TAPE_POLL;
	size_t first = is_poll ? i : mate.i, last = is_poll ? mate.i : i;
	int top = l->lanes[e->lane].y + (int)e->depth * BOX_LINE;

	return (struct tape_box){
		.left = tape_layout_left(l, first) + BOX_GAP - (is_poll ? 0 : 3 * (int)n_inside),
		.right = last < l->n ? tape_layout_left(l, last + 1) - BOX_GAP : l->right,
		.top = top, .bottom = top + box_height(n_inside),
	};
}

int tape_layout_height(const struct tape_layout *l, unsigned lane)
{
	return box_height(l->lanes[lane].depth) + TAPE_ROW_GAP;
}

int tape_layout_line(const struct tape_layout *l, unsigned lane)
{
	return l->lanes[lane].y + BOX_HEIGHT / 2;
}

int tape_layout_cause_line(const struct tape_layout *l, unsigned cause)
{
	return l->top + (int)cause * TAPE_CAUSE_HEIGHT + TAPE_CAUSE_HEIGHT / 2;
}

unsigned tape_layout_cause(const struct tape_layout *l, const struct tape_entry *e)
{
	unsigned i = find_cause(l, cause_name(e));

	return i < l->n_causes ? i : l->n_causes - 1;
}

/* --- Words --- */

void tape_layout_label(const struct tape_layout *l, unsigned lane, char text[TAPE_LABEL_SIZE])
{
	if (lane == 0)
		snprintf(text, TAPE_LABEL_SIZE, "no task");
	else
		snprintf(text, TAPE_LABEL_SIZE, "#%u %s", lane,
			 l->lanes[lane].name ? l->lanes[lane].name : "?");
}

const char *tape_layout_when(const struct tape_entry *e, char text[TAPE_TIME_SIZE])
{
	char time[TAPE_TIME_SIZE];

	text[0] = '\0';
	if (e && e->has_time)
		snprintf(text, TAPE_TIME_SIZE, ", %.36s", tape_time_text(e->ns, time));
	return text;
}
