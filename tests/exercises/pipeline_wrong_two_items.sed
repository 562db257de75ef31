# expect: after poll 4 you say PRINT, and it stands at READ.
s/READ, PRINT, READ, READ, PRINT/READ, PRINT, READ, PRINT, READ, PRINT/
