# examples.sh FOLDER PROGRAM...: programs of the book do what they promise. FOLDER/ch02/delay is the binary
# of book-examples/ch02-*/delay.c. Of each:
#
#	its header says how to run and compile it, and what to predict; its body is not too long;
#	its output is that of delay.expected, where <n> stands for any number and <any> for any text;
#	it says nothing on standard error, and ends with 0;
#	--tape changes nothing of that, and adds lines that begin with "| "; they are those of
#	delay.tape.expected, if there is such a file;
#	if there is a file delay.same_tape, its tape has the same polls as that of the program named there;
#	--tape=svg draws a picture, which is well-formed.
#
# With $SAY a line for each. Ends in a line "passed failed".
passed=0 failed=0
folder=$1
shift

# matches EXPECTED ACTUAL: line by line; the first that differs is shown.
matches() {
	awk -v expected="$1" '
	function pattern(line) {
		gsub(/[][\\.*^$+?(){}|]/, "\\\\&", line)
		gsub(/<n>/, "[0-9]+([.][0-9]+)?", line)
		gsub(/<any>/, ".*", line)
		return "^" line "$"
	}
	{
		if ((getline line <expected) <= 0) { print "    line " NR " is more than expected: " $0; bad = 1; exit }
		if ($0 !~ pattern(line)) {
			print "    line " NR " is:           " $0
			print "    and should be:       " line
			bad = 1; exit
		}
	}
	END {
		if (!bad && (getline line <expected) > 0) { print "    missing from line " NR + 1 " on: " line; bad = 1 }
		exit bad
	}' "$2"
}

# verdict WHAT COMMAND...: counts; what the command says is shown only if it fails.
verdict() {
	what=$1
	shift
	if said=$("$@" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1)) ok=no
		echo "--- $folder/$program: $what"
		[ -n "$said" ] && echo "$said"
	fi
}

# run_with ARGS...: into $out.stdout and $out.stderr; nothing may be in the second.
ran() {
	timeout -k 5 120 $fixed "$folder/$program" "$@" >"$out.stdout" 2>"$out.stderr" </dev/null
	status=$?
	[ "$status" = 0 ] || echo "    exit status $status"
	[ "$1" = --tape=svg ] && sed -i '/^tape: drawn in /d' "$out.stderr"
	[ -s "$out.stderr" ] && cat "$out.stderr"
	[ "$status" = 0 ] && ! [ -s "$out.stderr" ]
}

# The polls are the same; the words of what is awaited need not be.
same_tape() {
	other=$(cat "$base.same_tape")
	sed 's/  *at .*//' book-examples/"${other%%/*}"-*/"${other#*/}".tape.expected >"$out.other"
	sed 's/  *at .*//' "$out.tape" | diff "$out.other" -
}

well_formed() {
	if command -v xmllint >/dev/null; then
		xmllint --noout "$1"
	else
		tail -n 1 "$1" | grep -qx '</svg>'
	fi
}

# Lines of code: neither comment nor preprocessor nor a brace alone.
n_lines() {
	sed 's,/\*.*\*/,,' "$1" | awk '
	/^[ \t]*\/\*/ { comment = 1 }
	!comment && !/^#/ && !/^[ \t]*[{}]*;?[ \t]*$/ { n++ }
	/\*\// { comment = 0 }
	END { print n + 0 }'
}

complaints() {
	grep -q '^ \* Predict: ' "$source" || echo "    no ' * Predict: '"
	grep -qE "^ \*	make run P=$program( |$)" "$source" || echo "    no 'make run P=$program'"
	grep -qxF " *	cc -DWEFT_DEBUG -Iruntime $source \$(find runtime -name '*.c') -pthread" "$source" ||
		echo "    no 'cc' line like that of the others"
	[ "$(n_lines "$source")" -le 70 ] || echo "    $(n_lines "$source") lines of code, more than 70"
}

presentable() {
	! complaints | grep .
}

# The line of the header, with $CC for cc, and the program somewhere else. One program stands for all.
by_hand() {
	line=$(sed -n "s,^ \*	cc ,${CC:-cc} ,p" "$source")
	eval "$line -o '$out.by_hand'" && "$out.by_hand" >/dev/null
}

# Some sanitizers cannot start where the kernel places mappings too randomly.
fixed=
setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R"

for program; do
	source=$(echo book-examples/"${program%%/*}"-*/"${program#*/}".c)
	base=${source%.c}
	out=$folder/$program.out ok=yes
	verdict "is not presentable" presentable
	[ "$program" = ch02/delay ] && verdict "its 'cc' line does not work" by_hand
	verdict "does not run" ran
	verdict "its output is another" matches "$base.expected" "$out.stdout"
	verdict "does not run with --tape" ran --tape
	grep -v '^| ' "$out.stdout" >"$out.rest"
	grep '^| ' "$out.stdout" >"$out.tape"
	verdict "with --tape its own output is another" matches "$base.expected" "$out.rest"
	if [ -f "$base.tape.expected" ]; then
		verdict "its tape is another" matches "$base.tape.expected" "$out.tape"
	else
		verdict "--tape prints nothing" test -s "$out.tape"
	fi
	[ -f "$base.same_tape" ] && verdict "its tape is another than that of $(cat "$base.same_tape")" same_tape
	verdict "does not run with --tape=svg" ran --tape=svg
	verdict "its picture is not well-formed" well_formed "$folder/$program.svg"
	[ -n "$SAY" ] && [ $ok = yes ] && echo "  ok  $program: $(sed -n "2s,^ \* [^:]*: ,,p" "$source")"
done
[ -n "$SAY" ] && echo "$passed checks passed, $failed failed" || echo "$passed $failed"
[ "$failed" = 0 ]
