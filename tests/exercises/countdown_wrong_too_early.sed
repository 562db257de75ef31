# expect: four steps to take, and poll 4 says READY
s/left == 0/left <= 1/
