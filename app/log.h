/*
 * log: what an operator reads, one line per event.
 *
 * The one idea: an event is a fixed phrase and some named values, so that it can be searched for.
 * It leaves in one write(), so that lines of several processes do not mix, and without an
 * allocation, so that "out of memory" can be said. Values come from clients and are never trusted:
 * whatever their bytes, a line stays one line, a JSON line stays JSON, and no control character
 * gets to a terminal.
 *
 *	2025-01-31T12:00:00.123Z info  client left client=7 nick=alice reason="idle timeout"
 *	{"time":"2025-01-31T12:00:00.123Z","level":"info","event":"client left","client":7,
 *	 "nick":"alice","reason":"idle timeout"}                           (in one line)
 *
 * In text, what is neither a plain word nor harmless stands in quotes, with \xNN for each byte that
 * is no UTF-8 or belongs to a character not to be shown. In JSON such characters are \uNNNN, and a
 * byte that is no UTF-8 is \ufffd, since JSON has no way to say it.
 */
#ifndef WEFT_APP_LOG_H
#define WEFT_APP_LOG_H

#include <stdint.h>
#include <time.h>

#include "app/slice.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum {
	LOG_LINE_MAX = 2048,  /* bytes; fields that do not fit any more are left out */
	LOG_VALUE_MAX = 256,  /* bytes of a text; what is beyond is cut off, and "..." says so */
};

struct log {
	enum log_level level; /* the last one that is written */
	enum log_format format;
	int fd;
};

struct log_field {
	const char *key;   /* letters, digits and _ */
	bool is_number;
	int64_t number;
	struct slice text;
};

#define log_number(key_, number_)                                                                  \
	((struct log_field){ .key = (key_), .is_number = true, .number = (number_) })
#define log_text(key_, text_) ((struct log_field){ .key = (key_), .text = (text_) })

/* "error", "warn" and so on; the other way -1 if there is no such name. The same for formats. */
const char *log_level_name(enum log_level level);
int log_level_of(const char *name);
const char *log_format_name(enum log_format format);
int log_format_of(const char *name);

/*
 * The line for an event at the time `now` (since 1970), its newline included; returns its length.
 * Always a whole line: fields that would not fit are left out from the first such on.
 */
size_t log_format_line(char line[static LOG_LINE_MAX], enum log_format format,
		       const struct timespec *now, enum log_level level, const char *event,
		       const struct log_field *fields, size_t n);

/* Writes that line, if the level is wanted. Errors are ignored: there is nobody left to tell. */
void log_write(const struct log *log, enum log_level level, const char *event,
	       const struct log_field *fields, size_t n);

/* The same with its fields, at least one: log_event(log, level, "phrase", log_number(...), ...) */
#define log_event(log_, level_, event_, ...)                                                       \
	log_write(log_, level_, event_, (const struct log_field[]){ __VA_ARGS__ },                 \
		  sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))

#endif
