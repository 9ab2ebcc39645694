#!/bin/bash
# fuzz.sh SECONDS [TARGET…]: builds libFuzzer's programs with clang into build-fuzz and runs each for so long, from the
# corpus in tests/fuzz/corpus; what it adds stays in build-fuzz/corpus. An input that breaks a target is kept in
# build-fuzz/found: add it to tests/fuzz/corpus once it is mended. KILN_FUZZ_SEED: the same inputs in the same order each
# time, as far as the time goes (without what build-fuzz/corpus has from earlier).
set -uo pipefail

seconds=${1:?seconds}
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=(messages task_files run_files entries codecs records keyed stages notes); fi
clang=$(command -v clang++-16 || command -v clang++-19 || command -v clang++) || {
  echo "fuzz: no clang++ here: install clang-16 and libclang-rt-16-dev (Debian 13: clang-19)" >&2
  exit 1
}
export CXX=$clang
./dev configure build-fuzz -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1 -fno-sanitize-recover=all" \
  "-DCMAKE_CXX_COMPILER=$clang" -DKILN_FUZZ=ON -DKILN_WERROR=OFF || exit 1
./dev compile build-fuzz "${targets[@]/#/fuzz_}" || exit 1

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1:allocator_may_return_null=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
# shellcheck disable=SC2317
one() { # one TARGET: its log and its outcome
  mkdir -p "build-fuzz/corpus/$1" "build-fuzz/found"
  timeout --kill-after=10 "$((seconds + 60))" "build-fuzz/bin/fuzz_$1" -seed="$seed" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=4096 -print_final_stats=1 -artifact_prefix="build-fuzz/found/$1-" \
    "build-fuzz/corpus/$1" "tests/fuzz/corpus/$1" >"build-fuzz/$1.log" 2>&1
}
export -f one
seed=${KILN_FUZZ_SEED:-0}
export seconds seed
if [ "$seed" -ne 0 ]; then rm -rf build-fuzz/corpus; fi
status=0
rm -f build-fuzz/failures
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'one {} || touch build-fuzz/{}.failed' || status=1
for target in "${targets[@]}"; do
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/$target.log")
  if [ -e "build-fuzz/$target.failed" ]; then
    rm -f "build-fuzz/$target.failed"
    status=1
    tail -n 40 "build-fuzz/$target.log"
    { # short, for a log of which only the end is kept
      grep -hm 2 -E 'runtime error|^==[0-9]+==|what\(\)' "build-fuzz/$target.log"
      find build-fuzz/found -name "$target-*" -newer "build-fuzz/bin/fuzz_$target" -size -8k -exec base64 -w 0 {} \; | head -c 4000
      echo
    } | sed "s/^/fuzz $target: /" >>build-fuzz/failures
    echo "fuzz $target: FAILED after ${runs:-?} inputs; what broke it is in build-fuzz/found (build-fuzz/$target.log)"
  else
    echo "fuzz $target: ${runs:-?} inputs in $seconds s, nothing found"
  fi
done
exit "$status"
