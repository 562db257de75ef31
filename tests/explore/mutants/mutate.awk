# mutate.awk -v name=NAME TABLE FILE: FILE with that mutant's change, which must fit exactly once.
#
# A mutant in a table:
#
#	== NAME
#	in FILE
#	killed by SCENARIO
#	-	whole lines as they are
#	+	what they become
#
# More such pairs may follow behind a line "@@".

BEGIN { n = 0 }
FNR == 1 { n_file++ }

n_file == 1 && /^== / { mine = ($2 == name); next }
n_file == 1 && mine && /^@@/ { n++; next }
n_file == 1 && mine && /^-/ { old[n] = old[n] substr($0, 2) "\n"; next }
n_file == 1 && mine && /^\+/ { new[n] = new[n] substr($0, 2) "\n"; next }
n_file == 1 { next }

{ text = text $0 "\n" }

END {
	for (i = 0; i <= n; i++) {
		at = index("\n" text, "\n" old[i])
		if (old[i] == "" || at == 0) {
			print name ": what it changes is not there any more:\n" old[i] >"/dev/stderr"
			exit 1
		}
		rest = substr(text, at + length(old[i]))
		if (index("\n" rest, "\n" old[i])) {
			print name ": what it changes is there more than once:\n" old[i] >"/dev/stderr"
			exit 1
		}
		text = substr(text, 1, at - 1) new[i] rest
	}
	printf "%s", text
}
