/* main: reads the command line, builds the runtime, and lets the server run on it. */
#define _GNU_SOURCE 1 /* getrandom */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "app/server.h"

/*
 * Descriptors beside those of clients: standard ones, epoll, eventfd, signalfd, the listener,
 * spares.
 */
enum { OTHER_DESCRIPTORS = 16 };

/* As many descriptors as clients are allowed, if we may; else say what that means. */
static void raise_limit(const struct server *s)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)s->options.max_clients + OTHER_DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		log_event(&s->log, LOG_LEVEL_WARN,
			  "fewer descriptors than --max-clients needs: raise ulimit -n",
			  log_number("descriptors", (int64_t)limit.rlim_cur),
			  log_number("wanted", (int64_t)wanted));
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "chat: %s: %s\n", what, strerror(-err));
	return 1;
}

static int serve(struct server *s)
{
	char address[ADDRESS_TEXT_LEN];
	struct server_run root;
	struct runtime *rt;
	int err = runtime_build(NULL, &rt);

	if (err)
		return fail("cannot build the runtime", err);
	raise_limit(s);
	tcp_listener_address(&s->listener, address);
	printf("listening on %s\n", address);
	fflush(stdout);
	err = runtime_block_on(rt, server_run(&root, s));
	if (!err)
		err = root.err;
	runtime_destroy(rt);
	return err ? fail("ended", err) : 0;
}

int main(int argc, char **argv)
{
	char text[OPTIONS_TEXT_LEN];
	struct options options;
	struct server s;
	uint64_t seed = 0;
	const char *why;
	int err, status;

	switch (options_parse(&options, argc, argv, text)) {
	case OPTIONS_PRINT:
		fputs(text, stdout);
		return 0;
	case OPTIONS_BAD:
		fputs(text, stderr);
		return 2;
	case OPTIONS_RUN:
		break;
	}
	if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
		seed = (uintptr_t)&s;
	err = server_open(&s, &options, seed, &why);
	if (err) {
		char address[ADDRESS_TEXT_LEN];

		fprintf(stderr, "chat: %s on %s: %s\n", why, address_text(&options.listen, address),
			strerror(-err));
		return 1;
	}
	status = serve(&s);
	server_close(&s);
	return status;
}
