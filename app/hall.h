/*
 * hall: who is here, what they are called, and in which room.
 *
 * The one idea: the whole state of the chat, without a socket, a clock or a broadcast in it. The
 * members are structs that belong to the shell's client tasks and are linked in here; a room exists
 * from its first member to its last. What happens is done at once and completely or not at all, and
 * what is to be told to whom comes back as data (struct news), for the shell to do.
 *
 *	 hall --- by_nick: table of members          by_room: table of rooms
 *	   |
 *	 rooms: first ---> #general <---> #rust <---> ...      in the order in which they appeared
 *	                      |
 *	                   first ---> guest1 <---> alice <---> ...  in the order in which they came
 *
 * The life of a member; each arrow is O(1) on average, however many members and rooms there are:
 *
 *	            hall_enter                          hall_leave
 *	  outside --------------> in a room, with a nick ----------> outside
 *	                            hall_join, hall_rename: as often as he likes
 *
 * One thread at a time. The hooks tell the shell what becomes of a room while it happens: it keeps
 * the room's channel in room->shell. A hook must not call into the hall.
 */
#ifndef WEFT_APP_HALL_H
#define WEFT_APP_HALL_H

#include "app/name.h"
#include "app/table.h"

/* Where everybody begins. The # is part of the name, as of any room that is called so. */
#define HALL_START_ROOM "#general"

struct room {
	struct table_node by_name;
	struct room *next, *prev;    /* in the hall's list */
	struct member *first, *last; /* never empty, while nobody is on the move */
	unsigned n_members;
	unsigned name_len;
	char name[NAME_ROOM_BYTES];
	void *shell; /* the shell's own; NULL at first */
};

struct member { /* the shell's to allocate, zeroed; must stay where it is while it is in the hall */
	struct table_node by_nick;
	struct member *next, *prev; /* in the room's list */
	struct room *room;          /* NULL: outside */
	unsigned nick_len;          /* the nick can still be read after hall_leave */
	char nick[NAME_NICK_BYTES];
	void *shell; /* the shell's own */
};

/* Any of them may be NULL. When somebody moves they are called in this order. */
struct hall_hooks {
	/* A room appears, nobody is in it yet. Not 0: there will be no such room after all. */
	int (*open)(struct room *room, void *arg);
	/* `m` leaves, or comes; `m->room` is not valid here. */
	void (*leave)(struct room *room, struct member *m, void *arg);
	void (*join)(struct room *room, struct member *m, void *arg);
	/* The last member has left: the room is about to be freed. */
	void (*close)(struct room *room, void *arg);
};

struct hall {
	struct table by_nick, by_room;
	struct room *first, *last;
	unsigned n_members, n_rooms;
	unsigned long long n_guests; /* how many guest names were tried */
	uint64_t seed;
	const struct hall_hooks *hooks;
	void *hooks_arg;
};

/*
 * What has happened, and who is to hear of it: at most the room that was left and the one that was
 * joined. Rooms in which nobody but the member himself is are left out. Valid until the next
 * change.
 */
enum news_kind { NEWS_JOINED, NEWS_LEFT, NEWS_RENAMED, NEWS_GONE };

struct news_item {
	enum news_kind kind;
	struct room *room; /* tell everybody there but the member himself */
};

struct news {
	const struct member *who; /* under his new name, if it is NEWS_RENAMED */
	unsigned n;
	struct news_item item[2];
	unsigned old_nick_len;
	char old_nick[NAME_NICK_BYTES]; /* for NEWS_RENAMED */
};

/* Builds an empty hall. `hooks`, which may be NULL, must outlive it. `seed`: see table_hash. */
void hall_init(struct hall *h, const struct hall_hooks *hooks, void *arg, uint64_t seed);

/* Frees what is left of the tables. Everybody must have left. */
void hall_close(struct hall *h);

/*
 * Comes in, as guestN, to the start room. N is the next number that no guest was given before and
 * whose name nobody has taken: a number is never used twice, so that nobody is mistaken for who had
 * it before. 0, -ENOMEM, or what the hook `open` said; then nothing has changed.
 */
int hall_enter(struct hall *h, struct member *m, struct news *news);

/*
 * To the room of that name, which name_check_room must like. 0; -EALREADY: he is
 * there; -ENOMEM, or what the hook `open` said. Unless 0, nothing has changed, and `news` is empty.
 */
int hall_join(struct hall *h, struct member *m, struct slice room, struct news *news);

/*
 * Changes a nick to one that name_check_nick likes. 0; -EALREADY: he is called exactly so; -EEXIST:
 * somebody else is, but for the case of A to Z. Unless 0, nothing has changed.
 */
int hall_rename(struct hall *h, struct member *m, struct slice nick, struct news *news);

/* Goes. Never fails; when `m` is outside already nothing happens. */
void hall_leave(struct hall *h, struct member *m, struct news *news);

/* Who is called so, without regard to the case of A to Z; or NULL. */
struct member *hall_find(const struct hall *h, struct slice nick);

/* The room of that name, or NULL. */
struct room *hall_find_room(const struct hall *h, struct slice room);

static inline struct slice member_nick(const struct member *m)
{
	return (struct slice){ m->nick, m->nick_len };
}

static inline struct slice room_name(const struct room *r)
{
	return (struct slice){ r->name, r->name_len };
}

#endif
