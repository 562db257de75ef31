/* line: see line.h. */
#include "app/line.h"

#include <string.h>

static enum line_found whole(struct line *l)
{
	l->is_whole = true;
	return LINE_WHOLE;
}

/* Takes `n` bytes, the last of which is a newline if `ends`. If not, one is still to come. */
static enum line_found fill(struct line *l, const char *in, size_t n, bool ends)
{
	if (l->len + n > LINE_LIMIT - (ends ? 0u : 1u)) {
		l->len = 0;
		l->is_skipping = !ends;
		return LINE_TOO_LONG;
	}
	memcpy(l->buf + l->len, in, n);
	l->len += n;
	if (!ends)
		return LINE_NONE;
	l->len--;
	if (l->len > 0 && l->buf[l->len - 1] == '\r')
		l->len--;
	return whole(l);
}

/* One run of bytes: up to the newline, or all there is. */
static enum line_found take(struct line *l, const char **in, size_t *len)
{
	const char *start = *in, *newline = memchr(start, '\n', *len);
	size_t n = newline ? (size_t)(newline - start) + 1 : *len;

	*in += n;
	*len -= n;
	if (!l->is_skipping)
		return fill(l, start, n, newline);
	l->is_skipping = !newline;
	return LINE_NONE;
}

enum line_found line_feed(struct line *l, const char **in, size_t *len)
{
	if (l->is_whole) {
		l->is_whole = false;
		l->len = 0;
	}
	while (*len > 0) {
		enum line_found found = take(l, in, len);

		if (found != LINE_NONE)
			return found;
	}
	return LINE_NONE;
}

enum line_found line_end(struct line *l)
{
	if (l->is_whole || l->len == 0)
		return LINE_NONE;
	return whole(l);
}
