/* expect: select_first takes 2 to 8 futures */
#include "future/select.h"

struct future *f(struct select *s, struct future *a)
{
	return select_first(s, a);
}
