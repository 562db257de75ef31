/* backtrace: a walk down the futures. See backtrace.h. */
#include "task/backtrace.h"

#include "future/co.h"

enum { MAX_DEPTH = 32, MAX_CHILDREN = 64 };

static void print_co(FILE *out, const struct co *co)
{
	if (!co->site)
		fprintf(out, ", not begun");
	else if (!co->child)
		fprintf(out, ", running after %s:%d", co->site->file, co->site->line);
	else
		fprintf(out, " at %s:%d awaits %s", co->site->file, co->site->line, co->site->expr);
}

void backtrace_print(FILE *out, struct future *f, unsigned depth)
{
	struct future *child;
	const char *where;

	f = future__seen(f);
	fprintf(out, "%*s%s", (int)(2 * depth), "", future_name(f));
	if (future_is_over(f)) {
		fprintf(out, ", done\n");
		return;
	}
	if (f->ops && f->ops->poll == co__poll)
		print_co(out, future_of(f, struct co));
	where = f->ops && f->ops->where ? f->ops->where(f) : NULL;
	fprintf(out, "%s%s\n", where ? ": " : "", where ? where : "");
	if (!f->ops || !f->ops->child || depth >= MAX_DEPTH)
		return;
	for (unsigned i = 0; i < MAX_CHILDREN && (child = f->ops->child(f, i)); i++)
		backtrace_print(out, child, depth + 1);
}
