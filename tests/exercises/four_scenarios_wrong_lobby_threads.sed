# expect: there are 20,000 stacks, one for each player
# expect: make hint E=four_scenarios N=1
s/= { TASK/= { THREAD/
