/* reply: see reply.h. */
#include "app/reply.h"

#include <errno.h>
#include <string.h>

#include "app/line.h"

/* Bytes of a list: its head and tail, and one entry; with the words around a name, and to spare. */
enum { LIST_HEAD = 200, LIST_ROOM = NAME_ROOM_BYTES + 40, LIST_NICK = NAME_NICK_BYTES + 2 };

static const char *plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}

static struct message *plain(const char *line)
{
	struct slice piece = slice_of(line);

	return message_of(&piece, 1);
}

/* The hot one: no printf. */
struct message *reply_say(const struct member *from, struct slice text)
{
	struct slice pieces[] = {
		{ "[", 1 }, room_name(from->room), { "] ", 2 }, member_nick(from),
		{ ": ", 2 }, text,		    { "\n", 1 },
	};

	return message_of(pieces, sizeof pieces / sizeof *pieces);
}

struct message *reply_private(const struct member *from, struct slice text)
{
	return message_format("[private from %.*s] %.*s\n", slice_print(member_nick(from)),
			      slice_print(text));
}

struct message *reply_private_sent(const struct member *to, struct slice text)
{
	return message_format("[private to %.*s] %.*s\n", slice_print(member_nick(to)),
			      slice_print(text));
}

static struct message *renamed(const struct news *news)
{
	return message_format("*** %.*s is now known as %.*s\n", (int)news->old_nick_len,
			      news->old_nick, slice_print(member_nick(news->who)));
}

struct message *reply_news(const struct news *news, const struct news_item *item)
{
	struct slice nick = member_nick(news->who);

	switch (item->kind) {
	case NEWS_JOINED:
		return message_format("*** %.*s joined %.*s\n", slice_print(nick),
				      slice_print(room_name(item->room)));
	case NEWS_LEFT:
		return message_format("*** %.*s left %.*s\n", slice_print(nick),
				      slice_print(room_name(item->room)));
	case NEWS_RENAMED:
		return renamed(news);
	default:
		return message_format("*** %.*s left the chat\n", slice_print(nick));
	}
}

struct message *reply_welcome(const struct member *me)
{
	return message_format("*** welcome, %.*s: you are in %.*s, /help lists the commands\n",
			      slice_print(member_nick(me)), slice_print(room_name(me->room)));
}

struct message *reply_joined(const struct member *me)
{
	return message_format("*** you are in %.*s\n", slice_print(room_name(me->room)));
}

struct message *reply_renamed(const struct member *me)
{
	return message_format("*** you are now known as %.*s\n", slice_print(member_nick(me)));
}

struct message *reply_missed(unsigned long long n)
{
	return message_format("*** you missed %llu message%s\n", n, plural(n));
}

struct message *reply_help(void)
{
	struct message *m = message_new(2000);

	if (!m)
		return NULL;
	message_add(m, slice_of("*** commands:\n"));
	for (unsigned i = 0; i < COMMAND_FORMS; i++) {
		const struct command_form *f = &command_forms[i];

		message_print(m, "***   %-6s %-13s  %s\n", f->word, f->arguments, f->purpose);
	}
	message_add(m, slice_of("*** anything else is said to your room; begin with // to say "
				"something that begins with a slash\n"));
	message_print(m,
		      "*** a nick has 1 to %d characters, a room 1 to %d bytes, neither any "
		      "spaces; a line at most %d bytes\n",
		      NAME_NICK_MAX, NAME_ROOM_BYTES, LINE_LIMIT - 1);
	return m;
}

/*
 * Of a long list only the beginning is shown: ten thousand rooms would be more than a client may
 * have queued, and asking for them costs him one short line.
 */
static unsigned shown(unsigned n)
{
	return n < REPLY_LIST_MAX ? n : REPLY_LIST_MAX;
}

struct message *reply_rooms(const struct hall *h)
{
	unsigned n = shown(h->n_rooms);
	struct message *m = message_new(LIST_HEAD + (size_t)n * LIST_ROOM);
	const struct room *r = h->first;

	if (!m)
		return NULL;
	for (unsigned i = 0; i < n; i++, r = r->next)
		message_print(m, "*** %.*s %u\n", slice_print(room_name(r)), r->n_members);
	if (n < h->n_rooms)
		message_print(m, "*** and %u more\n", h->n_rooms - n);
	return m;
}

struct message *reply_who(const struct member *me)
{
	const struct room *r = me->room;
	const struct member *other = r->first;
	unsigned n = shown(r->n_members);
	struct message *m = message_new(LIST_HEAD + (size_t)n * LIST_NICK);

	if (!m)
		return NULL;
	message_print(m, "*** %.*s:", slice_print(room_name(r)));
	for (unsigned i = 0; i < n; i++, other = other->next) {
		message_add(m, slice_of(i ? ", " : " "));
		message_add(m, member_nick(other));
	}
	if (n < r->n_members)
		message_print(m, ", and %u more", r->n_members - n);
	message_add(m, slice_of("\n"));
	return m;
}

/* "/join <room>", or "/who" of which there is nothing more to say. */
static struct message *usage(const char *complaint, enum command_kind kind, const char *advice)
{
	const struct command_form *f = &command_forms[kind];

	return message_format("*** error: %s %s; type %s%s%s%s\n", complaint, f->word, f->word,
			      f->arguments[0] ? " " : "", f->arguments, advice);
}

static const char *too_many_advice(enum command_kind kind)
{
	return kind == COMMAND_JOIN || kind == COMMAND_NICK ? ", without spaces in it" :
							      " and nothing else";
}

static struct message *name_too_long(enum command_kind kind)
{
	if (kind == COMMAND_JOIN)
		return message_format("*** error: that name is too long; a room has 1 to %d bytes\n",
				      NAME_ROOM_BYTES);
	return message_format("*** error: that name is too long; a nick has 1 to %d characters\n",
			      NAME_NICK_MAX);
}

struct message *reply_command_error(const struct command *c)
{
	switch (c->error) {
	case COMMAND_NOT_UTF8:
		return plain("*** error: that line is not valid UTF-8 and was ignored; "
			     "set your terminal to UTF-8 and send it again\n");
	case COMMAND_TOO_FEW:
		return usage("something is missing after", c->kind, "");
	case COMMAND_TOO_MANY:
		return usage("there is too much after", c->kind, too_many_advice(c->kind));
	case COMMAND_NAME_TOO_LONG:
		return name_too_long(c->kind);
	case COMMAND_NAME_BAD:
		return plain("*** error: a name has no spaces, control characters or invisible "
			     "characters; choose another\n");
	default:
		return message_format("*** error: unknown command %.*s; /help lists the commands, "
				      "and // begins a message with a slash\n",
				      slice_print(c->name));
	}
}

struct message *reply_too_long(void)
{
	return message_format("*** error: that line is too long and was ignored; "
			      "send at most %d bytes at a time\n",
			      LINE_LIMIT - 1);
}

struct message *reply_nick_is_taken(struct slice nick)
{
	return message_format("*** error: the nick %.*s is taken; choose another\n",
			      slice_print(nick));
}

struct message *reply_nick_is_yours(const struct member *me)
{
	return message_format("*** error: you are already called %.*s; choose another nick\n",
			      slice_print(member_nick(me)));
}

struct message *reply_already_there(const struct member *me)
{
	return message_format("*** error: you are already in %.*s; /rooms lists the others\n",
			      slice_print(room_name(me->room)));
}

struct message *reply_nobody(struct slice nick)
{
	return message_format("*** error: nobody here is called %.*s; "
			      "/who lists who is in your room\n",
			      slice_print(nick));
}

struct message *reply_letters_full(const struct member *to)
{
	return message_format("*** error: %.*s has not read his last private messages yet; "
			      "try again later\n",
			      slice_print(member_nick(to)));
}

struct message *reply_failed(int err)
{
	return message_format("*** error: the server could not do that (%s); "
			      "try again in a moment\n",
			      err == -ENOMEM ? "out of memory" : strerror(-err));
}

struct message *reply_goodbye(void)
{
	return plain("*** bye\n");
}

struct message *reply_idle(unsigned seconds)
{
	return message_format("*** you said nothing for %u second%s and are disconnected; "
			      "connect again when you like\n",
			      seconds, plural(seconds));
}

struct message *reply_too_slow(void)
{
	return plain("*** you read too slowly and are disconnected; connect again when you like\n");
}

struct message *reply_shutdown(void)
{
	return plain("*** the server is shutting down, bye\n");
}

struct message *reply_full(unsigned max)
{
	return message_format("*** error: the server is full (%u client%s); try again later\n", max,
			      plural(max));
}

struct message *reply_address_full(unsigned max)
{
	return message_format("*** error: too many connections from your address (%u allowed); "
			      "close one and try again\n",
			      max);
}
