/*
 * command: what a client's line means.
 *
 * The one idea: whatever a client may send, this is the only place that looks at its bytes. What
 * comes out is safe to be shown to others: texts are UTF-8 without control characters, names have
 * passed name_check_nick or name_check_room, and even the word quoted in an error has been cleaned.
 *
 *	/word ...   a command; the word's case does not matter
 *	//text      the message "/text", for who wants to begin with a slash
 *	other       a message; a line that is blank once it is cleaned is nothing
 */
#ifndef WEFT_APP_COMMAND_H
#define WEFT_APP_COMMAND_H

#include "app/slice.h"

enum command_kind {
	COMMAND_JOIN, /* name: the room */
	COMMAND_NICK, /* name: the new nick */
	COMMAND_ROOMS,
	COMMAND_WHO,
	COMMAND_MSG, /* name: to whom; text: what */
	COMMAND_HELP,
	COMMAND_QUIT,
	COMMAND_FORMS, /* how many have a form; those below have none */
	COMMAND_MESSAGE = COMMAND_FORMS, /* text */
	COMMAND_NOTHING, /* not worth an answer */
};

/* Why it was refused. The kind tells what it would have been. */
enum command_error {
	COMMAND_FINE,
	COMMAND_NOT_UTF8,
	COMMAND_UNKNOWN, /* name: the first characters of the word, with its slash */
	COMMAND_TOO_FEW, /* arguments */
	COMMAND_TOO_MANY,
	COMMAND_NAME_TOO_LONG,
	COMMAND_NAME_BAD, /* holds a character that no name may hold */
};

struct command {
	enum command_kind kind;
	enum command_error error;
	struct slice name, text; /* point into the line */
};

/* How a command is written, and what for: for /help, and for errors that say what to do. */
struct command_form {
	const char *word, *arguments, *purpose; /* "/join", "<room>", "go to a room" */
};

extern const struct command_form command_forms[COMMAND_FORMS];

/*
 * Reads the line of `len` bytes, without its end, and fills in *c. Changes the line, since texts
 * are cleaned in place; the slices are valid for as long as the line is.
 */
void command_parse(struct command *c, char *line, size_t len);

#endif
