# expect: result was asked, and the attempt is not over yet.
s/co_await(f->make(f->arg, f->attempts++))/f->make(f->arg, f->attempts++)/
