/* tape_svg: see tape_svg.h. */
#include "trace/tape_svg.h"

#include <string.h>

#include "base/mem.h"

static void keep(struct recorder_sink *sink, const struct tape_entry *e)
{
	struct tape_svg *t = (struct tape_svg *)(void *)sink;

	if (t->n == t->max) {
		size_t max = t->max ? 2 * t->max : 256;
		struct tape_entry *more = t->is_cut ? NULL : mem_alloc_array(max, sizeof *more);

		if (!more) {
			t->is_cut = true;
			return;
		}
		if (t->n > 0)
			memcpy(more, t->entries, t->n * sizeof *more);
		mem_free(t->entries, t->max * sizeof *more);
		t->entries = more;
		t->max = max;
	}
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

void tape_svg_draw(const struct tape_svg *t, FILE *out)
{
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n");
	(void)t;
}
