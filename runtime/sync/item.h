/*
 * item: copying a channel's values, which are of one size but of any type.
 *
 * The one idea: most items are a pointer, a number, or a pair of them. Copying 8 or 16 bytes whose
 * number the compiler knows is one or two moves; with a number it does not know it is a call.
 */
#ifndef WEFT_SYNC_ITEM_H
#define WEFT_SYNC_ITEM_H

#include <stddef.h>
#include <string.h>

/* Copies `len` bytes; the two must not overlap. */
static inline void item_copy(void *dst, const void *src, size_t len)
{
	if (len == 8)
		memcpy(dst, src, 8);
	else if (len == 16)
		memcpy(dst, src, 16);
	else
		memcpy(dst, src, len);
}

#endif
