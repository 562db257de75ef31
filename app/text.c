/* text: see text.h. The ranges are those of Unicode 15. */
#include "app/text.h"

#include <string.h>

/*
 * Table 3-7 of the Unicode standard, in words: the first byte decides how many follow and, for four
 * values, narrows the range of the second. That narrowing is what excludes overlong forms (E0, F0),
 * surrogates (ED) and all beyond U+10FFFF (F4).
 */
static size_t shape(unsigned char first, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (first < 0x80)
		return 1;
	if (first < 0xc2)
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0) {
		*low = first == 0xe0 ? 0xa0 : 0x80;
		*high = first == 0xed ? 0x9f : 0xbf;
		return 3;
	}
	*low = first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xf4 ? 0x8f : 0xbf;
	return first < 0xf5 ? 4 : 0;
}

size_t text_decode(const char *s, size_t len, uint32_t *c)
{
	unsigned char low, high;
	size_t n;
	uint32_t value;

	if (len == 0)
		return 0;
	n = shape((unsigned char)s[0], &low, &high);
	if (n <= 1) {
		if (n == 1)
			*c = (unsigned char)s[0];
		return n;
	}
	if (n > len || (unsigned char)s[1] < low || (unsigned char)s[1] > high)
		return 0;
	value = (unsigned char)s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | ((unsigned char)s[i] & 0x3f);
	}
	*c = value;
	return n;
}

/* How many of the first bytes are ASCII, in steps of eight: most lines are nothing else. */
static size_t ascii_prefix(const char *s, size_t len)
{
	size_t n = 0;

	for (; n + 8 <= len; n += 8) {
		uint64_t word;

		memcpy(&word, s + n, 8);
		if (word & 0x8080808080808080u)
			break;
	}
	return n;
}

long text_count(const char *s, size_t len)
{
	size_t at = ascii_prefix(s, len);
	long count = (long)at;
	uint32_t c;

	while (at < len) {
		size_t n = text_decode(s + at, len - at, &c);

		if (n == 0)
			return -1;
		at += n;
		count++;
	}
	return count;
}

bool text_is_utf8(const char *s, size_t len)
{
	return text_count(s, len) >= 0;
}

bool text_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

bool text_is_hostile(uint32_t c)
{
	return text_is_control(c) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

struct range {
	uint32_t first, last;
};

static bool is_within(uint32_t c, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* General category Zs. */
bool text_is_space(uint32_t c)
{
	static const struct range spaces[] = {
		{ 0x20, 0x20 },     { 0xa0, 0xa0 },     { 0x1680, 0x1680 },
		{ 0x2000, 0x200a }, { 0x202f, 0x202f }, { 0x205f, 0x205f },
		{ 0x3000, 0x3000 },
	};

	return is_within(c, spaces, sizeof spaces / sizeof *spaces);
}

/* Default_Ignorable_Code_Point, the annotation marks, and a Braille cell without dots. */
bool text_is_invisible(uint32_t c)
{
	static const struct range nothings[] = {
		{ 0xad, 0xad },	      { 0x34f, 0x34f },	    { 0x61c, 0x61c },
		{ 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
		{ 0x200b, 0x200f },   { 0x202a, 0x202e },   { 0x2060, 0x206f },
		{ 0x2800, 0x2800 },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
		{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};

	return is_within(c, nothings, sizeof nothings / sizeof *nothings);
}

/* How many of the first bytes are ASCII that can be printed: there is nothing to clean in those. */
static size_t plain_prefix(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7f)
		n++;
	return n;
}

/* `to` never overtakes `from`, so one pass in place is enough. */
size_t text_clean(char *s, size_t len)
{
	size_t from = plain_prefix(s, len), to = from;
	uint32_t c;

	while (from < len) {
		size_t n = text_decode(s + from, len - from, &c);

		if (n == 0) {
			from++;
			continue;
		}
		if (c == '\t') {
			s[to++] = ' ';
		} else if (!text_is_hostile(c)) {
			memmove(s + to, s + from, n);
			to += n;
		}
		from += n;
	}
	return to;
}

size_t text_cut(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}
