/* expect: select_fair takes 2 to 8 futures */
#include "future/select.h"

struct future *f(struct select *s, struct future *a, struct future *b)
{
	return select_fair(s, a, b);
}
