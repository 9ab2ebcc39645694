#!/bin/bash
# sanitize.sh address|thread [LAYER…]; sanitize.sh address chaos [N [SEED]]: builds with the sanitizers into build-asan or build-tsan and runs the tests they can
# cover. Open MPI keeps memory to the end by design and its threads are not known to TSan: leaks are not looked for,
# and under TSan the tests over MPI are left out.
set -uo pipefail

kind=${1:?address or thread}
shift
layers=("$@")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1
case $kind in
  address) directory=build-asan sanitize=address,undefined flags="-O1 -g1 -fno-sanitize-recover=all" labels='unit|sim|mpi' ;;
  thread) directory=build-tsan sanitize=thread flags="-O1 -g1" labels='unit|sim' ;;
  *) echo "sanitize: address or thread, not $kind" >&2; exit 2 ;;
esac

export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$root/tests/support/tsan.supp
./dev configure "$directory" -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=$flags" "-DKILN_SANITIZE=$sanitize" || exit 1
if [ "${layers[*]:0:1}" = chaos ]; then
  # shellcheck disable=SC2046  # names of targets
  ./dev compile "$directory" $(python3 -B tests/chaos/chaos_plan.py) || exit 1
  mkdir -p "$directory/chaos"
  cd "$directory/chaos" || exit 1
  exec /usr/bin/python3 -B -u -W ignore::ResourceWarning "$root/tests/chaos/chaos.py" --bin "$root/$directory/bin" --quick \
    --seconds "${KILN_CHAOS_SECONDS:-600}" "${layers[@]:1}"
fi
./dev compile "$directory" "${layers[@]/#/unit_}" || exit 1
status=0
if [ ${#layers[@]} -eq 0 ]; then
  ./dev run_ctest "$directory" -L "$labels" || status=1
else
  ./dev run_ctest "$directory" -R "^unit\.($(IFS='|'; echo "${layers[*]}"))\." || status=1
fi
echo "sanitize $kind: $(./dev counts "$directory")"
exit "$status"
