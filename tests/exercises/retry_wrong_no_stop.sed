# expect: the first attempt worked, and 5 were made.
s/if (f->err == 0)/if (f->err > 0)/
