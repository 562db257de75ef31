/* Listening and accepting: nobody is lost, and errors say what may be done about them. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "t_net.h"

TEST(tcp_listener, an_address_in_use_and_a_bad_one_are_error_values)
{
	struct t_net t;
	struct tcp_listener one, two;
	char text[ADDRESS_TEXT_LEN];

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&one, "nonsense", 8), -EINVAL);
	CHECK_EQ(tcp_listener_address(&one, text), -EBADF);
	CHECK_STR(text, "?");
	t_sys_plan(&t_sys.socket, EMFILE, 1);
	CHECK_EQ(tcp_listen(&one, "127.0.0.1:0", 8), -EMFILE);
	CHECK_EQ(tcp_listen(&one, "127.0.0.1:0", 8), 0);
	CHECK_EQ(tcp_listener_address(&one, text), 0);
	CHECK(strncmp(text, "127.0.0.1:", 10) == 0 && strcmp(text, "127.0.0.1:0") != 0);
	CHECK_EQ(tcp_listen(&two, text, 8), -EADDRINUSE);
	tcp_listener_close(&two);
	tcp_listener_close(&one);
	tcp_listener_close(&one);
	t_net_end(&t);
}

/* A connection that is on its way, over a plain socket. */
static int knock(const struct tcp_listener *l)
{
	struct address a;
	char text[ADDRESS_TEXT_LEN];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_EQ(tcp_listener_address(l, text), 0);
	CHECK_EQ(address_parse(&a, text), 0);
	CHECK_EQ(connect(fd, &a.any, a.len), 0);
	return fd;
}

/* BEH tcp_accept::no_extra_poll */
TEST(tcp_listener, an_accept_is_polled_once_before_and_once_after_each_connection)
{
	struct t_net t;
	struct tcp_listener l;
	struct tcp_accept acc;
	char text[ADDRESS_TEXT_LEN];
	int fd;

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	CHECK_EQ(t_net_poll(&t, tcp_accept(&acc, &l)), POLL_PENDING);
	CHECK_EQ(t_net_look(&t), 0);
	fd = knock(&l);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &acc.future), POLL_READY);
	CHECK_EQ(acc.err, 0);
	CHECK(tcp_is_open(&acc.stream));
	CHECK(strncmp(address_text(&acc.peer, text), "127.0.0.1:", 10) == 0);
	tcp_close(&acc.stream);
	CHECK_EQ(t_net_poll(&t, tcp_accept(&acc, &l)), POLL_PENDING);
	CHECK_EQ(t_net_look(&t), 0);
	CHECK_EQ(t_sys.epoll_ctl.n, 1);
	future_drop(&acc.future);
	close(fd);
	tcp_listener_close(&l);
	t_net_end(&t);
}

static bool accept_one(unsigned k)
{
	struct t_net t;
	struct tcp_listener l;
	struct tcp_accept acc;
	bool done = false;
	int fd = -1;

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	tcp_accept(&acc, &l);
	for (unsigned i = 0; i < k && !done; i++) {
		done = t_net_poll(&t, &acc.future) == POLL_READY;
		if (i == 1)
			fd = knock(&l);
		t_net_look(&t);
	}
	future_drop(&acc.future);
	if (fd < 0)
		fd = knock(&l);
	/* Whoever was not accepted by the dropped one is accepted by the next. */
	if (!done)
		t_net_run(&t, tcp_accept(&acc, &l));
	CHECK_EQ(acc.err, 0);
	CHECK(tcp_is_open(&acc.stream));
	tcp_close(&acc.stream);
	close(fd);
	tcp_listener_close(&l);
	t_net_end(&t);
	return done;
}

TEST(tcp_listener, a_dropped_accept_loses_no_connection)
{
	t_cancel_at_every_poll(accept_one);
}

TEST(tcp_listener, out_of_descriptors_leaves_the_connection_for_the_next_accept)
{
	static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPROTO };
	struct t_net t;
	struct tcp_listener l;
	struct tcp_accept acc;
	int fd;

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	fd = knock(&l);
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		t_sys_plan(&t_sys.accept4, errors[i], 1);
		CHECK_EQ(t_net_poll(&t, tcp_accept(&acc, &l)), POLL_READY);
		CHECK_EQ(acc.err, -errors[i]);
		CHECK(tcp_accept_may_go_on(acc.err));
		CHECK(!tcp_is_open(&acc.stream));
	}
	t_sys_plan(&t_sys.accept4, EINTR, 3);
	CHECK_EQ(t_net_poll(&t, tcp_accept(&acc, &l)), POLL_READY);
	CHECK_EQ(acc.err, 0);
	CHECK(!tcp_accept_may_go_on(-EBADF));
	CHECK(!tcp_accept_may_go_on(0));
	tcp_close(&acc.stream);
	close(fd);
	tcp_listener_close(&l);
	t_net_end(&t);
}

TEST(tcp_listener, closing_it_ends_the_accept_that_waits)
{
	struct t_net t;
	struct tcp_listener l;
	struct tcp_accept acc;

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	CHECK_EQ(t_net_poll(&t, tcp_accept(&acc, &l)), POLL_PENDING);
	tcp_listener_close(&l);
	CHECK_EQ(t_wakes(&t.w), 1);
	CHECK_EQ(t_net_poll(&t, &acc.future), POLL_READY);
	CHECK_EQ(acc.err, -EBADF);
	t_net_end(&t);
}

TEST(tcp_listener, an_accept_takes_a_unit_of_budget_and_waits_without_one)
{
	struct t_net t;
	struct tcp_listener l;
	struct tcp_accept acc;
	unsigned budget = 1;
	int fd[2];

	t_net_begin(&t);
	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	fd[0] = knock(&l);
	fd[1] = knock(&l);
	CHECK_EQ(t_poll_budget(tcp_accept(&acc, &l), &t.w, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
	tcp_close(&acc.stream);
	CHECK_EQ(t_poll_budget(tcp_accept(&acc, &l), &t.w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&t.w), 1);
	CHECK_EQ(t_sys.accept4.n, 1);
	future_drop(&acc.future);
	close(fd[0]);
	close(fd[1]);
	tcp_listener_close(&l);
	t_net_end(&t);
}
