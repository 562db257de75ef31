/*
 * hall against a naive one: an array of members with their nick and room as plain strings, searched
 * from end to end. After each of 100,000 random steps both must say the same.
 */
#include "app/hall.h"

#include <errno.h>
#include <stdio.h>

#include "base/rand.h"
#include "t.h"
#include "t_future.h"

enum { PEOPLE = 60, STEPS = 100000 };

struct person {
	bool is_here;
	char nick[32], room[16];
};

static struct hall hall;
static struct news news;
static struct member members[PEOPLE];
static struct person people[PEOPLE];
static struct rand rng;

static struct slice nick_of(unsigned who)
{
	return slice_of(people[who].nick);
}

/* Who is called so, or PEOPLE. */
static unsigned find(const char *nick)
{
	unsigned i = 0;

	while (i < PEOPLE && !(people[i].is_here && name_same_nick(nick_of(i), slice_of(nick))))
		i++;
	return i;
}

static unsigned n_in(const char *room)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PEOPLE; i++)
		n += people[i].is_here && strcmp(people[i].room, room) == 0;
	return n;
}

static void check_item(unsigned *at, enum news_kind kind, const char *room, unsigned others)
{
	if (others == 0)
		return;
	CHECK(*at < news.n);
	CHECK_EQ(news.item[*at].kind, kind);
	CHECK(slice_equals(room_name(news.item[*at].room), slice_of(room)));
	++*at;
}

static void enter(unsigned who)
{
	unsigned at = 0;

	CHECK_EQ(hall_enter(&hall, &members[who], &news), 0);
	check_item(&at, NEWS_JOINED, "#general", n_in("#general"));
	CHECK_EQ(news.n, at);
	snprintf(people[who].nick, sizeof people[who].nick, "%.*s",
		 slice_print(member_nick(&members[who])));
	CHECK_EQ(strncmp(people[who].nick, "guest", 5), 0);
	CHECK_EQ(find(people[who].nick), PEOPLE);
	people[who].is_here = true;
	strcpy(people[who].room, "#general");
}

static void leave(unsigned who)
{
	unsigned at = 0;

	hall_leave(&hall, &members[who], &news);
	people[who].is_here = false;
	check_item(&at, NEWS_GONE, people[who].room, n_in(people[who].room));
	CHECK_EQ(news.n, at);
}

static void change_room(unsigned who)
{
	char room[16], *mine = people[who].room;
	unsigned at = 0;
	int err;

	snprintf(room, sizeof room, "%s%u", rand_below(&rng, 2) ? "r" : "R", rand_below(&rng, 20));
	if (!rand_below(&rng, 10))
		strcpy(room, "#general");
	err = hall_join(&hall, &members[who], slice_of(room), &news);
	CHECK_EQ(err, strcmp(room, mine) == 0 ? -EALREADY : 0);
	if (err == 0) {
		check_item(&at, NEWS_LEFT, mine, n_in(mine) - 1);
		check_item(&at, NEWS_JOINED, room, n_in(room));
		strcpy(mine, room);
	}
	CHECK_EQ(news.n, at);
}

static void change_nick(unsigned who)
{
	static const char *const stems[] = { "n", "N", "guest", "Guest", "\xc3\xa9", "\xc3\x89" };
	unsigned owner, at = 0;
	char nick[32];
	int err;

	snprintf(nick, sizeof nick, "%s%llu", stems[rand_below(&rng, 6)],
		 rand_below(&rng, 2) ? hall.n_guests + rand_below(&rng, 5) : rand_below(&rng, 80));
	owner = find(nick);
	err = hall_rename(&hall, &members[who], slice_of(nick), &news);
	if (strcmp(people[who].nick, nick) == 0)
		CHECK_EQ(err, -EALREADY);
	else
		CHECK_EQ(err, owner < PEOPLE && owner != who ? -EEXIST : 0);
	if (err == 0) {
		CHECK(slice_equals((struct slice){ news.old_nick, news.old_nick_len },
				   nick_of(who)));
		check_item(&at, NEWS_RENAMED, people[who].room, n_in(people[who].room) - 1);
		strcpy(people[who].nick, nick);
	}
	CHECK_EQ(news.n, at);
}

static void step(unsigned who)
{
	if (!people[who].is_here)
		enter(who);
	else if (!rand_below(&rng, 8))
		leave(who);
	else if (rand_below(&rng, 2))
		change_room(who);
	else
		change_nick(who);
}

static void check_one(unsigned who)
{
	const struct member *m = &members[who];

	CHECK(!m->room == !people[who].is_here);
	if (!m->room)
		return;
	CHECK(slice_equals(member_nick(m), nick_of(who)));
	CHECK(slice_equals(room_name(m->room), slice_of(people[who].room)));
	CHECK_EQ(m->room->n_members, n_in(people[who].room));
	CHECK_PTR(hall_find(&hall, nick_of(who)), m);
	CHECK_PTR(hall_find_room(&hall, slice_of(people[who].room)), m->room);
}

/* The lists, walked in both directions: all are there, each once. */
static void check_lists(void)
{
	unsigned n_members = 0, n_rooms = 0;
	const struct room *before = NULL;

	for (const struct room *r = hall.first; r; before = r, r = r->next) {
		const struct member *previous = NULL;
		unsigned n = 0;

		CHECK_PTR(r->prev, before);
		for (const struct member *m = r->first; m; previous = m, m = m->next, n++) {
			CHECK_PTR(m->room, r);
			CHECK_PTR(m->prev, previous);
		}
		CHECK_PTR(r->last, previous);
		CHECK_EQ(r->n_members, n);
		CHECK(n > 0);
		n_members += n;
		n_rooms++;
	}
	CHECK_PTR(hall.last, before);
	CHECK_EQ(hall.n_members, n_members);
	CHECK_EQ(hall.n_rooms, n_rooms);
	CHECK_EQ(hall.by_room.n, n_rooms);
	CHECK_EQ(hall.by_nick.n, n_members);
}

TEST(hall_model, a_hundred_thousand_steps_agree_with_the_naive_hall)
{
	rng = (struct rand){ 2024 };
	t_mem_begin();
	hall_init(&hall, NULL, NULL, rand_next(&rng));
	memset(members, 0, sizeof members);
	memset(people, 0, sizeof people);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned who = rand_below(&rng, PEOPLE);

		step(who);
		check_one(who);
		check_one(rand_below(&rng, PEOPLE));
		check_lists();
	}
	for (unsigned i = 0; i < PEOPLE; i++)
		hall_leave(&hall, &members[i], &news);
	hall_close(&hall);
	CHECK_EQ(t_mem_live(), 0);
}

/* Big enough that anything linear per step would be noticed: 10,000 squared. */
TEST(hall_model, ten_thousand_members_in_ten_thousand_rooms)
{
	enum { MANY = 10000 };
	static struct member many[MANY];
	char room[16];

	t_mem_begin();
	hall_init(&hall, NULL, NULL, 1);
	memset(many, 0, sizeof many);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < MANY; i++)
			CHECK_EQ(hall_enter(&hall, &many[i], &news), 0);
		CHECK_EQ(hall.first->n_members, MANY);
		for (unsigned i = 0; i < MANY; i++) {
			snprintf(room, sizeof room, "room%u", i);
			CHECK_EQ(hall_join(&hall, &many[i], slice_of(room), &news), 0);
			CHECK_EQ(hall_rename(&hall, &many[i], slice_of(room), &news), 0);
		}
		CHECK_EQ(hall.n_rooms, MANY);
		for (unsigned i = 0; i < MANY; i++)
			hall_leave(&hall, &many[(i * 7919) % MANY], &news);
		CHECK_EQ(hall.n_rooms, 0);
	}
	hall_close(&hall);
	CHECK_EQ(t_mem_live(), 0);
}
