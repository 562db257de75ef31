# expect: you have 5 polls. After them it stands at PRINT, and is not over.
/places\[\] = {/s/PRINT, OVER }/PRINT }/
