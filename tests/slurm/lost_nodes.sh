#!/bin/bash
# lost_nodes.sh KILN: a three-node Slurm on this machine, started for this test and gone afterwards. A node that is not the
# batch host is killed, and one whose link is cut first, while commands and a program run: the run goes on without a
# restart and ends with the same results. When its mpirun dies as well, the launcher starts it again on the nodes that are
# left. Needs root and the packages slurm-wlm, munge, iproute2.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
programs=$(dirname "$kiln")
heartbeat=2s
# shellcheck source=tests/slurm/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
begin 3 nodes
cd "$work"

node_is() { sinfo -h -N -n "$1" -o %T | grep -q "$2"; }

kill_mpirun() { # kill_mpirun NAME: of this run, on the batch host
  local launch file
  launch=$(sed -n 's/.*"launch_id":"\([^"]*\)".*/\1/p' "$1.kiln/status.json")
  for file in /proc/[0-9]*/comm; do
    if [ "$(cat "$file" 2>/dev/null)" = mpirun ] && grep -qz "^KILN_LAUNCH_ID=$launch" "${file%comm}environ"; then
      kill -KILL "$(basename "${file%/comm}")"
    fi
  done
}

lose() { # lose NAME UNITS HOW WORDS…: starts WORDS in a job on three nodes, loses node 3 once so many units are done
  local name=$1 units=$2 how=$3 job before
  shift 3
  job=$(sbatch --parsable --nodes=3 --exclusive --no-kill --output="$name.log" --wrap "$*")
  if ! await 60 "$name: $units units" has_done "$name.kiln" "$units"; then cat "$name.log"; fi
  before=$(done_units "$name.kiln" || echo '?')
  # shellcheck disable=SC2086 # nothing, or an option
  "$here/slurm-lab" kill-node ${how#mpirun} 3 "$lab"
  if [ "$how" = mpirun ]; then kill_mpirun "$name"; fi
  await 120 "$name: the end of the job" has_ended "$job" || true
  echo "--- $name: node 3 lost with $before units done"
  grep -v "progress" "$name.log" | tail -n 6
  check "$name: the job completes" state_is "$job" COMPLETED
  if [ "$how" = mpirun ]; then
    check "$name: it is started again without node 3" grep -q 'no process starts there any more: n3;' "$name.log"
    check "$name: once" [ "$(grep -c 'starting again' "$name.log")" = 1 ]
  else
    check "$name: without a restart" bash -c "! grep -q 'starting again' '$name.log'"
    check "$name: the loss is told" grep -Eq 'died|no sign of life' "$name.log"
  fi
  await 60 "node 3 is seen down" node_is n3 down || true
  "$here/slurm-lab" start-node 3 "$lab"
  await 60 "node 3 is back" node_is n3 idle || true
}

seq -f 'echo %g; sleep 0.1' 400 >tasks.txt
"$kiln" run --out here.kiln -n 32 tasks.txt 2>here.log
"$programs/montecarlo" -n 2 --out program.here.kiln --paths 2000000 >here.out 2>>here.log
for how in "" --silent mpirun; do
  name=killed-${how#--}
  lose "$name" 60 "$how" "$kiln" run --heartbeat "$heartbeat" --checkpoint-every 1s --out "$name.kiln" tasks.txt
  check "$name: the results are those of an undisturbed run" same_results "$name.kiln" here.kiln
done
# Lost before the run begins: Slurm does not know yet.
name=dead-at-start
"$here/slurm-lab" kill-node 3 "$lab"
job=$(sbatch --parsable --nodes=3 --exclusive --no-kill --output="$name.log" --wrap \
  "$kiln run --heartbeat $heartbeat --out $name.kiln tasks.txt")
await 120 "$name: the end of the job" has_ended "$job" || true
echo "--- $name"
tail -n 6 "$name.log"
check "$name: the job completes" state_is "$job" COMPLETED
check "$name: the results are those of an undisturbed run" same_results "$name.kiln" here.kiln
await 60 "node 3 is seen down" node_is n3 down || true
"$here/slurm-lab" start-node 3 "$lab"
await 60 "node 3 is back" node_is n3 idle || true

name=program
lose "$name" 60 --silent "$programs/montecarlo" --heartbeat "$heartbeat" --paths 2000000 --out "$name.kiln"
check "$name: the results are those of an undisturbed run" same_results "$name.kiln" program.here.kiln

verdict
