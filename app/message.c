/* message: see message.h. */
#include "app/message.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

/* One byte more than is promised: for the '\0' that vsnprintf insists on. */
static size_t size_with(size_t cap)
{
	return sizeof(struct message) + cap + 1;
}

struct message *message_new(size_t cap)
{
	struct message *m;

	bug_unless(cap <= INT_MAX);
	m = mem_alloc(size_with(cap));
	if (!m)
		return NULL;
	*m = (struct message){ .cap = (unsigned)cap };
	count_add(&m->keepers, 1);
	return m;
}

void message__free(struct message *m)
{
	mem_free(m, size_with(m->cap));
}

void message_add(struct message *m, struct slice s)
{
	bug_unless(s.len <= m->cap - m->len);
	if (s.len > 0)
		memcpy(m->text + m->len, s.at, s.len);
	m->len += (unsigned)s.len;
}

static void print(struct message *m, const char *format, va_list args)
{
	unsigned room = m->cap - m->len;
	int n = vsnprintf(m->text + m->len, room + 1, format, args);

	bug_unless(n >= 0 && (unsigned)n <= room);
	m->len += (unsigned)n;
}

void message_print(struct message *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(m, format, args);
	va_end(args);
}

struct message *message_format(const char *format, ...)
{
	struct message *m;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	bug_unless(n >= 0);
	m = message_new((size_t)n);
	if (!m)
		return NULL;
	va_start(args, format);
	print(m, format, args);
	va_end(args);
	return m;
}

struct message *message_of(const struct slice *pieces, size_t n)
{
	struct message *m;
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += pieces[i].len;
	m = message_new(total);
	for (size_t i = 0; m && i < n; i++)
		message_add(m, pieces[i]);
	return m;
}
