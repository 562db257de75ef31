/* expect: join takes 2 to 8 futures */
#include "future/join.h"

struct future *f(struct join *j)
{
	return join(j);
}
