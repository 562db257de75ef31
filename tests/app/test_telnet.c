/* telnet: every sequence, in every two pieces it can come in. */
#include "app/telnet.h"

#include "base/rand.h"
#include "t.h"

#include <stdio.h>

/* What comes out when the stream arrives in two pieces, of which the first has `split` bytes. */
static size_t in_two(const char *in, size_t len, size_t split, char *out)
{
	struct telnet t = { 0 };
	size_t n = telnet_strip(&t, in, split, out);

	n += telnet_strip(&t, in + split, len - split, out + n);
	return n + telnet_end(&t, out + n);
}

/* And byte by byte. */
static size_t in_bytes(const char *in, size_t len, char *out)
{
	struct telnet t = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += telnet_strip(&t, in + i, 1, out + n);
	return n + telnet_end(&t, out + n);
}

static void check_strip(const char *in, size_t len, const char *expected, size_t expected_len)
{
	char out[2048];

	for (size_t split = 0; split <= len; split++) {
		size_t n = in_two(in, len, split, out);

		CHECK_EQ(n, expected_len);
		CHECK(memcmp(out, expected, n) == 0);
	}
	CHECK_EQ(in_bytes(in, len, out), expected_len);
	CHECK(memcmp(out, expected, expected_len) == 0);
}

#define STRIP(in, expected) check_strip(in, sizeof(in) - 1, expected, sizeof(expected) - 1)

TEST(telnet, what_is_no_telnet_passes)
{
	STRIP("", "");
	STRIP("hello\r\n", "hello\r\n");
	STRIP("na\xc3\xafve\n\xfe\xf0\n", "na\xc3\xafve\n\xfe\xf0\n");
}

TEST(telnet, commands_and_options_are_removed)
{
	STRIP("a\xff\xf4" "b\n", "ab\n"); /* Ctrl+C: IP */
	STRIP("\xff\xf2\xff\xf6" "ab\xff\xf1\n", "ab\n");
	STRIP("a\xff\xfb\x01\xff\xfc\x03\xff\xfd\x06\xff\xfe\x1f" "b\n", "ab\n");
	STRIP("a\xff\xfd\x00" "b\n", "ab\n");
	STRIP("a\xff\xfb\xff" "b\n", "ab\n"); /* option 255: extended options */
	STRIP("a\xff\xec" "b\n", "ab\n");     /* EOF, from Ctrl+D */
}

TEST(telnet, a_doubled_iac_is_one_byte_of_data)
{
	STRIP("a\xff\xff" "b\n", "a\xff" "b\n");
	STRIP("\xff\xff\xff\xff\n", "\xff\xff\n");
	STRIP("\xff\xff\xff\xf1\n", "\xff\n");
}

TEST(telnet, a_subnegotiation_is_removed_with_all_that_is_in_it)
{
	STRIP("a\xff\xfa\x18\x00xterm\xff\xf0" "b\n", "ab\n");
	STRIP("a\xff\xfa\x1f\x00\xff\xff\x00\xff\xf0" "b\n", "ab\n"); /* 255 columns: doubled */
	STRIP("a\xff\xfa\xff\xf0" "b\n", "ab\n");
	STRIP("a\xff\xfa\x18\xff\xf1zz\xff\xf0" "b\n", "ab\n");
}

TEST(telnet, return_in_character_mode_becomes_a_newline)
{
	STRIP("a\r\0b\r\0", "a\r\nb\r\n");
	STRIP("a\0b", "a\0b");
	STRIP("\r\0\0", "\r\n\0");
	STRIP("a\rb\r\r\0", "a\rb\r\r\n");
}

TEST(telnet, an_iac_before_no_command_is_rubbish_and_loses_nothing)
{
	STRIP("caf\xff" "e\n", "caf\xff" "e\n");
	STRIP("\xff" "a\xff" "b", "\xff" "a\xff" "b");
	STRIP("\xff\n", "\xff\n");
	STRIP("a\xff\xeb\n", "a\xff\xeb\n");
	STRIP("\xff\r\0x", "\xff\r\nx");
}

TEST(telnet, no_sequence_swallows_a_newline)
{
	STRIP("a\xff\xfb\nb\n", "a\xff\nb\n");
	STRIP("a\xff\xfa\x18xx\nb\n", "a\xff\nb\n");
	STRIP("a\xff\xfa\x18xx\xff\nb\n", "a\xff\nb\n");
}

TEST(telnet, a_stream_that_ends_inside_a_sequence_ends_in_rubbish)
{
	STRIP("a\xff", "a\xff");
	STRIP("a\xff\xfb", "a\xff");
	STRIP("a\xff\xfa\x18xx", "a\xff");
	STRIP("a\xff\xfa\x18xx\xff", "a\xff");
}

/* A subnegotiation of `n` bytes, IAC SE excluded, and "b\n" behind it. */
static size_t long_subnegotiation(size_t n, char *in)
{
	memcpy(in, "\xff\xfa", 2);
	memset(in + 2, 'x', n);
	memcpy(in + 2 + n, "\xff\xf0" "b\n", 4);
	return n + 6;
}

TEST(telnet, a_subnegotiation_is_bounded_exactly)
{
	char in[TELNET_SUB_MAX + 16], out[TELNET_SUB_MAX + 16];
	size_t len = long_subnegotiation(TELNET_SUB_MAX - 2, in);

	CHECK_EQ(in_two(in, len, 0, out), 2);
	CHECK(memcmp(out, "b\n", 2) == 0);

	/* one more: its last byte, SE, is one too many, and is data behind the rubbish */
	len = long_subnegotiation(TELNET_SUB_MAX - 1, in);
	CHECK_EQ(in_two(in, len, 0, out), 4);
	CHECK(memcmp(out, "\xff\xf0" "b\n", 4) == 0);
	CHECK_EQ(in_bytes(in, len, out), 4);
}

TEST(telnet, in_place_one_byte_before_is_room_enough)
{
	static const char alphabet[] = "\xff\xff\xff\xfa\xf0\xfb\xf1z\n\r"; /* and its '\0' */
	struct rand r = { 7 };

	for (unsigned round = 0; round < 20000; round++) {
		char in[48], expected[96], place[1 + sizeof in], out[96];
		struct telnet t = { 0 };
		size_t len = rand_below(&r, sizeof in), n = 0;

		for (size_t i = 0; i < len; i++)
			in[i] = alphabet[rand_below(&r, sizeof alphabet)];
		for (size_t at = 0, piece; at < len; at += piece) {
			size_t got;

			piece = 1 + rand_below(&r, (uint32_t)(len - at));
			memcpy(place + 1, in + at, piece);
			got = telnet_strip(&t, place + 1, piece, place);
			CHECK(got <= piece + 1);
			memcpy(out + n, place, got);
			n += got;
		}
		n += telnet_end(&t, out + n);
		CHECK_EQ(n, in_bytes(in, len, expected));
		CHECK(memcmp(out, expected, n) == 0);
	}
}

TEST(telnet, every_newline_of_random_bytes_gets_through)
{
	struct rand r = { 3 };

	for (unsigned round = 0; round < 20000; round++) {
		char in[64], out[130];
		size_t len = rand_below(&r, sizeof in), n, newlines = 0;

		for (size_t i = 0; i < len; i++)
			in[i] = (char)((rand_below(&r, 4) ? 0xf1 : 1) + rand_below(&r, 15));
		for (size_t i = 0; i < len; i++)
			newlines += in[i] == '\n';
		n = in_two(in, len, len / 2, out);
		CHECK(n <= len);
		for (size_t i = 0; i < n; i++)
			newlines -= out[i] == '\n';
		CHECK_EQ(newlines, 0);
	}
}
