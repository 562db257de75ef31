/* tape_text: one entry, one line. See tape.h for what they look like. */
#include "trace/tape_text.h"

enum { NAME_WIDTH = 26 };

/* "#1 . . delay"; returns how wide that is. */
static int print_name(FILE *out, const struct tape_entry *e)
{
	int width = e->lane ? fprintf(out, "#%u ", e->lane) : fprintf(out, "-  ");

	for (unsigned i = 0; i < e->depth; i++)
		width += fprintf(out, ". ");
	return width + fprintf(out, "%s", e->name ? e->name : "(nobody known)");
}

static void print_cause(FILE *out, const struct tape_entry *e)
{
	if (e->by)
		fprintf(out, "by %s", e->by);
	else if (e->by_lane)
		fprintf(out, "by #%u %s", e->by_lane, recorder_lane_name(e->by_lane));
	else
		fprintf(out, "from outside");
	if (e->is_no_news)
		fprintf(out, "; no news");
}

static void write_line(struct recorder_sink *sink, const struct tape_entry *e)
{
	FILE *out = ((struct tape_text *)(void *)sink)->out;
	bool has_cause = e->kind == TAPE_SPAWN || e->kind == TAPE_WAKE || e->kind == TAPE_ABORT;
	char time[TAPE_TIME_SIZE];
	int width;

	fprintf(out, "| ");
	if (e->has_time)
		fprintf(out, "%8s  ", tape_time_text(e->ns, time));
	if (e->kind == TAPE_PARK) {
		fprintf(out, "park\n");
		return;
	}
	fprintf(out, "%-7s  ", tape_kind_name(e->kind));
	width = print_name(out, e);
	if (e->at || has_cause)
		fprintf(out, "%*s", width < NAME_WIDTH ? NAME_WIDTH - width : 2, "");
	if (e->at)
		fprintf(out, "at %s", e->at);
	if (has_cause)
		print_cause(out, e);
	fputc('\n', out);
}

void tape_text_init(struct tape_text *t, FILE *out)
{
	*t = (struct tape_text){ .sink = { .write = write_line }, .out = out };
}
