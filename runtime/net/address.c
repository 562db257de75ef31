/* address: conversions. See address.h. */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Digits only, at most 65535, at least one. */
static bool parse_port(const char *text, in_port_t *port)
{
	unsigned n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
		if (n > 65535)
			return false;
	}
	*port = htons((uint16_t)n);
	return true;
}

int address_parse(struct address *a, const char *text)
{
	const char *colon = strrchr(text, ':');
	bool is_v6 = text[0] == '[';
	char host[INET6_ADDRSTRLEN];
	in_port_t port;
	size_t len;

	*a = (struct address){ 0 };
	if (!colon || !parse_port(colon + 1, &port))
		return -EINVAL;
	if (is_v6 && colon[-1] != ']')
		return -EINVAL;
	text += is_v6;
	len = (size_t)(colon - is_v6 - text);
	if (len >= sizeof host)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (is_v6 && inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = port;
		a->len = sizeof a->v6;
	} else if (!is_v6 && inet_pton(AF_INET, host, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = port;
		a->len = sizeof a->v4;
	}
	return a->len ? 0 : -EINVAL;
}

char *address_text(const struct address *a, char text[static ADDRESS_TEXT_LEN])
{
	char host[INET6_ADDRSTRLEN];

	if (a->len && a->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host);
		snprintf(text, ADDRESS_TEXT_LEN, "%s:%u", host, ntohs(a->v4.sin_port));
	} else if (a->len && a->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof host);
		snprintf(text, ADDRESS_TEXT_LEN, "[%s]:%u", host, ntohs(a->v6.sin6_port));
	} else {
		snprintf(text, ADDRESS_TEXT_LEN, "?");
	}
	return text;
}

void address_host(const struct address *a, unsigned char host[static 16])
{
	memset(host, 0, 16);
	if (a->len && a->any.sa_family == AF_INET6) {
		memcpy(host, &a->v6.sin6_addr, 16);
	} else if (a->len && a->any.sa_family == AF_INET) {
		host[10] = host[11] = 0xff;
		memcpy(host + 12, &a->v4.sin_addr, 4);
	}
}
