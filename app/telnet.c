/* telnet: see telnet.h. */
#include "app/telnet.h"

#include <string.h>

enum {
	FIRST_COMMAND = 236, /* EOF, SUSP, ABORT, EOR; then the ten of RFC 854 */
	SE = 240,
	SB = 250,
	WILL = 251,
	DONT = 254,
	IAC = 255,
};

static const char rubbish = (char)0xff;

/* Puts out what a byte of data comes to. Returns the new end. */
static char *data(struct telnet *t, unsigned char byte, char *to)
{
	*to = byte == 0 && t->after_cr ? '\n' : (char)byte;
	t->after_cr = byte == '\r';
	return to + 1;
}

/* It was no telnet after all: rubbish, and then `byte` as data. */
static char *give_up(struct telnet *t, unsigned char byte, char *to)
{
	t->state = TELNET_DATA;
	*to++ = rubbish;
	t->after_cr = false;
	if (byte != IAC)
		return data(t, byte, to);
	t->state = TELNET_IAC;
	return to;
}

/* The byte after an IAC. */
static char *command(struct telnet *t, unsigned char byte, char *to)
{
	if (byte < FIRST_COMMAND)
		return give_up(t, byte, to);
	t->state = TELNET_DATA;
	if (byte == IAC)
		return data(t, IAC, to);
	if (byte >= WILL && byte <= DONT)
		t->state = TELNET_OPTION;
	if (byte == SB) {
		t->state = TELNET_SUB;
		t->sub_len = 0;
	}
	return to;
}

static char *subnegotiation(struct telnet *t, unsigned char byte, char *to)
{
	if (++t->sub_len > TELNET_SUB_MAX)
		return give_up(t, byte, to);
	if (t->state == TELNET_SUB)
		t->state = byte == IAC ? TELNET_SUB_IAC : TELNET_SUB;
	else
		t->state = byte == SE ? TELNET_DATA : TELNET_SUB;
	return to;
}

static char *step(struct telnet *t, unsigned char byte, char *to)
{
	if (t->state != TELNET_DATA && byte == '\n')
		return give_up(t, byte, to);
	switch (t->state) {
	case TELNET_DATA:
		if (byte != IAC)
			return data(t, byte, to);
		t->state = TELNET_IAC;
		return to;
	case TELNET_IAC:
		return command(t, byte, to);
	case TELNET_OPTION:
		t->state = TELNET_DATA;
		return to;
	default:
		return subnegotiation(t, byte, to);
	}
}

/* Nothing to be seen by the state machine: the usual case, and worth two fast searches. */
static bool is_plain(const struct telnet *t, const char *in, size_t len)
{
	return t->state == TELNET_DATA && !memchr(in, IAC, len) && !memchr(in, 0, len);
}

/*
 * Why in - 1 is enough room: every byte that is put out was either read in this call, or is the one
 * rubbish byte of a sequence that began earlier. So after i bytes were read at most i + 1 were
 * put out.
 */
size_t telnet_strip(struct telnet *t, const char *in, size_t len, char *out)
{
	char *to = out;

	if (len == 0)
		return 0;
	if (is_plain(t, in, len)) {
		t->after_cr = in[len - 1] == '\r';
		memmove(out, in, len);
		return len;
	}
	for (size_t i = 0; i < len; i++)
		to = step(t, (unsigned char)in[i], to);
	return (size_t)(to - out);
}

size_t telnet_end(struct telnet *t, char *out)
{
	if (t->state == TELNET_DATA)
		return 0;
	t->state = TELNET_DATA;
	*out = rubbish;
	return 1;
}
