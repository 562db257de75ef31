/* expect (gcc): invalid type argument of unary */
#include "sync/once_cell.h"

int set(struct once_cell *c, int number);

int set(struct once_cell *c, int number)
{
	return once_cell_set(c, number);
}
