/*
 * reply: every text that the server says.
 *
 * The one idea: one place for the wording, so that it can be read through and kept in one voice.
 * What a person said begins with [, what the server says with ***, and nobody can pretend: no
 * room's name holds a space, so "[private from" is no room.
 *
 *	[#rust] alice: hello                     said in the room
 *	[private from alice] hello               said to you alone
 *	*** alice joined #rust                   news
 *	*** error: the nick bob is taken; ...    your own doing: what is wrong, and what to do
 *
 * Each returns a message of whole lines with one reference, the caller's; or NULL when there is no
 * memory. Slices must be clean and stand for one line: what command_parse lets through is.
 */
#ifndef WEFT_APP_REPLY_H
#define WEFT_APP_REPLY_H

#include "app/command.h"
#include "app/hall.h"
#include "app/message.h"

enum { REPLY_LIST_MAX = 200 }; /* entries of /rooms and /who; the others are only counted */

/* What people say. */
struct message *reply_say(const struct member *from, struct slice text); /* to his room */
struct message *reply_private(const struct member *from, struct slice text); /* to one person */
struct message *reply_private_sent(const struct member *to, struct slice text); /* to its sender */

/* What has happened: items of struct news, to everybody in item->room but news->who. */
struct message *reply_news(const struct news *news, const struct news_item *item);

/* What a member is told about himself. */
struct message *reply_welcome(const struct member *me);
struct message *reply_joined(const struct member *me);
struct message *reply_renamed(const struct member *me);
struct message *reply_missed(unsigned long long n);

/* Answers. */
struct message *reply_help(void);
struct message *reply_rooms(const struct hall *h);
struct message *reply_who(const struct member *me); /* who is in his room */

/* Errors: one line each. `c` is one that was refused. */
struct message *reply_command_error(const struct command *c);
struct message *reply_too_long(void);
struct message *reply_nick_is_taken(struct slice nick);
struct message *reply_nick_is_yours(const struct member *me);
struct message *reply_already_there(const struct member *me);
struct message *reply_nobody(struct slice nick);
struct message *reply_letters_full(const struct member *to);
struct message *reply_failed(int err); /* -errno of something that is not the client's fault */

/* The last words to a client. */
struct message *reply_goodbye(void);
struct message *reply_idle(unsigned seconds);
struct message *reply_too_slow(void);
struct message *reply_shutdown(void);
struct message *reply_full(unsigned max);
struct message *reply_address_full(unsigned max);

#endif
