/* name: see name.h. */
#include "app/name.h"

#include "app/text.h"

static bool may_be_in_a_name(uint32_t c)
{
	return !text_is_hostile(c) && !text_is_space(c) && !text_is_invisible(c);
}

static enum name_fault check_characters(struct slice name)
{
	uint32_t c;
	size_t n;

	for (size_t at = 0; at < name.len; at += n) {
		n = text_decode(name.at + at, name.len - at, &c);
		if (n == 0)
			return NAME_NOT_UTF8;
		if (!may_be_in_a_name(c))
			return NAME_BAD_CHARACTER;
	}
	return NAME_FINE;
}

enum name_fault name_check_nick(struct slice nick)
{
	if (nick.len == 0)
		return NAME_EMPTY;
	if (text_count(nick.at, nick.len) > NAME_NICK_MAX)
		return NAME_TOO_LONG;
	return check_characters(nick);
}

enum name_fault name_check_room(struct slice room)
{
	if (room.len == 0)
		return NAME_EMPTY;
	if (room.len > NAME_ROOM_BYTES)
		return NAME_TOO_LONG;
	return check_characters(room);
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void name_fold(struct slice nick, char *folded)
{
	for (size_t i = 0; i < nick.len; i++)
		folded[i] = fold(nick.at[i]);
}

bool name_same_nick(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (fold(a.at[i]) != fold(b.at[i]))
			return false;
	return true;
}
