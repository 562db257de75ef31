# expect: you say NO. But a constructor only fills in fields.
# expect: 3 of 7 hold.
# expect: make hint E=pin_and_move N=1
s/{ YES,/{ NO, /
