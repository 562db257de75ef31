/* conduct: what each command does. See client.h; the texts are in reply.c, the rules in hall.c. */
#include <errno.h>

#include "app/client.h"
#include "app/reply.h"

static void say(struct client *f, struct slice text)
{
	channel_say(f->member.room, &f->member, reply_say(&f->member, text));
}

/* What was said in the old room before he left it is still his to hear. */
static void go_to(struct client *f, struct slice room)
{
	struct news news;
	int err;

	client_hear(f, true);
	err = hall_join(&f->server->hall, &f->member, room, &news);
	if (err == -EALREADY) {
		client_tell(f, reply_already_there(&f->member));
		return;
	}
	if (err) {
		client_tell(f, reply_failed(err));
		return;
	}
	client_tell(f, reply_joined(&f->member));
	server_announce(&news);
}

static void rename_to(struct client *f, struct slice nick)
{
	struct news news;
	int err = hall_rename(&f->server->hall, &f->member, nick, &news);

	if (err == -EEXIST) {
		client_tell(f, reply_nick_is_taken(nick));
	} else if (err == -EALREADY) {
		client_tell(f, reply_nick_is_yours(&f->member));
	} else if (err) {
		client_tell(f, reply_failed(err));
	} else {
		client_tell(f, reply_renamed(&f->member));
		server_announce(&news);
	}
}

/*
 * A letter is accepted or refused at once, never waited for: its sender must not hang on its
 * receiver.
 */
static void write_to(struct client *f, struct slice nick, struct slice text)
{
	struct member *to = hall_find(&f->server->hall, nick);
	struct message *letter;
	int err;

	if (!to) {
		client_tell(f, reply_nobody(nick));
		return;
	}
	letter = reply_private(&f->member, text);
	if (!letter) {
		client_tell(f, NULL);
		return;
	}
	err = mpsc_try_send(&client_of(to)->letters_tx, &letter);
	if (err) {
		message_drop(letter);
		client_tell(f, reply_letters_full(to));
		return;
	}
	client_tell(f, reply_private_sent(to, text));
}

static void obey(struct client *f, const struct command *c)
{
	switch (c->kind) {
	case COMMAND_JOIN:
		go_to(f, c->name);
		break;
	case COMMAND_NICK:
		rename_to(f, c->name);
		break;
	case COMMAND_ROOMS:
		client_tell(f, reply_rooms(&f->server->hall));
		break;
	case COMMAND_WHO:
		client_tell(f, reply_who(&f->member));
		break;
	case COMMAND_MSG:
		write_to(f, c->name, c->text);
		break;
	case COMMAND_HELP:
		client_tell(f, reply_help());
		break;
	case COMMAND_QUIT:
		f->end = END_QUIT;
		break;
	case COMMAND_MESSAGE:
		say(f, c->text);
		break;
	case COMMAND_NOTHING:
		break;
	}
}

void client_do_line(struct client *f)
{
	struct command c;

	command_parse(&c, f->line.buf, f->line.len);
	if (c.error)
		client_tell(f, reply_command_error(&c));
	else
		obey(f, &c);
}
