/*
 * telnet: takes the telnet out of a stream of bytes.
 *
 * The one idea: somebody will connect with telnet(1), whose Ctrl+C and negotiations are sequences
 * that begin with IAC (0xFF). They are recognised by a state machine that remembers across reads
 * where it is, and removed; this server never answers them, so a well-behaved client falls silent.
 *
 *	          IAC IAC -> 0xFF                        x: any byte
 *	         .----.
 *	         |    v      command 236..249          WILL, WONT, DO, DONT
 *	  IAC    |   DATA <---------------------- IAC ----------------------> OPTION
 *	.--------+---' ^  ^                       ^ |                           |
 *	|        |     |  '-----------------------|-|--------- x ---------------'
 *	|        |     |       IAC SE             | | SB
 *	|        |     '------------- SUB_IAC <---|-'---> SUB
 *	'-----------------------------------------'        (IAC: SUB_IAC; x there: back)
 *
 * A chat is not always used by telnet, and 0xFF may be mere rubbish. So whatever turns out to be no
 * telnet is kept as rubbish, that is as a byte 0xFF, which is no UTF-8 and gets its line refused:
 *  - an IAC before a byte that is no command: 0xFF, and that byte is data;
 *  - a newline inside a sequence: 0xFF, and the newline counts. So no sequence, broken or evil,
 *    ever swallows the next line. (A window 10 lines high would say 10 inside a subnegotiation; but
 *    nobody negotiates before being asked to, and here nobody is.)
 *  - a subnegotiation of more than 512 bytes: 0xFF, and the rest is data.
 *
 * CR NUL is what a telnet in character mode sends for Return (RFC 1123, 3.3.1): it becomes CR LF.
 */
#ifndef WEFT_APP_TELNET_H
#define WEFT_APP_TELNET_H

#include <stdbool.h>
#include <stddef.h>

enum { TELNET_SUB_MAX = 512 };

enum telnet_state { TELNET_DATA, TELNET_IAC, TELNET_OPTION, TELNET_SUB, TELNET_SUB_IAC };

struct telnet { /* zeroed: at the beginning of a stream */
	enum telnet_state state;
	unsigned sub_len; /* bytes of the subnegotiation so far */
	bool after_cr;
};

/*
 * Reads the `len` bytes at `in`, the next of the stream, and puts what is data to `out`; returns
 * how many that are, at most len + 1: a sequence begun in an earlier piece may turn out to be a
 * byte of rubbish. `out` must not overlap `in`, except that it may be exactly in - 1: so read a
 * socket to buf + 1 and take the data from buf.
 */
size_t telnet_strip(struct telnet *t, const char *in, size_t len, char *out);

/* The stream has ended: puts out the rubbish if that was inside a sequence. Returns 0 or 1. */
size_t telnet_end(struct telnet *t, char *out);

#endif
