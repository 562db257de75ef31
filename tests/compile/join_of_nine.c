/* expect: join takes 2 to 8 futures */
#include "future/join.h"

struct future *f(struct join *j, struct future *a)
{
	return join(j, a, a, a, a, a, a, a, a, a);
}
