/*
 * options: what the command line asks for.
 *
 * The one idea: reading the command line is a function like others. It has no effect: what is to be
 * printed comes back as a text, and whether to exit with it is for main to do. The list of options
 * in options.c is the one source of what is accepted, what --help shows and what the defaults are.
 */
#ifndef WEFT_APP_OPTIONS_H
#define WEFT_APP_OPTIONS_H

#include "app/log.h"
#include "net/address.h"

#define OPTIONS_VERSION "0.1.0"

struct options {
	struct address listen;
	unsigned max_clients;
	unsigned max_per_address;  /* 0: no limit */
	unsigned idle_timeout_s;   /* 0: never */
	unsigned stall_timeout_s;  /* 0: never */
	unsigned soft_limit;       /* bytes queued for a client: beyond it messages are missed */
	unsigned hard_limit;       /* and beyond this it is disconnected; not below soft_limit */
	unsigned queue;            /* messages that a room holds for a member who is behind */
	unsigned shutdown_timeout_s;
	enum log_level log_level;
	enum log_format log_format;
};

enum options_verdict {
	OPTIONS_RUN,   /* go on */
	OPTIONS_PRINT, /* --help, --version: print `text` to standard output and exit with 0 */
	OPTIONS_BAD,   /* print `text`, one line, to standard error and exit with 2 */
};

enum { OPTIONS_TEXT_LEN = 4096 };

/* All defaults. */
struct options options_default(void);

/*
 * Reads argv as main gets it. Fills in *o, and `text`, which is empty for OPTIONS_RUN. The strings
 * in argv are borrowed; their order may change. Not from two threads at once, since getopt_long has
 * state of its own.
 */
enum options_verdict options_parse(struct options *o, int argc, char **argv,
				   char text[static OPTIONS_TEXT_LEN]);

#endif
