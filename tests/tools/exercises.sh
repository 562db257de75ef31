# exercises.sh NAME...: exercises ask for what can be done, and their checks tell right from wrong. Of each:
#
#	the start compiles without a warning, does not pass, and neither crashes nor hangs;
#	our answer passes;
#	each tests/exercises/NAME_wrong_*.sed makes a wrong answer of ours, and then the check says what that
#	file expects: its lines "# expect: TEXT";
#	there are one to three hints, and each can be printed.
#
# The first two under each of $COMPILERS, with the sanitizers. Ends in a line "passed failed".
passed=0 failed=0

# verdict WHAT COMMAND...: counts; what the command says is shown only if it fails.
verdict() {
	what=$1
	shift
	if said=$("$@" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "--- exercise $name: $what"
		echo "$said"
	fi
}

# Somebody may be at work on it: then the start is the one that was committed.
start_of() {
	source=book-examples/exercises/$1.c
	if ! git diff --quiet HEAD -- "$source" 2>/dev/null &&
		git show "HEAD:$source" >"$OUT/$1.start.c" 2>/dev/null; then
		echo "$OUT/$1.start.c"
	else
		echo "$source"
	fi
}

# ends_with STATUS COMPILER FILE: what the check of $name says about FILE, and whether it ends so.
ends_with() (
	. "$OUT/$2/settings"
	export COMPILE LINK OBJECTS OUT
	sh tests/tools/exercise.sh "$name" "$3"
	[ $? = "$1" ]
)

# What is not to hang may take its time.
has_start() {
	CHECK_PATIENCE=20 ends_with 1 "$1" "$(start_of "$name")"
}

has_answer() {
	CHECK_PATIENCE=20 ends_with 0 "$@"
}

# refuses SED: the mistake makes another program of ours, which is refused in the words that are expected.
refuses() {
	wrong=$OUT/$name.c
	sed -f "$1" "book-examples/solutions/$name.c" >"$wrong"
	if cmp -s "$wrong" "book-examples/solutions/$name.c"; then
		echo "$1 changes nothing"
		return 1
	fi
	refusal=$(ends_with 0 "${COMPILERS%% *}" "$wrong") && echo "$refusal" && return 1
	sed -n 's/^# expect: //p' "$1" >"$OUT/expected"
	while read -r text; do
		if ! echo "$refusal" | tr -s '\n ' ' ' | grep -qiF -- "$text"; then
			echo "expected: $text"
			echo "$refusal"
			return 1
		fi
	done <"$OUT/expected"
	[ -s "$OUT/expected" ]
}

has_hints() {
	n=$(grep -c '^## Hint ' "book-examples/exercises/$name.hints.md")
	[ "$n" -ge 1 ] && [ "$n" -le 3 ] || return 1
	for i in $(seq "$n"); do
		sh tests/tools/exercise_hint.sh "$name" "$i" >"$OUT/hint" && [ -s "$OUT/hint" ] || return 1
	done
	! sh tests/tools/exercise_hint.sh "$name" $((n + 1))
}

for name; do
	for cc in $COMPILERS; do
		verdict "its start does not simply fail ($cc)" has_start "$cc"
		verdict "our answer does not pass ($cc)" has_answer "$cc" "book-examples/solutions/$name.c"
	done
	n_wrong=0
	for mistake in tests/exercises/"$name"_wrong_*.sed; do
		verdict "$mistake is not refused in the right words" refuses "$mistake"
		n_wrong=$((n_wrong + 1))
	done
	verdict "there are fewer than two wrong answers" [ "$n_wrong" -ge 2 ]
	verdict "its hints are not one to three that can be printed" has_hints
done
echo "$passed $failed"
