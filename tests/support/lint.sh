#!/bin/bash
# lint.sh BUILD_DIR JOBS: everything that `./dev lint` asks of the sources; exit 1 where anything is found.
# A tool that is missing is named, and what it checks is left out.
set -uo pipefail

build=$1 jobs=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1
python=/usr/bin/python3
[ -x "$python" ] || python=python3
status=0

step() { # step NAME COMMAND…: its output is shown when it fails
  local name=$1 log
  shift
  log=$("$@" 2>&1) && { echo "lint: $name: clean"; return; }
  printf '%s\n' "$log"
  echo "lint: $name: FAILED"
  status=1
}

sources() { git ls-files -co --exclude-standard -- "$@" | while read -r file; do [ ! -f "$file" ] || echo "$file"; done; }

check_format() { sources '*.cpp' '*.hpp' | xargs -r clang-format-16 --dry-run -Werror; }
check_shell() { { sources '*.sh' '*.sbatch'; echo dev; echo .ci/run; echo tests/slurm/slurm-lab; } | xargs shellcheck -x -S warning; }

# What clang-tidy found clean stays clean until the file, a header of kiln's, or the checks change: the names of
# such files are kept in BUILD_DIR/tidy.
tidy_one() {
  local file=$1 stamp
  stamp=$build/tidy/$(cat "$file" "$build/tidy/headers" | sha256sum | cut -c1-32)
  [ ! -e "$stamp" ] || return 0
  # The build's arguments are the compiler's: clang need not know all of its warnings.
  if clang-tidy-16 -quiet -p "$build" --extra-arg=-Wno-unknown-warning-option "$file" 2>"$stamp.err"; then
    touch "$stamp"
    rm -f "$stamp.err"
    return 0
  fi
  grep -E 'PLEASE submit|Segmentation|error: ' "$stamp.err"
  rm -f "$stamp.err"
  echo "lint: clang-tidy: $file is not clean"
  return 1
}
# What was changed last comes first: with KILN_TIDY_MINUTES only as many files are begun as that time allows.
by_age() {
  { git log --format= --name-only -- '*.cpp'; sources '*.cpp'; } | awk 'NF && !seen[$0]++' |
    while read -r file; do [ ! -f "$file" ] || echo "$file"; done
}
tidy_in_time() {
  [ -z "${KILN_TIDY_MINUTES:-}" ] || [ "$(date +%s)" -lt "$tidy_until" ] || { echo "$1" >>"$build/tidy/left"; return 0; }
  tidy_one "$1"
}
check_tidy() {
  mkdir -p "$build/tidy"
  rm -f "$build/tidy/left"
  { cat .clang-tidy; sources '*.hpp' | LC_ALL=C sort | xargs cat; } | sha256sum >"$build/tidy/headers"
  tidy_until=$(($(date +%s) + 60 * ${KILN_TIDY_MINUTES:-0}))
  export build tidy_until
  export -f tidy_one tidy_in_time
  # Only what is compiled can be checked: the compiler's arguments come from the build.
  by_age | while read -r file; do
    grep -qF "\"file\": \"$root/$file\"" "$build/compile_commands.json" && echo "$file"
  done | xargs -r -P "$jobs" -I {} bash -c 'tidy_in_time {}'
}

step "includes" "$python" -B tests/support/check_includes.py .
step "lengths" "$python" -B tests/support/check_lengths.py .
if command -v clang-format-16 >/dev/null; then step "clang-format" check_format; else echo "lint: no clang-format-16"; fi
if command -v shellcheck >/dev/null; then step "shellcheck" check_shell; else echo "lint: no shellcheck"; fi
if command -v clang-tidy-16 >/dev/null; then step "clang-tidy" check_tidy; else echo "lint: no clang-tidy-16"; fi
if [ -s "$build/tidy/left" ]; then
  echo "lint: clang-tidy: $(wc -l <"$build/tidy/left") files left out after $KILN_TIDY_MINUTES minutes (./dev lint checks all)"
fi
exit "$status"
