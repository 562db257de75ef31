/* log: see log.h. A pen that runs dry writes no more, and the line goes back to its last mark. */
#define _GNU_SOURCE 1 /* gmtime_r */
#include "app/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/text.h"
#include "base/sys.h"

enum { TAIL = 2 }; /* room for what closes a line: } and newline */

struct pen {
	char *line;
	size_t len;
	bool is_dry; /* something did not fit */
};

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const char *const format_names[] = { "text", "json" };

static int index_of(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -1;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

int log_level_of(const char *name)
{
	return index_of(name, level_names, 4);
}

const char *log_format_name(enum log_format format)
{
	return format_names[format];
}

int log_format_of(const char *name)
{
	return index_of(name, format_names, 2);
}

static void put(struct pen *p, const char *s, size_t len)
{
	if (p->is_dry || len > LOG_LINE_MAX - TAIL - p->len) {
		p->is_dry = true;
		return;
	}
	memcpy(p->line + p->len, s, len);
	p->len += len;
}

static void print(struct pen *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(struct pen *p, const char *format, ...)
{
	char small[64];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(small, sizeof small, format, args);
	va_end(args);
	put(p, small, n < (int)sizeof small ? (size_t)n : sizeof small - 1);
}

static bool is_visible(uint32_t c)
{
	return !text_is_hostile(c) && !text_is_invisible(c);
}

static void put_json_escape(struct pen *p, uint32_t c)
{
	if (c > 0xffff) /* as a pair of surrogates */
		print(p, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (c >> 10)),
		      (unsigned)(0xdc00 + (c & 0x3ff)));
	else
		print(p, "\\u%04x", (unsigned)c);
}

/* One character, or one byte that is none: n is 0 then. Returns how many bytes that was. */
static size_t put_json_character(struct pen *p, const char *s, size_t n, uint32_t c)
{
	if (n == 0) {
		put(p, "\\ufffd", 6);
		return 1;
	}
	if (c == '"' || c == '\\')
		put(p, "\\", 1);
	if (is_visible(c))
		put(p, s, n);
	else
		put_json_escape(p, c);
	return n;
}

static size_t put_text_character(struct pen *p, const char *s, size_t n, uint32_t c)
{
	size_t len = n ? n : 1;

	if (n > 0 && is_visible(c)) {
		if (c == '"' || c == '\\')
			put(p, "\\", 1);
		put(p, s, n);
		return n;
	}
	for (size_t i = 0; i < len; i++)
		print(p, "\\x%02x", (unsigned char)s[i]);
	return len;
}

static void put_quoted(struct pen *p, enum log_format format, struct slice s)
{
	size_t shown = text_cut(s.at, s.len, LOG_VALUE_MAX);
	uint32_t c = 0;

	put(p, "\"", 1);
	for (size_t at = 0; at < shown;) {
		size_t n = text_decode(s.at + at, shown - at, &c);

		at += format == LOG_FORMAT_JSON ? put_json_character(p, s.at + at, n, c) :
						  put_text_character(p, s.at + at, n, c);
	}
	if (shown < s.len)
		put(p, "...", 3);
	put(p, "\"", 1);
}

/* True for what needs no quotes: one word of letters, digits and what is in addresses. */
static bool is_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    !(c && strchr("-_.:/[]#", c)))
			return false;
	}
	return s.len > 0 && s.len <= LOG_VALUE_MAX;
}

static void put_field(struct pen *p, enum log_format format, const struct log_field *f)
{
	if (format == LOG_FORMAT_JSON) {
		put(p, ",\"", 2);
		put(p, f->key, strlen(f->key));
		put(p, "\":", 2);
	} else {
		put(p, " ", 1);
		put(p, f->key, strlen(f->key));
		put(p, "=", 1);
	}
	if (f->is_number)
		print(p, "%" PRId64, f->number);
	else if (format == LOG_FORMAT_TEXT && is_word(f->text))
		put(p, f->text.at, f->text.len);
	else
		put_quoted(p, format, f->text);
}

static void put_time(struct pen *p, const struct timespec *now)
{
	struct tm tm = { 0 };

	gmtime_r(&now->tv_sec, &tm);
	print(p, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", tm.tm_year + 1900, tm.tm_mon + 1,
	      tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now->tv_nsec / 1000000);
}

static void put_head(struct pen *p, enum log_format format, const struct timespec *now,
		     enum log_level level, const char *event)
{
	if (format == LOG_FORMAT_TEXT) {
		put_time(p, now);
		print(p, " %-5s ", log_level_name(level));
		put(p, event, strlen(event));
		return;
	}
	print(p, "{\"time\":\"");
	put_time(p, now);
	print(p, "\",\"level\":\"%s\",\"event\":", log_level_name(level));
	put_quoted(p, format, slice_of(event));
}

size_t log_format_line(char line[static LOG_LINE_MAX], enum log_format format,
		       const struct timespec *now, enum log_level level, const char *event,
		       const struct log_field *fields, size_t n)
{
	struct pen p = { .line = line };
	size_t mark;

	put_head(&p, format, now, level, event);
	mark = p.len;
	for (size_t i = 0; i < n && !p.is_dry; i++) {
		mark = p.len;
		put_field(&p, format, &fields[i]);
	}
	if (p.is_dry)
		p.len = mark;
	if (format == LOG_FORMAT_JSON)
		line[p.len++] = '}';
	line[p.len++] = '\n';
	return p.len;
}

void log_write(const struct log *log, enum log_level level, const char *event,
	       const struct log_field *fields, size_t n)
{
	char line[LOG_LINE_MAX];
	struct timespec now = { 0 };
	size_t len;

	if (level > log->level)
		return;
	sys_ops->clock_gettime(CLOCK_REALTIME, &now);
	len = log_format_line(line, log->format, &now, level, event, fields, n);
	while (sys_ops->write(log->fd, line, len) < 0 && errno == EINTR)
		continue;
}
