/* command: see command.h. */
#include "app/command.h"

#include "app/name.h"
#include "app/text.h"

enum { QUOTED_MAX = 40 }; /* bytes of an unknown word that are worth repeating */

const struct command_form command_forms[COMMAND_FORMS] = {
	[COMMAND_JOIN] = { "/join", "<room>", "go to another room" },
	[COMMAND_NICK] = { "/nick", "<name>", "change your name" },
	[COMMAND_ROOMS] = { "/rooms", "", "list the rooms and how many are in each" },
	[COMMAND_WHO] = { "/who", "", "list who is in this room" },
	[COMMAND_MSG] = { "/msg", "<nick> <text>", "say something to one person only" },
	[COMMAND_HELP] = { "/help", "", "show this list" },
	[COMMAND_QUIT] = { "/quit", "", "leave the chat" },
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice skip_blanks(struct slice s)
{
	while (s.len > 0 && is_blank(s.at[0]))
		s = (struct slice){ s.at + 1, s.len - 1 };
	return s;
}

/* Takes the first word off *rest, and the blanks around it. */
static struct slice next_word(struct slice *rest)
{
	struct slice s = skip_blanks(*rest), word = { s.at, 0 };

	while (word.len < s.len && !is_blank(s.at[word.len]))
		word.len++;
	*rest = skip_blanks((struct slice){ s.at + word.len, s.len - word.len });
	return word;
}

static bool is_all_spaces(struct slice s)
{
	return skip_blanks(s).len == 0;
}

/* A part of the line, which is the caller's to change, though slices are read-only. */
static struct slice clean(struct slice s)
{
	return (struct slice){ s.at, text_clean((char *)s.at, s.len) };
}

static enum command_kind kind_of(struct slice word)
{
	enum command_kind kind = 0;

	while (kind < COMMAND_FORMS && !name_same_nick(word, slice_of(command_forms[kind].word)))
		kind++;
	return kind;
}

static enum command_error error_of(enum name_fault fault)
{
	switch (fault) {
	case NAME_FINE:
		return COMMAND_FINE;
	case NAME_EMPTY:
		return COMMAND_TOO_FEW;
	case NAME_TOO_LONG:
		return COMMAND_NAME_TOO_LONG;
	default:
		return COMMAND_NAME_BAD;
	}
}

static enum command_error no_more(struct slice rest)
{
	return rest.len > 0 ? COMMAND_TOO_MANY : COMMAND_FINE;
}

static enum command_error parse_room(struct command *c, struct slice rest)
{
	enum command_error error;

	c->name = next_word(&rest);
	error = error_of(name_check_room(c->name));
	return error ? error : no_more(rest);
}

static enum command_error parse_nick(struct command *c, struct slice *rest)
{
	c->name = next_word(rest);
	return error_of(name_check_nick(c->name));
}

static enum command_error parse_msg(struct command *c, struct slice rest)
{
	enum command_error error = parse_nick(c, &rest);

	if (error)
		return error;
	c->text = clean(rest);
	return is_all_spaces(c->text) ? COMMAND_TOO_FEW : COMMAND_FINE;
}

static enum command_error parse_arguments(struct command *c, struct slice rest)
{
	enum command_error error;

	switch (c->kind) {
	case COMMAND_JOIN:
		return parse_room(c, rest);
	case COMMAND_NICK:
		error = parse_nick(c, &rest);
		return error ? error : no_more(rest);
	case COMMAND_MSG:
		return parse_msg(c, rest);
	default:
		return no_more(rest);
	}
}

static void parse_slash(struct command *c, struct slice line)
{
	struct slice rest = line, word = next_word(&rest);

	c->kind = kind_of(word);
	if (c->kind < COMMAND_FORMS) {
		c->error = parse_arguments(c, rest);
		return;
	}
	c->kind = COMMAND_NOTHING;
	c->error = COMMAND_UNKNOWN;
	word.len = text_cut(word.at, word.len, QUOTED_MAX);
	c->name = clean(word);
}

void command_parse(struct command *c, char *line, size_t len)
{
	struct slice all = { line, len };

	*c = (struct command){ .kind = COMMAND_MESSAGE };
	if (!text_is_utf8(line, len)) {
		c->error = COMMAND_NOT_UTF8;
		return;
	}
	if (len > 0 && line[0] == '/' && !(len > 1 && line[1] == '/')) {
		parse_slash(c, all);
		return;
	}
	if (len > 0 && line[0] == '/')
		all = (struct slice){ line + 1, len - 1 };
	c->text = clean(all);
	if (is_all_spaces(c->text))
		c->kind = COMMAND_NOTHING;
}
