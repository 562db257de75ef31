# tests_named.sh FILE...: those of the files with a test whose "suite/name" contains $T.
awk '
/^TEST(_BUG)?\(/ {
	split($0, part, /[(,) \t]+/)
	if (index(part[2] "/" part[3], ENVIRON["T"]) && !seen[FILENAME]++)
		print FILENAME
}' "$@" /dev/null
