/*
 * text: which bytes may reach another client's terminal.
 *
 * The one idea: bytes become characters exactly once, strictly, and characters are then judged by
 * what a terminal would do with them. Decoding is strict since a lenient decoder lets one character
 * have several spellings, and a filter sees only one of them: "C0 9B" would smuggle an ESC past it.
 *
 * What never goes out:
 *  - C0 controls, ESC among them, DEL, and the C1 controls U+0080 to U+009F, since U+009B alone
 *    begins an escape sequence on many terminals;
 *  - U+2028 and U+2029, which some programs take for the end of a line;
 *  - the bidirectional embeddings, overrides and isolates, since one that is left open turns round
 *    what others wrote after it. The mere marks (U+200E, U+200F) stay: they act on their neighbours
 *    only, and Hebrew and Arabic need them.
 * They are removed, not replaced; a tab becomes a space. What is left of "ESC [31m" is a mere
 * "[31m".
 */
#ifndef WEFT_APP_TEXT_H
#define WEFT_APP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The character that begins at s: returns how many of the `len` bytes it takes, 1 to 4, and puts
 * its code point into *c; or returns 0, with *c untouched, if there is none: no overlong forms, no
 * surrogates, nothing above U+10FFFF, nothing cut short.
 */
size_t text_decode(const char *s, size_t len, uint32_t *c);

/* True if all of it is UTF-8. Nothing at all is. */
bool text_is_utf8(const char *s, size_t len);

/* The number of characters (code points), or -1 if it is not UTF-8. */
long text_count(const char *s, size_t len);

/* C0, DEL and C1: what ISO 6429 gives to the terminal and not to the reader. */
bool text_is_control(uint32_t c);

/* All that must not reach somebody else's terminal: see above. */
bool text_is_hostile(uint32_t c);

/* White space in any script, the tab excepted, which is a control. */
bool text_is_space(uint32_t c);

/* Seen by no one, so that two names that differ in it look the same. No space and no control. */
bool text_is_invisible(uint32_t c);

/*
 * Removes what is hostile from `s` in place, and what is not UTF-8; a tab becomes a space. Returns
 * the new length, which is never more than `len`.
 */
size_t text_clean(char *s, size_t len);

/* How much of `s` to show where at most `max` bytes fit: never a part of a character. */
size_t text_cut(const char *s, size_t len, size_t max);

#endif
