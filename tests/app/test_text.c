/* text: the decoder against a naive one, and what gets through to terminals. */
#include "app/text.h"
#include "base/rand.h"
#include "t.h"

/*
 * The naive decoder: computes the code point first, and then asks whether encoding that gives the
 * same bytes. So overlong forms need no case of their own.
 */
static size_t naive_encode(uint32_t c, unsigned char *out)
{
	if (c < 0x80) {
		out[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (unsigned char)(0xc0 | c >> 6);
		out[1] = (unsigned char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (unsigned char)(0xe0 | c >> 12);
		out[1] = (unsigned char)(0x80 | (c >> 6 & 63));
		out[2] = (unsigned char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | c >> 18);
	out[1] = (unsigned char)(0x80 | (c >> 12 & 63));
	out[2] = (unsigned char)(0x80 | (c >> 6 & 63));
	out[3] = (unsigned char)(0x80 | (c & 63));
	return 4;
}

static size_t naive_decode(const unsigned char *s, size_t len, uint32_t *c)
{
	static const unsigned char marks[] = { 0x00, 0x00, 0xc0, 0xe0, 0xf0 };
	static const unsigned char masks[] = { 0x00, 0x80, 0xe0, 0xf0, 0xf8 };
	unsigned char again[4];

	for (size_t n = 1; n <= 4 && n <= len; n++) {
		uint32_t value;

		if ((s[0] & masks[n]) != marks[n])
			continue;
		value = s[0] & (unsigned char)~masks[n];
		for (size_t i = 1; i < n; i++)
			value = value << 6 | (s[i] & 63);
		if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
			continue;
		if (naive_encode(value, again) == n && memcmp(again, s, n) == 0) {
			*c = value;
			return n;
		}
	}
	return 0;
}

static void check_decoders_agree(const unsigned char *s, size_t len)
{
	uint32_t expected = 0, actual = 0;
	size_t n = naive_decode(s, len, &expected);

	CHECK_EQ(text_decode((const char *)s, len, &actual), n);
	CHECK_EQ(actual, expected);
}

TEST(text, every_two_byte_prefix_is_judged_as_by_a_naive_decoder)
{
	static const unsigned char tails[] = { 0, 0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xff };
	unsigned char s[4];

	for (unsigned prefix = 0; prefix < 0x10000; prefix++) {
		s[0] = (unsigned char)(prefix >> 8);
		s[1] = (unsigned char)prefix;
		for (size_t i = 0; i < sizeof tails; i++) {
			for (size_t j = 0; j < sizeof tails; j++) {
				s[2] = tails[i];
				s[3] = tails[j];
				check_decoders_agree(s, 4);
			}
			check_decoders_agree(s, 3);
		}
		check_decoders_agree(s, 2);
	}
}

TEST(text, every_code_point_is_decoded_from_its_own_bytes_and_from_no_fewer)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		bool is_surrogate = c >= 0xd800 && c <= 0xdfff;
		unsigned char s[4];
		uint32_t decoded = 0;
		size_t n = naive_encode(c, s);

		CHECK_EQ(text_decode((char *)s, n, &decoded), is_surrogate ? 0 : n);
		CHECK_EQ(decoded, is_surrogate ? 0 : c);
		CHECK_EQ(text_decode((char *)s, n - 1, &decoded), 0);
	}
}

TEST(text, overlong_forms_surrogates_and_what_is_beyond_unicode_are_refused)
{
	static const char *const bad[] = {
		"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", /* too many bytes */
		"\xed\xa0\x80", "\xed\xbf\xbf",                            /* surrogates */
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80",                    /* beyond U+10FFFF */
		"\xfe", "\xff", "\x80", "\xbf",                              /* begin nothing */
		"\xe2\x82", "a\xc3", "\xc3(",                               /* cut short */
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!text_is_utf8(bad[i], strlen(bad[i])));
	CHECK(text_is_utf8("", 0));
	CHECK(text_is_utf8("z\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
}

TEST(text, a_wrong_byte_is_found_at_every_position_of_a_line)
{
	char s[40];

	for (size_t len = 1; len <= sizeof s; len++) {
		memset(s, 'a', sizeof s);
		CHECK_EQ(text_count(s, len), len);
		for (size_t at = 0; at < len; at++) {
			s[at] = (char)0x80;
			CHECK_EQ(text_count(s, len), -1);
			s[at] = 'a';
		}
	}
}

TEST(text, characters_are_counted_not_bytes)
{
	CHECK_EQ(text_count("", 0), 0);
	CHECK_EQ(text_count("na\xc3\xafve", 6), 5);
	CHECK_EQ(text_count("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 8), 2);
	CHECK_EQ(text_count("12345678\xe2\x82\xac", 11), 9);
}

static const char *cleaned(const char *s)
{
	static char buf[256];
	size_t len = strlen(s);

	memcpy(buf, s, len);
	len = text_clean(buf, len);
	buf[len] = '\0';
	return buf;
}

TEST(text, control_characters_are_removed_and_a_tab_is_a_space)
{
	CHECK_STR(cleaned("hello"), "hello");
	CHECK_STR(cleaned(""), "");
	CHECK_STR(cleaned("a\tb"), "a b");
	CHECK_STR(cleaned("\x1b[31mred\x1b[0m"), "[31mred[0m");
	CHECK_STR(cleaned("\x07" "bell\r\n\x08\x7f"), "bell");
	CHECK_STR(cleaned("\xc2\x9b" "31m\xc2\x80x\xc2\x9f\xc2\xa0"), "31mx\xc2\xa0");
	CHECK_STR(cleaned("\x01\x02\x03"), "");
}

TEST(text, line_separators_and_open_ended_bidi_controls_are_removed_marks_stay)
{
	CHECK_STR(cleaned("a\xe2\x80\xa8" "b\xe2\x80\xa9" "c"), "abc");
	CHECK_STR(cleaned("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae" "x"), "x");
	CHECK_STR(cleaned("\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9" "x"), "x");
	CHECK_STR(cleaned("\xe2\x80\x8f" "x\xe2\x80\x8d"), "\xe2\x80\x8f" "x\xe2\x80\x8d");
}

TEST(text, a_nul_in_the_middle_ends_nothing)
{
	char s[] = { 'a', 0, 'b' };

	CHECK_EQ(text_clean(s, 3), 2);
	CHECK(memcmp(s, "ab", 2) == 0);
}

TEST(text, no_random_bytes_ever_come_out_hostile)
{
	struct rand r = { 1 };

	for (unsigned round = 0; round < 20000; round++) {
		unsigned char s[64];
		size_t len = rand_below(&r, sizeof s), out;

		for (size_t i = 0; i < len; i++) /* half of them begin or continue something */
			s[i] = (unsigned char)(i & 1 ? rand_next(&r) : 0xe2 - rand_below(&r, 99));
		out = text_clean((char *)s, len);
		CHECK(out <= len);
		CHECK(text_is_utf8((char *)s, out));
		for (size_t at = 0; at < out;) {
			uint32_t c = 0;

			at += text_decode((char *)s + at, out - at, &c);
			CHECK(!text_is_hostile(c));
		}
	}
}

TEST(text, the_cut_never_splits_a_character)
{
	const char *s = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
	static const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };

	for (size_t max = 0; max < sizeof expected / sizeof *expected; max++)
		CHECK_EQ(text_cut(s, 10, max), expected[max]);
}

TEST(text, the_classes_end_where_unicode_says)
{
	CHECK(text_is_control(0x1f) && !text_is_control(0x20));
	CHECK(!text_is_control(0x7e) && text_is_control(0x7f) && text_is_control(0x9f));
	CHECK(!text_is_control(0xa0));
	CHECK(!text_is_hostile(0x2027) && text_is_hostile(0x2028) && text_is_hostile(0x202e));
	CHECK(!text_is_hostile(0x202f) && !text_is_hostile(0x2065) && text_is_hostile(0x2066));
	CHECK(text_is_hostile(0x2069) && !text_is_hostile(0x206a));
	CHECK(text_is_space(0x20) && text_is_space(0xa0) && text_is_space(0x3000));
	CHECK(!text_is_space('a') && !text_is_space(0x200b));
	CHECK(text_is_invisible(0x200b) && text_is_invisible(0xfeff) && text_is_invisible(0xe0041));
	CHECK(!text_is_invisible('a') && !text_is_invisible(0x4e00));
}
