/*
 * message: bytes that are written once and sent to many.
 *
 * The one idea: a line for two hundred people is one allocation with a count of who still needs it,
 * not two hundred copies. So it is filled in by its maker, who is alone with it, and never changes
 * again once it has been shared. Shared is the memory, not the position in it: how far a receiver
 * has got with sending is the receiver's own affair.
 */
#ifndef WEFT_APP_MESSAGE_H
#define WEFT_APP_MESSAGE_H

#include "app/slice.h"
#include "base/lock.h"

struct message {
	struct count keepers; /* the holders of a reference; any thread */
	unsigned len, cap;
	char text[]; /* `len` bytes; not terminated */
};

/* An empty one with room for `cap` bytes and one reference, yours; NULL when there is no memory. */
struct message *message_new(size_t cap);

/* Adds to the end, for which there must be room. Only while nobody else has a reference. */
void message_add(struct message *m, struct slice s);

/* Adds what printf would print, without its '\0'. The same conditions. */
void message_print(struct message *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* `n` slices in a row, as a message of exactly that size. NULL when there is no memory. */
struct message *message_of(const struct slice *pieces, size_t n);

/* The same from printf's arguments. */
struct message *message_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One more reference; returns `m`. From any thread that holds one. */
static inline struct message *message_keep(struct message *m)
{
	count_add(&m->keepers, 1);
	return m;
}

void message__free(struct message *m);

/* Gives back one reference; the last one frees. NULL is allowed. */
static inline void message_drop(struct message *m)
{
	if (m && count_sub(&m->keepers, 1) == 0)
		message__free(m);
}

static inline struct slice message_text(const struct message *m)
{
	return (struct slice){ m->text, m->len };
}

#endif
