/* options: see options.h. */
#define _GNU_SOURCE 1 /* getopt_long */
#include "app/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/text.h"

enum option_type { ADDRESS, NUMBER, LEVEL, FORMAT, HELP, VERSION };

struct option_form {
	const char *name, *argument; /* "listen", "ADDRESS:PORT"; NULL: takes none */
	enum option_type type;
	size_t field;	   /* where in struct options, for a NUMBER */
	unsigned min, max; /* of a NUMBER */
	const char *purpose;
};

#define number_(name_, field_, min_, max_, purpose_)                                               \
	{                                                                                          \
		.name = (name_), .argument = "N", .type = NUMBER,                                  \
		.field = offsetof(struct options, field_), .min = (min_), .max = (max_),           \
		.purpose = (purpose_)                                                              \
	}

enum { GIBIBYTE = 1 << 30, DAY = 24 * 60 * 60 };

static const struct option_form forms[] = {
	{ .name = "listen", .argument = "ADDRESS:PORT", .type = ADDRESS,
	  .purpose = "where to listen; IPv6 as [::1]:8080; port 0: any free one" },
	number_("max-clients", max_clients, 1, 1000000, "connections at once; more are refused"),
	number_("max-per-address", max_per_address, 0, 1000000,
		"of them from one address; 0: no limit"),
	number_("idle-timeout", idle_timeout_s, 0, 365 * DAY,
		"seconds without a line until a client is disconnected; 0: never"),
	number_("stall-timeout", stall_timeout_s, 0, 365 * DAY,
		"seconds in which a client takes nothing until it is disconnected; 0: never"),
	number_("soft-limit", soft_limit, 1024, GIBIBYTE,
		"bytes queued for a client from which on it misses messages"),
	number_("hard-limit", hard_limit, 1024, GIBIBYTE,
		"bytes queued for a client from which on it is disconnected"),
	number_("queue", queue, 1, 65536, "messages that a room keeps for a member who is behind"),
	number_("shutdown-timeout", shutdown_timeout_s, 0, DAY,
		"seconds that Ctrl+C or SIGTERM leaves for delivery"),
	{ .name = "log-level", .argument = "LEVEL", .type = LEVEL,
	  .purpose = "error, warn, info or debug" },
	{ .name = "log-format", .argument = "FORMAT", .type = FORMAT, .purpose = "text or json" },
	{ .name = "help", .type = HELP, .purpose = "show this text and exit" },
	{ .name = "version", .type = VERSION, .purpose = "show the version and exit" },
};

enum { N_FORMS = sizeof forms / sizeof *forms };

struct options options_default(void)
{
	struct options o = { .max_clients = 10000,
			     .idle_timeout_s = 300,
			     .stall_timeout_s = 30,
			     .soft_limit = 64 * 1024,
			     .hard_limit = 256 * 1024,
			     .queue = 256,
			     .shutdown_timeout_s = 10,
			     .log_level = LOG_LEVEL_INFO,
			     .log_format = LOG_FORMAT_TEXT };

	address_parse(&o.listen, "127.0.0.1:8080");
	return o;
}

static unsigned *number_in(struct options *o, const struct option_form *form)
{
	return (unsigned *)(void *)((char *)o + form->field);
}

/* The value that `o` has for that option, as it would be written. */
static const char *value_text(struct options *o, const struct option_form *form,
			      char text[static ADDRESS_TEXT_LEN])
{
	switch (form->type) {
	case ADDRESS:
		return address_text(&o->listen, text);
	case NUMBER:
		snprintf(text, ADDRESS_TEXT_LEN, "%u", *number_in(o, form));
		return text;
	case LEVEL:
		return log_level_name(o->log_level);
	default:
		return log_format_name(o->log_format);
	}
}

static void print_help(char text[static OPTIONS_TEXT_LEN])
{
	struct options o = options_default();
	size_t len = (size_t)snprintf(text, OPTIONS_TEXT_LEN,
				      "usage: chat [OPTION]...\n"
				      "A multi-room chat server: connect with nc or telnet.\n\n");

	for (const struct option_form *f = forms; f < forms + N_FORMS; f++) {
		char name[40], value[ADDRESS_TEXT_LEN];

		snprintf(name, sizeof name, "--%s%s%s", f->name, f->argument ? " " : "",
			 f->argument ? f->argument : "");
		len += (size_t)snprintf(text + len, OPTIONS_TEXT_LEN - len, "  %-21s  %s", name,
					f->purpose);
		if (f->argument)
			len += (size_t)snprintf(text + len, OPTIONS_TEXT_LEN - len, " (default %s)",
						value_text(&o, f, value));
		len += (size_t)snprintf(text + len, OPTIONS_TEXT_LEN - len, "\n");
	}
}

static enum options_verdict bad(char *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One line, whatever the arguments are: they may hold anything, newlines and escapes too. */
static enum options_verdict bad(char *text, const char *format, ...)
{
	size_t len = (size_t)snprintf(text, OPTIONS_TEXT_LEN, "chat: ");
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, OPTIONS_TEXT_LEN - 1 - len, format, args);
	va_end(args);
	len = text_clean(text, strlen(text));
	text[len] = '\n';
	text[len + 1] = '\0';
	return OPTIONS_BAD;
}

/* Digits and nothing else: strtoul alone would let " +7" and "-1" through. */
static bool parse_number(const char *s, unsigned long *n)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*n = strtoul(s, &end, 10);
	return *end == '\0' && errno == 0;
}

static enum options_verdict take_number(struct options *o, const struct option_form *form,
					const char *value, char *text)
{
	unsigned long n;

	if (!parse_number(value, &n) || n < form->min || n > form->max)
		return bad(text, "--%s: '%.60s' does not fit; write a whole number from %u to %u",
			   form->name, value, form->min, form->max);
	*number_in(o, form) = (unsigned)n;
	return OPTIONS_RUN;
}

static enum options_verdict take_word(int *found, int index, const struct option_form *form,
				      const char *value, char *text)
{
	if (index < 0)
		return bad(text, "--%s: there is no '%.60s'; choose %s", form->name, value,
			   form->purpose);
	*found = index;
	return OPTIONS_RUN;
}

static enum options_verdict take(struct options *o, const struct option_form *form,
				 const char *value, char *text)
{
	enum options_verdict verdict;
	int index = 0;

	switch (form->type) {
	case ADDRESS:
		if (address_parse(&o->listen, value) == 0)
			return OPTIONS_RUN;
		return bad(text, "--listen: '%.60s' is not ADDRESS:PORT in numbers; "
				 "write for instance 127.0.0.1:8080 or [::1]:8080", value);
	case NUMBER:
		return take_number(o, form, value, text);
	case LEVEL:
		verdict = take_word(&index, log_level_of(value), form, value, text);
		o->log_level = (enum log_level)index;
		return verdict;
	case FORMAT:
		verdict = take_word(&index, log_format_of(value), form, value, text);
		o->log_format = (enum log_format)index;
		return verdict;
	case HELP:
		print_help(text);
		return OPTIONS_PRINT;
	default:
		snprintf(text, OPTIONS_TEXT_LEN, "chat (weft) %s\n", OPTIONS_VERSION);
		return OPTIONS_PRINT;
	}
}

/* What belongs together but came in separate options. */
static enum options_verdict check_together(const struct options *o, char *text)
{
	if (o->hard_limit < o->soft_limit)
		return bad(text, "--hard-limit: %u is below the soft limit of %u; "
				 "raise it or lower --soft-limit", o->hard_limit, o->soft_limit);
	return OPTIONS_RUN;
}

/* What getopt_long accepts is exactly the list: codes from 1 on are places in it. */
static void fill_long_options(struct option out[static N_FORMS + 1])
{
	for (int i = 0; i < N_FORMS; i++)
		out[i] = (struct option){ .name = forms[i].name,
					  .has_arg = forms[i].argument ? required_argument :
									 no_argument,
					  .val = i + 1 };
	out[N_FORMS] = (struct option){ 0 };
}

/* For '?' optopt says what it is: 0 an unknown name, our code a value too many, or a letter. */
static enum options_verdict refuse(int code, const char *argument, char *text)
{
	if (code == ':')
		return bad(text, "%.60s: its value is missing; --help shows which", argument);
	if (optopt > N_FORMS)
		return bad(text, "-%c: no such option; --help lists them all", optopt);
	if (optopt > 0)
		return bad(text, "--%s: takes no value; leave it out", forms[optopt - 1].name);
	return bad(text, "%.60s: no such option; --help lists them all", argument);
}

enum options_verdict options_parse(struct options *o, int argc, char **argv,
				   char text[static OPTIONS_TEXT_LEN])
{
	struct option known[N_FORMS + 1];
	enum options_verdict verdict = OPTIONS_RUN;
	int code;

	*o = options_default();
	text[0] = '\0';
	fill_long_options(known);
	opterr = 0; /* it is we who speak */
	optind = 0; /* glibc and musl: begin afresh, even after an earlier call */
	while (verdict == OPTIONS_RUN && (code = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (code < 1 || code > N_FORMS)
			return refuse(code, argv[optind - 1], text);
		verdict = take(o, &forms[code - 1], optarg, text);
	}
	if (verdict != OPTIONS_RUN)
		return verdict;
	if (optind < argc)
		return bad(text, "%.60s: not expected here; options begin with --, see --help",
			   argv[optind]);
	return check_together(o, text);
}
