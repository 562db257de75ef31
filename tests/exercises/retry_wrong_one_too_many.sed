# expect: three attempts were allowed, none works, and 4 were made.
s/f->attempts < f->n_attempts/f->attempts <= f->n_attempts/
