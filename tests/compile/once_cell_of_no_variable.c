/* expect (gcc): invalid type argument of unary */
#include "sync/once_cell.h"

static int number;

struct once_cell cell(void);

struct once_cell cell(void)
{
	return (struct once_cell)once_cell_init(number, NULL);
}
