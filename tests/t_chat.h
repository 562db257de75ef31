/*
 * t_chat: the chat server as a process, and clients that speak to it over real sockets.
 *
 *	struct t_server s = t_server_start("--max-clients", "3", NULL);
 *	struct t_client *a = t_join(&s);                 // connected and welcomed as guest1
 *	t_send(a, "hello\n");
 *	t_expect(b, "[#general] guest1: hello");
 *	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
 *
 * Everything waits for an event, never for a time; what does not come within a minute fails the
 * test. The server is build/chat, or what the environment variable WEFT_CHAT names.
 */
#ifndef WEFT_TESTS_T_CHAT_H
#define WEFT_TESTS_T_CHAT_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "t.h"

struct t_server {
	pid_t pid;
	uint16_t port;
	char log[64];        /* the file that its standard error goes to */
	unsigned n_descriptors; /* before the start: RLIMIT_NOFILE for it; 0: as it is */
};

/*
 * Starts it on a port of the system's choice with more options, ended by NULL. Returns when it
 * listens.
 */
struct t_server t_server_start(const char *option, ...);
struct t_server t_server_start_limited(unsigned n_descriptors);

/* Sends a signal, waits for the end; the exit status, or 1000 + the signal that ended it. */
int t_server_stop(struct t_server *s, int signo);
int t_server_wait(struct t_server *s);

/* True once its log holds `text`; waits for it. */
void t_server_expect_log(struct t_server *s, const char *text);

/*
 * Runs it with these arguments only, to its end: exit status; what it printed in out and err
 * (4096 each).
 */
int t_server_run(char *out, char *err, const char *arg, ...);

struct t_client {
	int fd;
	size_t start, end;
	char nick[32];
	char buf[65536];
};

struct t_client *t_connect(struct t_server *s); /* to be given to t_close */
struct t_client *t_join(struct t_server *s);    /* reads the welcome, too */
struct t_client *t_join_narrow(struct t_server *s); /* with little room for what is not read */
void t_close(struct t_client *c);

void t_send_bytes(struct t_client *c, const char *bytes, size_t len);
void t_send(struct t_client *c, const char *text);
void t_half_close(struct t_client *c);

/*
 * The next line without its newline; valid until the next call. NULL: the end of file, or a
 * reset.
 */
const char *t_line(struct t_client *c);
void t_expect(struct t_client *c, const char *line);      /* the next line is this */
void t_expect_part(struct t_client *c, const char *part); /* the next line contains this */
void t_skip_to(struct t_client *c, const char *line);     /* lines up to and including this one */
void t_expect_end(struct t_client *c);                    /* nothing but the end of file */

/* Waits until everything that was sent has been taken by the server's kernel. */
void t_settle(struct t_client *c);

#endif
