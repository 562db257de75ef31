# expect: poll 1 of countdown did what C does not allow (line
# expect: null pointer of type
# expect: 2 of 9 hold
s/printf.*left--.*/*(volatile int *)NULL = c->left--;/
