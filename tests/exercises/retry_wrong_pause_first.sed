# expect: the first attempt is made only after 10 ms.
s/if (f->attempts > 0)/if (f->attempts < 100)/
