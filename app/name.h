/*
 * name: what people and rooms may be called.
 *
 * The one idea: a name is shown to everybody, in the middle of other text, and is typed back as one
 * argument. So it has no space, nothing that a terminal acts on, and nothing invisible, with which
 * one could pass for another. (Letters that look alike, such as a Cyrillic a, are let through.)
 *
 * A room is called exactly what was typed: #rust and rust are two rooms, told apart byte for byte;
 * the # of the start room is custom, not syntax. Nicks are told apart without regard to the case of
 * A to Z.
 */
#ifndef WEFT_APP_NAME_H
#define WEFT_APP_NAME_H

#include "app/slice.h"

enum {
	NAME_NICK_MAX = 24,                  /* characters */
	NAME_NICK_BYTES = 4 * NAME_NICK_MAX, /* which are no more than that */
	NAME_ROOM_BYTES = 64,
};

enum name_fault { NAME_FINE, NAME_EMPTY, NAME_TOO_LONG, NAME_BAD_CHARACTER, NAME_NOT_UTF8 };

/* Whether somebody may be called so. */
enum name_fault name_check_nick(struct slice nick);

/* Whether a room may be called so. */
enum name_fault name_check_room(struct slice room);

/* A to Z become a to z, all else stays; `folded` needs room for nick.len bytes. */
void name_fold(struct slice nick, char *folded);

/* The same nick, but for the case of A to Z. */
bool name_same_nick(struct slice a, struct slice b);

#endif
