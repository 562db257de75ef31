/* Connecting: every outcome, and what a dropped one leaves behind. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "t_net.h"

static void both_ends_agree(const char *address)
{
	struct t_net t;
	struct tcp_listener l;
	struct tcp_connect conn;
	struct tcp_accept acc;
	struct tcp_stream client;
	char at[ADDRESS_TEXT_LEN], here[ADDRESS_TEXT_LEN], there[ADDRESS_TEXT_LEN];

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, address, 8), 0);
	CHECK_EQ(tcp_listener_address(&l, at), 0);
	t_net_run(&t, tcp_connect(&conn, &client, at));
	CHECK_EQ(conn.err, 0);
	t_net_run(&t, tcp_accept(&acc, &l));
	CHECK_EQ(acc.err, 0);
	CHECK_EQ(tcp_local_address(&client, here), 0);
	CHECK_EQ(tcp_peer_address(&acc.stream, there), 0);
	CHECK_STR(here, there);
	CHECK_STR(address_text(&acc.peer, there), here);
	CHECK_EQ(tcp_peer_address(&client, here), 0);
	CHECK_EQ(tcp_local_address(&acc.stream, there), 0);
	CHECK_STR(here, there);
	CHECK_STR(here, at);
	tcp_close(&client);
	CHECK_EQ(tcp_peer_address(&client, here), -EBADF);
	tcp_close(&acc.stream);
	tcp_listener_close(&l);
	t_net_end(&t);
}

/* BEH tcp_connect::connect_v4 */
TEST(tcp_connect, both_ends_agree_on_their_addresses)
{
	both_ends_agree("127.0.0.1:0");
}

/* BEH tcp_connect::connect_v6 */
/* BEH tcp_socket::basic_usage_v6 */
TEST(tcp_connect, both_ends_agree_over_ipv6)
{
	struct tcp_listener l;

	/* A machine may have none. */
	if (tcp_listen(&l, "[::1]:0", 8) == 0) {
		tcp_listener_close(&l);
		both_ends_agree("[::1]:0");
	}
}

TEST(tcp_connect, nobody_there_is_refused_and_leaves_no_descriptor)
{
	struct t_net t;
	struct tcp_listener l;
	struct tcp_connect conn;
	struct tcp_stream s;
	char at[ADDRESS_TEXT_LEN];

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	CHECK_EQ(tcp_listener_address(&l, at), 0);
	tcp_listener_close(&l);
	t_net_run(&t, tcp_connect(&conn, &s, at));
	CHECK_EQ(conn.err, -ECONNREFUSED);
	CHECK(!tcp_is_open(&s));
	CHECK_EQ(t_net_poll(&t, tcp_connect(&conn, &s, "nonsense")), POLL_READY);
	CHECK_EQ(conn.err, -EINVAL);
	t_sys_plan(&t_sys.socket, EMFILE, 1);
	CHECK_EQ(t_net_poll(&t, tcp_connect(&conn, &s, at)), POLL_READY);
	CHECK_EQ(conn.err, -EMFILE);
	t_sys_plan(&t_sys.connect, ENETUNREACH, 1);
	CHECK_EQ(t_net_poll(&t, tcp_connect(&conn, &s, at)), POLL_READY);
	CHECK_EQ(conn.err, -ENETUNREACH);
	t_net_end(&t);
}

static int connect_then_interrupt(int fd, const struct sockaddr *addr, socklen_t len)
{
	sys_real.connect(fd, addr, len);
	errno = EINTR;
	return -1;
}

TEST(tcp_connect, an_interrupted_one_goes_on)
{
	struct t_net t;
	struct sys_ops interrupting;
	struct tcp_listener l;
	struct tcp_connect conn;
	struct tcp_stream s;
	char at[ADDRESS_TEXT_LEN];

	t_net_begin(&t);
	interrupting = *sys_ops;
	interrupting.connect = connect_then_interrupt;
	sys_ops = &interrupting;
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	CHECK_EQ(tcp_listener_address(&l, at), 0);
	t_net_run(&t, tcp_connect(&conn, &s, at));
	CHECK_EQ(conn.err, 0);
	tcp_close(&s);
	tcp_listener_close(&l);
	t_net_end(&t);
}

TEST(tcp_connect, without_a_reactor_it_is_not_supported_and_closes)
{
	struct t_net t;
	struct tcp_listener l;
	struct tcp_connect conn;
	struct tcp_stream s;
	char at[ADDRESS_TEXT_LEN];

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	CHECK_EQ(tcp_listener_address(&l, at), 0);
	CHECK_EQ(t_poll(tcp_connect(&conn, &s, at), &t.w), POLL_READY);
	CHECK_EQ(conn.err, -ENOTSUP);
	CHECK(!tcp_is_open(&s));
	tcp_listener_close(&l);
	t_net_end(&t);
}

static bool connect_once(unsigned k)
{
	struct t_net t;
	struct tcp_listener l;
	struct tcp_connect conn;
	struct tcp_stream s;
	char at[ADDRESS_TEXT_LEN];
	bool done = false;

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	CHECK_EQ(tcp_listener_address(&l, at), 0);
	tcp_connect(&conn, &s, at);
	for (unsigned i = 0; i < k && !done; i++) {
		done = t_net_poll(&t, &conn.future) == POLL_READY;
		if (i == 3)
			t_net_wait(&t); /* before that: spurious polls */
	}
	future_drop(&conn.future);
	CHECK_EQ(tcp_is_open(&s), done);
	tcp_close(&s);
	tcp_listener_close(&l);
	t_net_end(&t);
	return done;
}

TEST(tcp_connect, dropping_it_closes)
{
	t_cancel_at_every_poll(connect_once);
}
