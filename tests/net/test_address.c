/* Addresses: text to numbers and back. */
#include "net/address.h"

#include <errno.h>

#include "t.h"

static void goes_round(const char *text)
{
	struct address a;
	char back[ADDRESS_TEXT_LEN];

	CHECK_EQ(address_parse(&a, text), 0);
	CHECK_STR(address_text(&a, back), text);
}

/* BEH tcp_connect::connect_addr_ip_string */
/* BEH tcp_connect::connect_addr_ip_str_slice */
TEST(address, text_goes_round)
{
	goes_round("127.0.0.1:80");
	goes_round("0.0.0.0:0");
	goes_round("255.255.255.255:65535");
	goes_round("[::1]:8080");
	goes_round("[::]:0");
	goes_round("[2001:db8:1:2:3:4:5:6]:443");
}

/* BEH tcp_connect::connect_addr_ip_port_tuple */
TEST(address, what_is_no_address_is_refused)
{
	static const char *const bad[] = {
		"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
		"127.0.0.1:99999999999",
		"127.0.0.1:8o", "127.0.0.1:-1", "127.0.0.1: 1", "1.2.3:4", "1.2.3.4.5:6",
		"localhost:80",
		"[::1]", "[::1]80", "[::1:80", "::1:80", "[]:80", "[", "[:", "[:1", "[1.2.3.4]:5",
		"[::1%lo]:80", "1234567890123456789012345678901234567890123456789:80",
	};
	struct address a;
	char text[ADDRESS_TEXT_LEN];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK_EQ(address_parse(&a, bad[i]), -EINVAL);
		CHECK_EQ(a.len, 0);
		CHECK_STR(address_text(&a, text), "?");
	}
}

TEST(address, hosts_compare_without_the_port_and_across_families)
{
	struct address a, b, c, d;
	unsigned char ha[16], hb[16], hc[16], hd[16];

	CHECK_EQ(address_parse(&a, "10.0.0.1:1"), 0);
	CHECK_EQ(address_parse(&b, "10.0.0.1:2"), 0);
	CHECK_EQ(address_parse(&c, "[::ffff:10.0.0.1]:3"), 0);
	CHECK_EQ(address_parse(&d, "10.0.0.2:1"), 0);
	address_host(&a, ha);
	address_host(&b, hb);
	address_host(&c, hc);
	address_host(&d, hd);
	CHECK_EQ(memcmp(ha, hb, 16), 0);
	CHECK_EQ(memcmp(ha, hc, 16), 0);
	CHECK(memcmp(ha, hd, 16) != 0);
}
