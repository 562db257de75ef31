/*
 * svg: the bits of SVG 1.1 that pictures here are made of. Internal.
 *
 * A picture is text: a shape is an element, printed where it is needed. What is shared is what is
 * easy to get wrong: how a text, whatever its bytes, becomes part of a well-formed file, and how
 * wide it will be. All numbers are whole, so that no locale can put a comma into them.
 */
#ifndef WEFT_TRACE_SVG_H
#define WEFT_TRACE_SVG_H

#include <stdio.h>

enum { SVG_FONT = 11 }; /* the usual size */

/* The file, with a background of its own: it is read on white and on black. */
void svg_begin(FILE *out, int width, int height, const char *title);
void svg_end(FILE *out);

/* The characters of `s`. A byte that belongs to none counts, and is shown, as one. */
unsigned svg_len(const char *s);

/* How wide so many are in the usual size, and how many fit into a width. */
int svg_width(unsigned n_chars);
unsigned svg_n_chars(int width);

/* A <text> with these attributes: `s`, or its first `max` - 1 characters and an ellipsis. */
void svg_text(FILE *out, int x, int y, const char *attributes, unsigned max, const char *s);

/* What a viewer shows when the pointer rests on the element around it; up to 1000 bytes. */
void svg_title(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
