# expect: 3 of 4 hold.
# expect: the second request needs the answer to the first
# expect: make hint E=four_scenarios N=2
s/= { CALL/= { TASK/
