# expect: you say that the child of READ is polled 3 times for the three items, and it is not: it happens more often.
# expect: make hint E=pipeline N=3
s/\[READ\] = 6/[READ] = 3/
