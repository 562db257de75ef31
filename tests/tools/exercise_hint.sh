# exercise_hint.sh NAME N: prints the hint of that number, without its heading. No N: says how many there
# are. They are the sections "## Hint N" of NAME.hints.md.
hints=book-examples/exercises/$1.hints.md
n=$(grep -c '^## Hint [1-3]$' "$hints")
case $2 in
'')
	echo "which hint? there are $n, and the first says least: make hint E=$1 N=1"
	exit 1
	;;
esac
if ! grep -qx "## Hint $2" "$hints"; then
	echo "$1 has no hint '$2': there are $n, and the first says least"
	exit 1
fi
awk -v wanted="## Hint $2" '
/^## / { is_in = $0 == wanted; next }
is_in && ($0 != "" || begun) { begun = 1; held = held $0 "\n"; if ($0 != "") { printf "%s", held; held = "" } }
' "$hints"
[ "$2" -lt "$n" ] && printf '\nThere is one more: make hint E=%s N=%d\n' "$1" $(($2 + 1))
exit 0
