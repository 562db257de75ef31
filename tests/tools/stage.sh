# stage.sh FOLDER TITLE [MISSING]: adds up the results of a stage into FOLDER.count and says so in one
# line. MISSING is the program without which the stage could not run.
# A stage in which nothing ran has failed, unless only a part of the tests was asked for.
if [ -n "$3" ]; then
	printf '  %-36s %s\n' "$2" "skipped: $3 is not installed"
	echo "0 0" >"$1.count"
	exit 0
fi
find "$1/results" -name '*.result' -exec cat {} + | awk '
{ passed += $1; failed += $2 }
END { print passed + 0, passed + failed || ENVIRON["T"] ? failed + 0 : 1 }' >"$1.count"
read -r passed failed <"$1.count"
printf '  %-36s %s passed, %s failed\n' "$2" "$passed" "$failed"
# Within `make check` the sum says whether all is well; a stage run alone says it itself.
[ "$failed" = 0 ] || [ "$WITHIN" = check ]
