/*
 * gate: how many may be inside, in all and from one address.
 *
 * The one idea: counting by address needs an entry only for the addresses that are inside right
 * now, and none at all when that limit is off.
 */
#ifndef WEFT_APP_GATE_H
#define WEFT_APP_GATE_H

#include "app/table.h"

/* An IPv6 address, or an IPv4 one in its IPv6 form: see address_host. */
enum { GATE_HOST_LEN = 16 };

struct gate {
	struct table by_host;
	unsigned n, max;
	unsigned max_per_host; /* 0: off */
	uint64_t seed;
};

/* Nobody is inside. `seed`: see table_hash. */
void gate_init(struct gate *g, unsigned max, unsigned max_per_host, uint64_t seed);

/* Frees what the table holds; everybody must have left. */
void gate_close(struct gate *g);

/*
 * One more from `host`. 0: he is inside, and gate_leave is to be called for him; -EUSERS: there are
 * `max` already; -EDQUOT: `max_per_host` from there; -ENOMEM. Unless 0, nothing has changed.
 */
int gate_enter(struct gate *g, const unsigned char host[static GATE_HOST_LEN]);

/* One less from `host`, who was let in. Never fails. */
void gate_leave(struct gate *g, const unsigned char host[static GATE_HOST_LEN]);

#endif
