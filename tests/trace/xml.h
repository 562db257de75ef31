/*
 * xml: whether a text is well-formed, as far as pictures need it: one declaration, elements that
 * are closed in order, attributes in double quotes, the five entities, no control characters.
 */
#ifndef WEFT_TESTS_TRACE_XML_H
#define WEFT_TESTS_TRACE_XML_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "t.h"

enum { XML_DEPTH_MAX = 16, XML_NAME_MAX = 32 };

struct xml {
	const char *at;
	char open[XML_DEPTH_MAX][XML_NAME_MAX];
	unsigned depth, n_elements;
};

static inline bool xml_skip(struct xml *x, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(x->at, word, len) != 0)
		return false;
	x->at += len;
	return true;
}

/* Letters, and between them quotes or whatever else, up to `end`. */
static inline bool xml_skip_text(struct xml *x, char end)
{
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };

	while (*x->at && *x->at != end) {
		bool known = *x->at != '&' && *x->at != '<';

		for (size_t i = 0; !known && i < sizeof entities / sizeof *entities; i++)
			known = xml_skip(x, entities[i]) && (x->at--, true);
		if (!known || ((unsigned char)*x->at < ' ' && *x->at != '\n'))
			return false;
		x->at++;
	}
	return *x->at == end;
}

static inline bool xml_skip_name(struct xml *x, char name[XML_NAME_MAX])
{
	size_t len = 0;

	while (isalnum((unsigned char)*x->at) || *x->at == '-' || *x->at == ':') {
		if (len == XML_NAME_MAX - 1)
			return false;
		name[len++] = *x->at++;
	}
	name[len] = '\0';
	return len > 0;
}

static inline bool xml_skip_attributes(struct xml *x)
{
	char name[XML_NAME_MAX];

	while (isspace((unsigned char)*x->at)) {
		while (isspace((unsigned char)*x->at))
			x->at++;
		if (*x->at == '/' || *x->at == '>')
			return true;
		if (!xml_skip_name(x, name) || !xml_skip(x, "=\"") || !xml_skip_text(x, '"'))
			return false;
		x->at++;
	}
	return true;
}

/* Behind '<'. */
static inline bool xml_skip_tag(struct xml *x)
{
	char name[XML_NAME_MAX];

	if (xml_skip(x, "/"))
		return x->depth > 0 && xml_skip_name(x, name) && xml_skip(x, ">") &&
		       strcmp(name, x->open[--x->depth]) == 0;
	if (x->depth == XML_DEPTH_MAX || !xml_skip_name(x, x->open[x->depth]) ||
	    !xml_skip_attributes(x))
		return false;
	x->n_elements++;
	if (xml_skip(x, "/>"))
		return true;
	x->depth++;
	return xml_skip(x, ">");
}

static inline bool xml_is_well_formed(const char *text)
{
	struct xml x = { .at = text };

	if (!xml_skip(&x, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
		return false;
	do {
		if (!xml_skip(&x, "<") || !xml_skip_tag(&x))
			return false;
		if (x.depth > 0 && !xml_skip_text(&x, '<'))
			return false;
	} while (x.depth > 0);
	return strcmp(x.at, "\n") == 0;
}

static inline unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		n++;
	return n;
}

#endif
