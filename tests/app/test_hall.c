/* hall: what members do, what is told to whom, and what happens without memory. */
#include "app/hall.h"

#include <errno.h>
#include <stdio.h>

#include "t.h"
#include "t_future.h"

static struct hall hall;
static struct news news;

static void begin(const struct hall_hooks *hooks)
{
	t_mem_begin();
	hall_init(&hall, hooks, NULL, 1);
}

/* Everybody of `members` goes; then nothing may be left. */
static void end(struct member *members, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		hall_leave(&hall, &members[i], &news);
	CHECK_PTR(hall.first, NULL);
	CHECK_PTR(hall.last, NULL);
	hall_close(&hall);
	CHECK_EQ(t_mem_live(), 0);
}

static bool is_called(const struct member *m, const char *nick)
{
	return slice_equals(member_nick(m), slice_of(nick));
}

static bool is_in(const struct member *m, const char *room)
{
	return slice_equals(room_name(m->room), slice_of(room));
}

static struct room *room_of(const char *name)
{
	return hall_find_room(&hall, slice_of(name));
}

static void check_news(unsigned at, enum news_kind kind, const char *room)
{
	CHECK(at < news.n);
	CHECK_EQ(news.item[at].kind, kind);
	CHECK(slice_equals(room_name(news.item[at].room), slice_of(room)));
}

TEST(hall, newcomers_are_guests_in_the_start_room)
{
	struct member m[3] = { 0 };

	begin(NULL);
	CHECK_EQ(hall_enter(&hall, &m[0], &news), 0);
	CHECK_EQ(news.n, 0);
	CHECK_EQ(hall_enter(&hall, &m[1], &news), 0);
	CHECK_EQ(news.n, 1);
	check_news(0, NEWS_JOINED, "#general");
	CHECK_PTR(news.who, &m[1]);
	CHECK(is_called(&m[0], "guest1") && is_called(&m[1], "guest2"));
	CHECK(is_in(&m[0], "#general") && is_in(&m[1], "#general"));
	CHECK_EQ(hall.n_members, 2);
	CHECK_EQ(hall.n_rooms, 1);
	CHECK_EQ(room_of("#general")->n_members, 2);
	end(m, 3);
}

TEST(hall, a_join_is_told_in_both_rooms)
{
	struct member m[3] = { 0 };

	begin(NULL);
	for (unsigned i = 0; i < 3; i++)
		hall_enter(&hall, &m[i], &news);
	CHECK_EQ(hall_join(&hall, &m[0], slice_of("rust"), &news), 0);
	CHECK_EQ(news.n, 1); /* in #rust there is nobody to tell */
	check_news(0, NEWS_LEFT, "#general");
	CHECK_EQ(hall_join(&hall, &m[1], slice_of("rust"), &news), 0);
	CHECK_EQ(news.n, 2);
	check_news(0, NEWS_LEFT, "#general");
	check_news(1, NEWS_JOINED, "rust");
	CHECK_EQ(hall_join(&hall, &m[2], slice_of("rust"), &news), 0);
	CHECK_EQ(news.n, 1); /* and #general is gone */
	check_news(0, NEWS_JOINED, "rust");
	CHECK_PTR(room_of("#general"), NULL);
	CHECK_EQ(hall.n_rooms, 1);
	end(m, 3);
}

TEST(hall, joining_the_room_one_is_in_changes_nothing)
{
	struct member m[2] = { 0 };

	begin(NULL);
	hall_enter(&hall, &m[0], &news);
	hall_enter(&hall, &m[1], &news);
	CHECK_EQ(hall_join(&hall, &m[0], slice_of("#general"), &news), -EALREADY);
	CHECK_EQ(news.n, 0);
	CHECK_PTR(room_of("#general")->first, &m[0]);
	end(m, 2);
}

TEST(hall, rooms_differ_in_case_nicks_do_not)
{
	struct member m[2] = { 0 };

	begin(NULL);
	hall_enter(&hall, &m[0], &news);
	hall_enter(&hall, &m[1], &news);
	CHECK_EQ(hall_join(&hall, &m[0], slice_of("General"), &news), 0);
	CHECK_EQ(hall.n_rooms, 2);
	CHECK_EQ(hall_rename(&hall, &m[0], slice_of("Alice"), &news), 0);
	CHECK_EQ(hall_rename(&hall, &m[1], slice_of("aLiCe"), &news), -EEXIST);
	CHECK_EQ(news.n, 0);
	CHECK(is_called(&m[1], "guest2"));
	CHECK_PTR(hall_find(&hall, slice_of("ALICE")), &m[0]);
	CHECK_PTR(hall_find(&hall, slice_of("GUEST2")), &m[1]);
	CHECK_PTR(hall_find(&hall, slice_of("guest1")), NULL);
	end(m, 2);
}

TEST(hall, a_rename_is_told_with_both_names)
{
	struct member m[2] = { 0 };

	begin(NULL);
	hall_enter(&hall, &m[0], &news);
	CHECK_EQ(hall_rename(&hall, &m[0], slice_of("bob"), &news), 0);
	CHECK_EQ(news.n, 0); /* alone */
	hall_enter(&hall, &m[1], &news);
	CHECK_EQ(hall_rename(&hall, &m[0], slice_of("Bob"), &news), 0); /* his own nick */
	check_news(0, NEWS_RENAMED, "#general");
	CHECK(slice_equals((struct slice){ news.old_nick, news.old_nick_len }, slice_of("bob")));
	CHECK(is_called(news.who, "Bob"));
	CHECK_EQ(hall_rename(&hall, &m[0], slice_of("Bob"), &news), -EALREADY);
	end(m, 2);
}

TEST(hall, a_nick_is_free_again_once_its_owner_is_gone_or_renamed)
{
	struct member m[3] = { 0 };

	begin(NULL);
	for (unsigned i = 0; i < 3; i++)
		hall_enter(&hall, &m[i], &news);
	CHECK_EQ(hall_rename(&hall, &m[0], slice_of("x"), &news), 0);
	CHECK_EQ(hall_rename(&hall, &m[0], slice_of("y"), &news), 0);
	CHECK_EQ(hall_rename(&hall, &m[1], slice_of("x"), &news), 0);
	hall_leave(&hall, &m[0], &news);
	CHECK_EQ(hall_rename(&hall, &m[2], slice_of("Y"), &news), 0);
	end(m, 3);
}

TEST(hall, a_guest_number_that_somebody_took_for_a_name_is_skipped_and_none_is_used_twice)
{
	struct member m[5] = { 0 };

	begin(NULL);
	hall_enter(&hall, &m[0], &news);
	CHECK_EQ(hall_rename(&hall, &m[0], slice_of("Guest3"), &news), 0);
	hall_enter(&hall, &m[1], &news);
	hall_enter(&hall, &m[2], &news);
	CHECK(is_called(&m[1], "guest2"));
	CHECK(is_called(&m[2], "guest4"));
	hall_leave(&hall, &m[2], &news);
	hall_enter(&hall, &m[3], &news);
	CHECK(is_called(&m[3], "guest5"));
	end(m, 5);
}

TEST(hall, leaving_is_told_to_the_room_and_may_be_done_twice)
{
	struct member m[2] = { 0 };

	begin(NULL);
	hall_enter(&hall, &m[0], &news);
	hall_enter(&hall, &m[1], &news);
	hall_leave(&hall, &m[0], &news);
	CHECK_EQ(news.n, 1);
	check_news(0, NEWS_GONE, "#general");
	CHECK(is_called(news.who, "guest1"));
	hall_leave(&hall, &m[0], &news);
	CHECK_EQ(news.n, 0);
	hall_leave(&hall, &m[1], &news);
	CHECK_EQ(news.n, 0);
	end(m, 2);
}

TEST(hall, who_has_left_may_come_back)
{
	struct member m[1] = { 0 };

	begin(NULL);
	hall_enter(&hall, &m[0], &news);
	hall_leave(&hall, &m[0], &news);
	CHECK_EQ(hall_enter(&hall, &m[0], &news), 0);
	CHECK(is_called(&m[0], "guest2"));
	end(m, 1);
}

TEST(hall, a_name_that_is_too_long_for_anybody_is_nobodys)
{
	struct member m[1] = { 0 };
	char name[200];

	begin(NULL);
	hall_enter(&hall, &m[0], &news);
	memset(name, 'x', sizeof name);
	CHECK_PTR(hall_find(&hall, (struct slice){ name, sizeof name }), NULL);
	CHECK_PTR(hall_find(&hall, (struct slice){ name, NAME_NICK_BYTES }), NULL);
	CHECK_PTR(hall_find_room(&hall, (struct slice){ name, sizeof name }), NULL);
	end(m, 1);
}

static char story[512];

static void tell(const char *what, const struct room *r, const struct member *m)
{
	size_t len = strlen(story);

	snprintf(story + len, sizeof story - len, "%s %.*s%s%.*s;", what, slice_print(room_name(r)),
		 m ? " " : "", m ? (int)m->nick_len : 0, m ? m->nick : "");
}

static int open_told(struct room *r, void *arg)
{
	(void)arg;
	tell("open", r, NULL);
	r->shell = story;
	return r->name[0] == '!' ? -EMFILE : 0;
}

static void leave_told(struct room *r, struct member *m, void *arg)
{
	(void)arg;
	tell("leave", r, m);
}

static void join_told(struct room *r, struct member *m, void *arg)
{
	(void)arg;
	tell("join", r, m);
}

static void close_told(struct room *r, void *arg)
{
	(void)arg;
	CHECK_PTR(r->shell, story);
	tell("close", r, NULL);
}

static const struct hall_hooks told = { open_told, leave_told, join_told, close_told };

static void check_story(const char *expected)
{
	CHECK_STR(story, expected);
	story[0] = '\0';
}

TEST(hall, hooks_are_called_in_an_order_that_a_channel_can_live_with)
{
	struct member m[1] = { 0 };

	begin(&told);
	check_story("");
	hall_enter(&hall, &m[0], &news);
	check_story("open #general;join #general guest1;");
	hall_join(&hall, &m[0], slice_of("b"), &news);
	check_story("open b;leave #general guest1;join b guest1;close #general;");
	hall_leave(&hall, &m[0], &news);
	check_story("leave b guest1;close b;");
	end(m, 1);
}

TEST(hall, a_room_that_the_shell_cannot_open_never_was)
{
	struct member m[1] = { 0 };

	begin(&told);
	hall_enter(&hall, &m[0], &news);
	story[0] = '\0';
	CHECK_EQ(hall_join(&hall, &m[0], slice_of("!"), &news), -EMFILE);
	CHECK_EQ(news.n, 0);
	check_story("open !;");
	CHECK_PTR(room_of("!"), NULL);
	CHECK_EQ(hall.n_rooms, 1);
	CHECK(is_in(&m[0], "#general"));
	end(m, 1);
	story[0] = '\0';
}

/* Twenty members, a room each, many renames; any of the allocations may fail. False: one did. */
static bool live_a_little(struct member *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned rooms = hall.n_rooms, members = hall.n_members;
		char name[16];

		if (hall_enter(&hall, &m[i], &news) == -ENOMEM) {
			CHECK(!m[i].room && hall.n_rooms == rooms && hall.n_members == members);
			return false;
		}
		snprintf(name, sizeof name, "r%u", i);
		rooms = hall.n_rooms;
		if (hall_join(&hall, &m[i], slice_of(name), &news) == -ENOMEM) {
			CHECK(is_in(&m[i], "#general") && hall.n_rooms == rooms && news.n == 0);
			return false;
		}
		CHECK_EQ(hall_rename(&hall, &m[i], slice_of(name), &news), 0);
	}
	return true;
}

TEST(hall, each_allocation_may_fail_and_then_nothing_has_changed)
{
	bool failed = true;

	for (long nth = 0; failed; nth++) {
		struct member m[20] = { 0 };

		CHECK(nth < 1000);
		begin(NULL);
		t_mem_fail(nth);
		live_a_little(m, 20);
		failed = t_mem_failed();
		t_mem_fail(-1);
		for (unsigned i = 0; i < 20; i++)
			CHECK(!m[i].room || hall_find(&hall, member_nick(&m[i])) == &m[i]);
		end(m, 20);
	}
}

TEST_BUG(hall, closing_it_with_somebody_inside_is_a_bug)
{
	struct member m = { 0 };

	begin(NULL);
	hall_enter(&hall, &m, &news);
	hall_close(&hall);
}

TEST_BUG(hall, a_room_name_that_was_never_checked_is_a_bug)
{
	struct member m = { 0 };

	begin(NULL);
	hall_enter(&hall, &m, &news);
	hall_join(&hall, &m, slice_of("a b"), &news);
}
