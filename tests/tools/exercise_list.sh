# exercise_list.sh TARGET: says that there is no exercise called $E, and which there are.
if [ -n "$E" ]; then
	echo "there is no exercise '$E'; there are:"
else
	echo "which exercise? make $1 E=countdown; there are:"
fi
for source in book-examples/exercises/*.check.c; do
	source=${source%.check.c}.c
	printf '  %-15s %s\n' "$(basename "$source" .c)" "$(sed -n '2s/^ \* [^:]*: //p' "$source")"
done | sort -k 6n
exit 1
