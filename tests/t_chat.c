/* t_chat: see t_chat.h. */
#define _GNU_SOURCE 1 /* pipe2, mkostemp */
#include "t_chat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, ARGS_MAX = 32 };

/*
 * --- The server
 * ---------------------------------------------------------------------------------
 */

static const char *program(void)
{
	const char *path = getenv("WEFT_CHAT");

	return path ? path : "build/chat";
}

static _Noreturn void become_server(const struct t_server *s, char **argv, int out, int err)
{
	struct rlimit limit = { s->n_descriptors, s->n_descriptors };
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies takes its server along */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	if (s->n_descriptors)
		setrlimit(RLIMIT_NOFILE, &limit);
	execv(program(), argv);
	_exit(127);
}

static void read_port(struct t_server *s, int fd)
{
	char line[128];
	size_t len = 0;
	char *colon;

	do {
		CHECK(len < sizeof line - 1);
		CHECK_EQ(read(fd, line + len, 1), 1);
	} while (line[len++] != '\n');
	line[len] = '\0';
	CHECK(strncmp(line, "listening on ", 13) == 0);
	colon = strrchr(line, ':');
	CHECK(colon);
	s->port = (uint16_t)atoi(colon + 1);
	CHECK(s->port);
}

static void start(struct t_server *s, char **argv)
{
	int out[2], err;

	strcpy(s->log, "/tmp/weft-chat-log-XXXXXX");
	err = mkostemp(s->log, O_CLOEXEC | O_APPEND);
	CHECK(err >= 0);
	CHECK_EQ(pipe2(out, O_CLOEXEC), 0);
	s->pid = fork();
	if (s->pid == 0)
		become_server(s, argv, out[1], err);
	CHECK(s->pid > 0);
	close(out[1]);
	close(err);
	read_port(s, out[0]);
	close(out[0]);
}

struct t_server t_server_start(const char *option, ...)
{
	struct t_server s = { 0 };
	char *argv[ARGS_MAX] = { (char *)program(), "--listen", "127.0.0.1:0" };
	int n = 3;
	va_list args;

	va_start(args, option);
	for (const char *arg = option; arg; arg = va_arg(args, const char *))
		argv[n++] = (char *)arg;
	va_end(args);
	start(&s, argv);
	return s;
}

struct t_server t_server_start_limited(unsigned n_descriptors)
{
	struct t_server s = { .n_descriptors = n_descriptors };
	char *argv[] = { (char *)program(), "--listen", "127.0.0.1:0", NULL };

	start(&s, argv);
	return s;
}

int t_server_wait(struct t_server *s)
{
	int status;

	CHECK_EQ(waitpid(s->pid, &status, 0), s->pid);
	unlink(s->log);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int t_server_stop(struct t_server *s, int signo)
{
	CHECK_EQ(kill(s->pid, signo), 0);
	return t_server_wait(s);
}

void t_server_expect_log(struct t_server *s, const char *text)
{
	static char log[1 << 20];

	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		int fd = open(s->log, O_RDONLY | O_CLOEXEC);
		ssize_t n = read(fd, log, sizeof log - 1);

		close(fd);
		log[n > 0 ? n : 0] = '\0';
		if (strstr(log, text))
			return;
		poll(NULL, 0, 10); /* a file cannot be waited for */
	}
	t_fail(__FILE__, __LINE__, "the log never said \"%s\", but:\n%s", text, log);
}

static void read_all(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;

	while (len < 4095 && (n = read(fd, text + len, 4095 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
}

int t_server_run(char *out, char *err, const char *arg, ...)
{
	struct t_server s = { 0 };
	char *argv[ARGS_MAX] = { (char *)program(), (char *)arg };
	int outs[2], errs[2], status, n = 2;
	va_list args;

	va_start(args, arg);
	while (arg && (argv[n++] = va_arg(args, char *)))
		;
	va_end(args);
	CHECK_EQ(pipe2(outs, O_CLOEXEC), 0);
	CHECK_EQ(pipe2(errs, O_CLOEXEC), 0);
	s.pid = fork();
	if (s.pid == 0)
		become_server(&s, argv, outs[1], errs[1]);
	CHECK(s.pid > 0);
	close(outs[1]);
	close(errs[1]);
	read_all(outs[0], out);
	read_all(errs[0], err);
	CHECK_EQ(waitpid(s.pid, &status, 0), s.pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/*
 * --- Clients
 * ------------------------------------------------------------------------------------
 */

static struct t_client *connect_to(struct t_server *s, int room)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(s->port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct t_client *c = calloc(1, sizeof *c);

	CHECK(c);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(c->fd >= 0);
	if (room)
		CHECK_EQ(setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
	CHECK_EQ(connect(c->fd, (struct sockaddr *)&addr, sizeof addr), 0);
	return c;
}

struct t_client *t_connect(struct t_server *s)
{
	return connect_to(s, 0);
}

static struct t_client *welcomed(struct t_client *c)
{
	const char *welcome = t_line(c), *end;

	CHECK(welcome);
	CHECK(strncmp(welcome, "*** welcome, ", 13) == 0);
	end = strchr(welcome + 13, ':');
	CHECK(end && end - (welcome + 13) < (long)sizeof c->nick);
	memcpy(c->nick, welcome + 13, (size_t)(end - (welcome + 13)));
	return c;
}

struct t_client *t_join(struct t_server *s)
{
	return welcomed(t_connect(s));
}

struct t_client *t_join_narrow(struct t_server *s)
{
	return welcomed(connect_to(s, 4096));
}

void t_close(struct t_client *c)
{
	close(c->fd);
	free(c);
}

void t_send_bytes(struct t_client *c, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);

		CHECK(n > 0);
		bytes += n;
		len -= (size_t)n;
	}
}

void t_send(struct t_client *c, const char *text)
{
	t_send_bytes(c, text, strlen(text));
}

void t_half_close(struct t_client *c)
{
	CHECK_EQ(shutdown(c->fd, SHUT_WR), 0);
}

static bool read_more(struct t_client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	ssize_t n;

	memmove(c->buf, c->buf + c->start, c->end - c->start);
	c->end -= c->start;
	c->start = 0;
	CHECK(c->end < sizeof c->buf - 1);
	CHECK_EQ(poll(&p, 1, PATIENCE_MS), 1);
	n = recv(c->fd, c->buf + c->end, sizeof c->buf - 1 - c->end, 0);
	if (n <= 0)
		return false;
	c->end += (size_t)n;
	return true;
}

const char *t_line(struct t_client *c)
{
	for (;;) {
		char *line = c->buf + c->start;
		char *newline = memchr(line, '\n', c->end - c->start);

		if (newline) {
			*newline = '\0';
			c->start += (size_t)(newline - line) + 1;
			return line;
		}
		if (!read_more(c))
			return NULL;
	}
}

void t_expect(struct t_client *c, const char *line)
{
	const char *got = t_line(c);

	CHECK_STR(got ? got : "(end of file)", line);
}

void t_expect_part(struct t_client *c, const char *part)
{
	const char *got = t_line(c);

	if (!got || !strstr(got, part))
		t_fail(__FILE__, __LINE__, "got \"%s\", expected a line with \"%s\"",
		       got ? got : "(end of file)", part);
}

void t_skip_to(struct t_client *c, const char *line)
{
	const char *got;

	while ((got = t_line(c)))
		if (strcmp(got, line) == 0)
			return;
	t_fail(__FILE__, __LINE__, "the end came before \"%s\"", line);
}

void t_expect_end(struct t_client *c)
{
	const char *got = t_line(c);

	if (got)
		t_fail(__FILE__, __LINE__, "got \"%s\", expected the end of file", got);
}

void t_settle(struct t_client *c)
{
	int unsent = 1;

	for (int i = 0; i < PATIENCE_MS && unsent > 0; i++) {
		CHECK_EQ(ioctl(c->fd, SIOCOUTQ, &unsent), 0);
		if (unsent > 0)
			poll(NULL, 0, 1); /* an acknowledgement cannot be waited for */
	}
	CHECK_EQ(unsent, 0);
}
