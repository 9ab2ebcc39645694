#!/bin/bash
# lost_nodes.sh KILN: a three-node Slurm on this machine, started for this test and gone afterwards. A node that is not the
# batch host is killed, and one whose link is cut first, while commands and a program run: the run goes on without a
# restart and ends with the same results. When its mpirun dies as well, the launcher starts it again on the nodes that are
# left. Needs root and the packages slurm-wlm, munge, iproute2.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ "$(id -u)" = 0 ] || { echo "slurm: needs root" >&2; exit 1; }
programs=$(dirname "$kiln")
work=$(mktemp -d /tmp/kiln-nodes-XXXXXX)
lab=$work/lab
heartbeat=2s
passed=0 failed=0

finish() {
  local code=$?
  "$here/slurm-lab" stop "$lab" || true
  if [ "$code" -eq 0 ]; then rm -rf "$work"; else echo "slurm: kept for a look: $work" >&2; fi
}
trap finish EXIT

check() { # check WHAT COMMAND…
  local what=$1
  shift
  if "$@"; then passed=$((passed + 1)) && echo "slurm: ok: $what"; else failed=$((failed + 1)) && echo "slurm: FAILED: $what"; fi
}

job_field() { scontrol show job "$1" | grep -o "\b$2=[^ ]*" | head -n 1 | cut -d= -f2-; }

await() { # await SECONDS WHAT COMMAND…
  local end=$((SECONDS + $1)) what=$2
  shift 2
  while [ "$SECONDS" -lt "$end" ]; do
    if "$@"; then return 0; fi
    sleep 0.2
  done
  echo "slurm: timed out waiting: $what" >&2
  return 1
}

has_ended() { case $(job_field "$1" JobState) in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) ;; *) false ;; esac; }
done_units() { sed -n 's/.*"done": *\([0-9]*\).*/\1/p' "$1/status.json" 2>/dev/null | head -n 1; }
has_done() { [ "$(done_units "$1" || echo 0)" -ge "$2" ] 2>/dev/null; }
node_is() { sinfo -h -N -n "$1" -o %T | grep -q "$2"; }

# What must be the same however the run went: no times, ranks, hosts, attempts.
facts() { # facts RUN_DIR
  /usr/bin/python3 - "$1/results.h5" <<'PY'
import h5py, hashlib, sys
skip = {"rank", "host", "start", "seconds", "attempts", "max_rss", "user", "system"}
total = hashlib.sha256()
def add(name, item):
    parts = name.split("/")
    if not isinstance(item, h5py.Dataset) or parts[0] in ("batches", "stages") or parts[-1] in skip:
        return
    values = item.asstr()[:].tolist() if h5py.check_string_dtype(item.dtype) else item[()].tobytes()
    total.update(repr((name, item.shape, values)).encode())
with h5py.File(sys.argv[1], "r") as f:
    f.visititems(add)
print(total.hexdigest())
PY
}

kill_mpirun() { # kill_mpirun NAME: of this run, on the batch host
  local launch file
  launch=$(sed -n 's/.*"launch_id":"\([^"]*\)".*/\1/p' "$work/$1.kiln/status.json")
  for file in /proc/[0-9]*/comm; do
    if [ "$(cat "$file" 2>/dev/null)" = mpirun ] && grep -qz "^KILN_LAUNCH_ID=$launch" "${file%comm}environ"; then
      kill -KILL "$(basename "${file%/comm}")"
    fi
  done
}

lose() { # lose NAME UNITS HOW WORDS…: starts WORDS in a job on three nodes, loses node 3 once so many units are done
  local name=$1 units=$2 how=$3 job before
  shift 3
  job=$(sbatch --parsable --chdir="$work" --nodes=3 --exclusive --no-kill --output="$work/$name.log" --wrap "$*")
  if ! await 60 "$name: $units units" has_done "$work/$name.kiln" "$units"; then cat "$work/$name.log"; fi
  before=$(done_units "$work/$name.kiln" || echo '?')
  # shellcheck disable=SC2086 # nothing, or an option
  "$here/slurm-lab" kill-node ${how#mpirun} 3 "$lab"
  if [ "$how" = mpirun ]; then kill_mpirun "$name"; fi
  await 120 "$name: the end of the job" has_ended "$job" || true
  echo "--- $name: node 3 lost with $before units done"
  grep -v "progress" "$work/$name.log" | tail -n 6
  check "$name: the job completes" [ "$(job_field "$job" JobState)" = COMPLETED ]
  if [ "$how" = mpirun ]; then
    check "$name: it is started again without node 3" grep -q 'no process starts there any more: n3;' "$work/$name.log"
    check "$name: once" [ "$(grep -c 'starting again' "$work/$name.log")" = 1 ]
  else
    check "$name: without a restart" bash -c "! grep -q 'starting again' '$work/$name.log'"
    check "$name: the loss is told" grep -Eq 'died|no sign of life' "$work/$name.log"
  fi
  await 60 "node 3 is seen down" node_is n3 down || true
  "$here/slurm-lab" start-node 3 "$lab"
  await 60 "node 3 is back" node_is n3 idle || true
}

"$here/slurm-lab" start 3 "$lab"
eval "$("$here/slurm-lab" env "$lab")"

seq -f 'echo %g; sleep 0.1' 400 >"$work/tasks.txt"
(cd "$work" && "$kiln" run --out here.kiln -n 32 tasks.txt 2>here.log)
(cd "$work" && "$programs/montecarlo" -n 2 --out program.here.kiln --paths 2000000 >here.out 2>>here.log)
for how in "" --silent mpirun; do
  name=killed-${how#--}
  lose "$name" 60 "$how" "$kiln" run --heartbeat "$heartbeat" --checkpoint-every 1s --out "$name.kiln" tasks.txt
  check "$name: the results are those of an undisturbed run" [ "$(facts "$work/$name.kiln")" = "$(facts "$work/here.kiln")" ]
done
# Lost before the run begins: Slurm does not know yet.
name=dead-at-start
"$here/slurm-lab" kill-node 3 "$lab"
job=$(sbatch --parsable --chdir="$work" --nodes=3 --exclusive --no-kill --output="$work/$name.log" --wrap \
  "$kiln run --heartbeat $heartbeat --out $name.kiln tasks.txt")
await 120 "$name: the end of the job" has_ended "$job" || true
echo "--- $name"
tail -n 6 "$work/$name.log"
check "$name: the job completes" [ "$(job_field "$job" JobState)" = COMPLETED ]
check "$name: the results are those of an undisturbed run" [ "$(facts "$work/$name.kiln")" = "$(facts "$work/here.kiln")" ]
await 60 "node 3 is seen down" node_is n3 down || true
"$here/slurm-lab" start-node 3 "$lab"
await 60 "node 3 is back" node_is n3 idle || true

name=program
lose "$name" 60 --silent "$programs/montecarlo" --heartbeat "$heartbeat" --paths 2000000 --out "$name.kiln"
check "$name: the results are those of an undisturbed run" \
  [ "$(facts "$work/$name.kiln")" = "$(facts "$work/program.here.kiln")" ]

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
