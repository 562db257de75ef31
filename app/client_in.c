/*
 * client_in: what comes in from a client: bytes, lines. See client.h; what lines do is in
 * conduct.c.
 */
#include "app/client.h"
#include "app/reply.h"

void client_stop_reading(struct client *f)
{
	if (f->is_reading) {
		f->is_reading = false;
		server_finished_reading(f->server);
	}
}

/* The stream's last bytes: a line without a newline counts. */
static void take_eof(struct client *f)
{
	char rubbish[1];
	const char *in = rubbish;
	size_t len = telnet_end(&f->telnet, rubbish);

	line_feed(&f->line, &in, &len);
	if (line_end(&f->line) == LINE_WHOLE && !f->end)
		client_do_line(f);
	client_stop_reading(f);
	f->end = f->end ? f->end : END_EOF;
}

void client_take_read(struct client *f, ssize_t n)
{
	if (n == 0) {
		take_eof(f);
	} else if (n < 0) {
		client_stop_reading(f);
		f->end = END_ERROR;
	} else {
		f->in = f->buf;
		f->in_len = telnet_strip(&f->telnet, f->buf + 1, (size_t)n, f->buf);
	}
}

/* Does the next line of what was read. False: there is none left. */
bool client_do_next_line(struct client *f)
{
	if (f->end)
		return false;
	switch (line_feed(&f->line, &f->in, &f->in_len)) {
	case LINE_NONE:
		return false;
	case LINE_WHOLE:
		f->spoke_ns = client_now_ns(f);
		client_do_line(f);
		return true;
	case LINE_TOO_LONG:
		f->spoke_ns = client_now_ns(f);
		client_tell(f, reply_too_long());
		return true;
	}
	return false;
}
