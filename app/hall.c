/* hall: see hall.h. In each function what can fail comes first, then what changes something. */
#include "app/hall.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "future/bug.h"

#define owner_of(node, type, field) ((type *)(void *)((char *)(node) - offsetof(type, field)))

static const struct hall_hooks no_hooks;

void hall_init(struct hall *h, const struct hall_hooks *hooks, void *arg, uint64_t seed)
{
	*h = (struct hall){ .hooks = hooks ? hooks : &no_hooks, .hooks_arg = arg, .seed = seed };
}

void hall_close(struct hall *h)
{
	bug_unless(h->n_members == 0 && h->n_rooms == 0);
	table_close(&h->by_nick);
	table_close(&h->by_room);
}

static uint32_t hash_nick(const struct hall *h, struct slice nick)
{
	char folded[NAME_NICK_BYTES];

	bug_unless(nick.len <= sizeof folded);
	name_fold(nick, folded);
	return table_hash(h->seed, (struct slice){ folded, nick.len });
}

struct member *hall_find(const struct hall *h, struct slice nick)
{
	struct table_node *node;

	if (nick.len > NAME_NICK_BYTES)
		return NULL;
	for (node = table_first(&h->by_nick, hash_nick(h, nick)); node; node = table_next(node)) {
		struct member *m = owner_of(node, struct member, by_nick);

		if (name_same_nick(member_nick(m), nick))
			return m;
	}
	return NULL;
}

struct room *hall_find_room(const struct hall *h, struct slice name)
{
	struct table_node *node = table_first(&h->by_room, table_hash(h->seed, name));

	for (; node; node = table_next(node)) {
		struct room *r = owner_of(node, struct room, by_name);

		if (slice_equals(room_name(r), name))
			return r;
	}
	return NULL;
}

static void list_room(struct hall *h, struct room *r)
{
	r->prev = h->last;
	if (h->last)
		h->last->next = r;
	else
		h->first = r;
	h->last = r;
	h->n_rooms++;
	table_put(&h->by_room, &r->by_name, table_hash(h->seed, room_name(r)));
}

static void unlist_room(struct hall *h, struct room *r)
{
	if (r->prev)
		r->prev->next = r->next;
	else
		h->first = r->next;
	if (r->next)
		r->next->prev = r->prev;
	else
		h->last = r->prev;
	h->n_rooms--;
	table_remove(&h->by_room, &r->by_name);
}

static int open_room(struct hall *h, struct slice name, struct room **opened)
{
	struct room *r;
	int err;

	bug_unless(name_check_room(name) == NAME_FINE);
	r = mem_alloc(sizeof *r);
	if (!r)
		return -ENOMEM;
	*r = (struct room){ .name_len = (unsigned)name.len };
	memcpy(r->name, name.at, name.len);
	err = h->hooks->open ? h->hooks->open(r, h->hooks_arg) : 0;
	if (err) {
		mem_free(r, sizeof *r);
		return err;
	}
	list_room(h, r);
	*opened = r;
	return 0;
}

static int find_or_open_room(struct hall *h, struct slice name, struct room **found)
{
	*found = hall_find_room(h, name);
	return *found ? 0 : open_room(h, name, found);
}

static void close_room_if_empty(struct hall *h, struct room *r)
{
	if (r->n_members > 0)
		return;
	if (h->hooks->close)
		h->hooks->close(r, h->hooks_arg);
	unlist_room(h, r);
	mem_free(r, sizeof *r);
}

static void step_in(struct hall *h, struct member *m, struct room *r)
{
	m->next = NULL;
	m->prev = r->last;
	if (r->last)
		r->last->next = m;
	else
		r->first = m;
	r->last = m;
	r->n_members++;
	if (h->hooks->join)
		h->hooks->join(r, m, h->hooks_arg);
	m->room = r;
}

/* The room stays, even if it is empty now. */
static struct room *step_out(struct hall *h, struct member *m)
{
	struct room *r = m->room;

	m->room = NULL;
	if (m->prev)
		m->prev->next = m->next;
	else
		r->first = m->next;
	if (m->next)
		m->next->prev = m->prev;
	else
		r->last = m->prev;
	m->next = m->prev = NULL;
	r->n_members--;
	if (h->hooks->leave)
		h->hooks->leave(r, m, h->hooks_arg);
	return r;
}

static void begin_news(struct news *news, const struct member *m)
{
	news->who = m;
	news->n = 0;
	news->old_nick_len = 0;
}

static void tell(struct news *news, enum news_kind kind, struct room *r)
{
	unsigned himself = news->who->room == r;

	if (r->n_members > himself)
		news->item[news->n++] = (struct news_item){ kind, r };
}

static void set_nick(struct hall *h, struct member *m, struct slice nick)
{
	memcpy(m->nick, nick.at, nick.len);
	m->nick_len = (unsigned)nick.len;
	table_put(&h->by_nick, &m->by_nick, hash_nick(h, nick));
}

/* Skips names that people gave themselves; no more than there are members. */
static void set_guest_nick(struct hall *h, struct member *m)
{
	char text[NAME_NICK_BYTES];
	int len;

	do
		len = snprintf(text, sizeof text, "guest%llu", ++h->n_guests);
	while (hall_find(h, (struct slice){ text, (size_t)len }));
	set_nick(h, m, (struct slice){ text, (size_t)len });
}

int hall_enter(struct hall *h, struct member *m, struct news *news)
{
	struct room *r;
	int err;

	bug_unless(!m->room);
	begin_news(news, m);
	err = find_or_open_room(h, slice_of(HALL_START_ROOM), &r);
	if (err)
		return err;
	h->n_members++;
	set_guest_nick(h, m);
	step_in(h, m, r);
	tell(news, NEWS_JOINED, r);
	return 0;
}

int hall_join(struct hall *h, struct member *m, struct slice name, struct news *news)
{
	struct room *from, *to;
	int err;

	bug_unless(m->room);
	begin_news(news, m);
	if (slice_equals(room_name(m->room), name))
		return -EALREADY;
	err = find_or_open_room(h, name, &to);
	if (err)
		return err;
	from = step_out(h, m);
	step_in(h, m, to);
	tell(news, NEWS_LEFT, from);
	tell(news, NEWS_JOINED, to);
	close_room_if_empty(h, from);
	return 0;
}

int hall_rename(struct hall *h, struct member *m, struct slice nick, struct news *news)
{
	struct member *other;

	bug_unless(m->room && name_check_nick(nick) == NAME_FINE);
	begin_news(news, m);
	if (slice_equals(member_nick(m), nick))
		return -EALREADY;
	other = hall_find(h, nick);
	if (other && other != m)
		return -EEXIST;
	memcpy(news->old_nick, m->nick, m->nick_len);
	news->old_nick_len = m->nick_len;
	table_remove(&h->by_nick, &m->by_nick);
	set_nick(h, m, nick);
	tell(news, NEWS_RENAMED, m->room);
	return 0;
}

void hall_leave(struct hall *h, struct member *m, struct news *news)
{
	struct room *r;

	begin_news(news, m);
	if (!m->room)
		return;
	r = step_out(h, m);
	table_remove(&h->by_nick, &m->by_nick);
	h->n_members--;
	tell(news, NEWS_GONE, r);
	close_room_if_empty(h, r);
}
