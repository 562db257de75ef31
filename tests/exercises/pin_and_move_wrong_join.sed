# expect: the addresses of two futures, and they are those of the old place.
# expect: 6 of 7 hold.
# expect: make hint E=pin_and_move N=2
/with_what_it_joins }/s/NO,/YES,/
