#!/bin/bash
# demo.sh KILN DIRECTORY PYTHON: one `xz -9` a header file below /usr/include, run by kiln, and what came out.
set -euo pipefail

kiln=$1 directory=$2 python=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
most=5000
least=2000

mkdir -p "$directory"
tasks=$directory/headers.txt
run=$directory/headers.kiln
rm -f "$directory/all.txt"

# Spread evenly over all headers (sorted by name), so that every library takes part; names that the shell would read
# as something else stay out. Empty files have no ratio.
find /usr/include -type f \( -name '*.h' -o -name '*.hpp' \) -size +0 | LC_ALL=C grep -x '[A-Za-z0-9/._+-]*' |
  LC_ALL=C sort >"$directory/all.txt"
total=$(wc -l <"$directory/all.txt")
awk -v total="$total" -v most="$most" \
  'int((NR - 1) * most / total) != int(NR * most / total) || total <= most { print "xz -9 -c " $0 " | wc -c" }' \
  "$directory/all.txt" >"$tasks"
count=$(wc -l <"$tasks")
if [ "$count" -lt "$least" ]; then
  echo "demo: only $count header files below /usr/include, $least are needed: install libboost-dev" >&2
  exit 1
fi

echo "Compressing $count of the $total header files below /usr/include, one command each. The first of them:"
echo "    $(head -n 1 "$tasks")"
echo
echo "\$ kiln run --out $run --fresh $tasks"
begin=$(date +%s.%N)
status=0
"$kiln" run --out "$run" --fresh "$tasks" || status=$?
end=$(date +%s.%N)
echo
echo "kiln run ended with exit code $status after $(awk "BEGIN { printf \"%.1f\", $end - $begin }") s."
[ "$status" -eq 0 ] || exit "$status"
"$python" "$here/most_compressible.py" "$run"
echo
echo "The run directory: $run"
echo "    h5dump -n $run/results.h5      what is in it"
echo "    kiln results $run              every unit"
