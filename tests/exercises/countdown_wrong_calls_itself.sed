# expect: poll 1 of countdown crashed (line
# expect: the stack is full
s/c->left--/c->left/
s/waker_wake_by_ref(cx->waker)/return countdown_poll(future, cx)/
