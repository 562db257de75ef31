/*
 * address: an IP address and a port, and its text.
 *
 * The one idea: only numbers. "127.0.0.1:80" and "[::1]:80" are converted here, without waiting;
 * names would need a resolver, which blocks, and so are somebody else's business.
 */
#ifndef WEFT_NET_ADDRESS_H
#define WEFT_NET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

struct address {
	socklen_t len; /* 0: none */
	union {
		struct sockaddr any; /* any.sa_family says which */
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

/* Room for the longest text, with its end. */
enum { ADDRESS_TEXT_LEN = 56 };

/* From "1.2.3.4:80" or "[1::2]:80". 0, or -EINVAL with `*a` zeroed. */
int address_parse(struct address *a, const char *text);

/* The other way: fills `text` and returns it; "?" for what is neither IPv4 nor IPv6. */
char *address_text(const struct address *a, char text[static ADDRESS_TEXT_LEN]);

/* The host alone as 16 bytes, IPv4 in its IPv6 form: something to compare, or to count by. */
void address_host(const struct address *a, unsigned char host[static 16]);

#endif
