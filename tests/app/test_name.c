/* name: limits exactly, and what no name may hold. */
#include "app/name.h"
#include "t.h"

static struct slice repeated(const char *character, size_t n)
{
	static char buf[1024];
	size_t len = strlen(character);

	for (size_t i = 0; i < n; i++)
		memcpy(buf + i * len, character, len);
	return (struct slice){ buf, n * len };
}

TEST(name, a_nick_has_1_to_24_characters_however_many_bytes_they_take)
{
	static const char *const characters[] = {
		"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"
	};

	CHECK_EQ(name_check_nick(slice_of("")), NAME_EMPTY);
	for (size_t i = 0; i < 4; i++) {
		CHECK_EQ(name_check_nick(repeated(characters[i], 1)), NAME_FINE);
		CHECK_EQ(name_check_nick(repeated(characters[i], 24)), NAME_FINE);
		CHECK(repeated(characters[i], 24).len <= NAME_NICK_BYTES);
		CHECK_EQ(name_check_nick(repeated(characters[i], 25)), NAME_TOO_LONG);
	}
}

TEST(name, a_room_has_1_to_64_bytes)
{
	CHECK_EQ(name_check_room(slice_of("")), NAME_EMPTY);
	CHECK_EQ(name_check_room(slice_of("r")), NAME_FINE);
	CHECK_EQ(name_check_room(repeated("r", 64)), NAME_FINE);
	CHECK_EQ(name_check_room(repeated("r", 65)), NAME_TOO_LONG);
	CHECK_EQ(name_check_room(repeated("\xc3\xa9", 32)), NAME_FINE);
	CHECK_EQ(name_check_room(repeated("\xc3\xa9", 33)), NAME_TOO_LONG);
}

TEST(name, spaces_controls_and_invisible_characters_are_refused)
{
	static const char *const bad[] = {
		"a b", "\xc2\xa0", "z\xe3\x80\x80",                      /* spaces */
		"a\tb", "a\x1b[m", "\x7f", "\xc2\x9b", "\xe2\x80\xaez", /* what terminals act on */
		"z\xe2\x80\x8b", "\xef\xbb\xbfz", "z\xe2\x80\x8d",      /* nothing to be seen */
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK_EQ(name_check_nick(slice_of(bad[i])), NAME_BAD_CHARACTER);
		CHECK_EQ(name_check_room(slice_of(bad[i])), NAME_BAD_CHARACTER);
	}
	CHECK_EQ(name_check_nick((struct slice){ "a\0b", 3 }), NAME_BAD_CHARACTER);
	CHECK_EQ(name_check_nick(slice_of("a\xff")), NAME_NOT_UTF8);
	CHECK_EQ(name_check_room(slice_of("a\xff")), NAME_NOT_UTF8);
}

TEST(name, nicks_are_the_same_without_regard_to_ascii_case_only)
{
	char folded[8];

	CHECK(name_same_nick(slice_of("Alice"), slice_of("aLICE")));
	CHECK(!name_same_nick(slice_of("alice"), slice_of("alice2")));
	CHECK(!name_same_nick(slice_of("\xc3\x89"), slice_of("\xc3\xa9"))); /* E and e, acute */
	CHECK(!name_same_nick(slice_of("@["), slice_of("`{"))); /* 32 apart, but no letters */
	name_fold(slice_of("AZaz@[\xc3\x89"), folded);
	CHECK(memcmp(folded, "azaz@[\xc3\x89", 8) == 0);
}
