/*
 * slice: some bytes that belong to somebody else.
 *
 * The core passes text around as a place and a length, so that a name can be shown without being
 * cut out of its line first. Whoever hands out a slice says how long it stays valid.
 */
#ifndef WEFT_APP_SLICE_H
#define WEFT_APP_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *at; /* not terminated */
	size_t len;
};

/* Of a string that ends with '\0', such as a literal. */
static inline struct slice slice_of(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

/* Byte for byte. */
static inline bool slice_equals(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The two arguments that printf's %.*s takes. */
#define slice_print(s) (int)(s).len, (s).at

#endif
