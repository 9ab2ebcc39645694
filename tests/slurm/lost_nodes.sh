#!/bin/bash
# lost_nodes.sh KILN: a four-node Slurm on this machine, started for this test and gone afterwards. A node that is not the
# batch host is killed, one whose link is cut first, one that is back before Slurm sees that it was gone, or only its slurmd,
# while commands and a program run: the run goes on without a restart and ends with the same results, also when no other
# node is left. When its mpirun dies as well, the launcher starts it again on the nodes that are left; when only mpirun's
# daemons do, on all; when the batch host dies, alone or with the node after it, the nodes that are left put the job back.
# Says what time each took. Needs root and the packages slurm-wlm, munge, iproute2.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
programs=$(dirname "$kiln")
heartbeat=2s
# shellcheck source=tests/slurm/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
begin 4 nodes
cd "$work"
export KILN=$kiln

kill_mpirun() { # kill_mpirun NAME: of this run, on the batch host
  local launch file
  launch=$(sed -n 's/.*"launch_id":"\([^"]*\)".*/\1/p' "$1.kiln/status.json")
  for file in /proc/[0-9]*/comm; do
    if [ "$(cat "$file" 2>/dev/null)" = mpirun ] && grep -qz "^KILN_LAUNCH_ID=$launch" "${file%comm}environ"; then
      kill -KILL "$(basename "${file%/comm}")"
    fi
  done
}

take_node() { # take_node HOW NAME: node 3
  case $1 in
    killed) "$here/slurm-lab" kill-node 3 "$lab" ;;
    silent | program) "$here/slurm-lab" kill-node --silent 3 "$lab" ;;
    mpirun) "$here/slurm-lab" kill-node 3 "$lab" && kill_mpirun "$2" ;;
    slurmd) "$here/slurm-lab" kill-slurmd 3 "$lab" ;;
    back) "$here/slurm-lab" kill-node 3 "$lab" && "$here/slurm-lab" start-node 3 "$lab" ;;
  esac
}

begin_job() { # begin_job NAME WORDS…: on three nodes; its number
  sbatch --parsable --nodelist=n[1-3] --exclusive --no-kill --output="$1.log" --wrap "${*:2}"
}

node_again() { # node_again K: it was lost
  await 60 "node $1 is seen down" node_is "n$1" 'down\|drained\*' || true
  if node_is "n$1" drained; then scontrol update nodename="n$1" state=undrain; fi
  "$here/slurm-lab" start-node "$1" "$lab"
  await 60 "node $1 is back" node_is "n$1" idle || true
}

lose() { # lose NAME UNITS HOW WORDS…: starts WORDS in a job, loses node 3 once so many units are done
  local name=$1 units=$2 how=$3 job before begun=$SECONDS
  shift 3
  job=$(begin_job "$name" "$@")
  if ! await 60 "$name: $units units" has_done "$name.kiln" "$units"; then cat "$name.log"; fi
  before=$(done_units "$name.kiln" || echo '?')
  take_node "$how" "$name"
  case $how in
    killed | silent | slurmd) # what Slurm does then must not end the run
      await 60 "$name: node 3 is seen down" node_is n3 down || true
      check "$name: Slurm sees it while the run goes on" state_is "$job" RUNNING
      ;;
  esac
  await 120 "$name: the end of the job" has_ended "$job" || true
  echo "--- $name: node 3 lost with $before units done; the job took $((SECONDS - begun)) s"
  grep -v "progress" "$name.log" | tail -n 6
  check "$name: the job completes" state_is "$job" COMPLETED
  if [ "$how" = mpirun ]; then
    check "$name: it is started again without node 3" grep -q 'no process starts there any more: n3;' "$name.log"
    check "$name: once" [ "$(grep -c 'starting again' "$name.log")" = 1 ]
  else
    check "$name: without a restart" bash -c "! grep -q 'starting again' '$name.log'"
  fi
  case $how in killed | silent | back | program) check "$name: the loss is told" grep -Eq 'died|no sign of life' "$name.log" ;; esac
  if [ "$how" = back ]; then await 60 "node 3 is free" node_is n3 idle || true; else node_again 3; fi
}

seq -f 'echo %g; sleep 0.1' 400 >tasks.txt
# Longer than Slurm takes to see that a node is lost; what the launcher does to the PATH of mpirun is not for commands, which
# have kiln's srun for them first on it.
seq -f "echo %g; sleep 0.2; [ \"\${PATH#*.kiln/slurm:}\" = '$PATH' ] || echo \"\$PATH\"" 900 >long.txt
"$kiln" run --out here.kiln -n 32 tasks.txt 2>here.log
"$kiln" run --out long.here.kiln -n 32 long.txt 2>>here.log
"$programs/montecarlo" -n 2 --out program.here.kiln --paths 2000000 >here.out 2>>here.log

for tasks in tasks long; do
  name=undisturbed-$tasks
  begun=$SECONDS
  job=$(begin_job "$name" "$kiln" run --heartbeat "$heartbeat" --checkpoint-every 1s --out "$name.kiln" "$tasks.txt")
  await 120 "$name: the end of the job" has_ended "$job" || true
  echo "--- $name: the job took $((SECONDS - begun)) s"
done
check "undisturbed: the results" same_results undisturbed-long.kiln long.here.kiln

for how in killed silent slurmd back; do
  lose "$how" 60 "$how" "$kiln" run --heartbeat "$heartbeat" --checkpoint-every 1s --out "$how.kiln" long.txt
  check "$how: the results are those of an undisturbed run" same_results "$how.kiln" long.here.kiln
done
name=mpirun
lose "$name" 60 mpirun "$kiln" run --heartbeat "$heartbeat" --checkpoint-every 1s --out "$name.kiln" tasks.txt
check "$name: the results are those of an undisturbed run" same_results "$name.kiln" here.kiln

# Lost before the run begins: Slurm does not know yet.
name=dead-at-start
begun=$SECONDS
"$here/slurm-lab" kill-node 3 "$lab"
job=$(begin_job "$name" "$kiln" run --heartbeat "$heartbeat" --out "$name.kiln" tasks.txt)
await 120 "$name: the end of the job" has_ended "$job" || true
echo "--- $name: the job took $((SECONDS - begun)) s"
tail -n 6 "$name.log"
check "$name: the job completes" state_is "$job" COMPLETED
check "$name: the results are those of an undisturbed run" same_results "$name.kiln" here.kiln
node_again 3

lose_first() { # lose_first NAME NODES COUNT HOW: of a job on so many nodes its first ones, at the same moment
  local name=$1 job before node lost begun
  job=$(submit -N "$2" --time 10:00 --output "$name.log" --checkpoint-every 1s --out "$name.kiln" long.txt 2>/dev/null)
  await 60 "$name: 60 units" has_done "$name.kiln" 60 || true
  before=$(done_units "$name.kiln" || echo '?') begun=$SECONDS
  lost=$(scontrol show hostnames "$(job_field "$job" NodeList)" | head -n "$3")
  for node in $lost; do
    case $4 in
      drained) scontrol update nodename="$node" state=drain reason=test && "$here/slurm-lab" kill-node "$node" "$lab" & ;;
      slurmd) "$here/slurm-lab" kill-slurmd "$node" "$lab" & ;;
      *) "$here/slurm-lab" kill-node "$node" "$lab" & ;;
    esac
  done
  wait
  check "$name: it goes back into the queue by itself" await 120 "$name: back in the queue" was_put_back "$job"
  echo "--- $name: $(echo $lost) lost with $before units done; the job was put back $((SECONDS - begun)) s later"
  for node in $lost; do node_again "${node#n}"; done
  await 180 "$name: the end of the job" has_ended "$job" || true
  grep -v "progress" "$name.log" | tail -n 6
  check "$name: the job completes" state_is "$job" COMPLETED
  check "$name: it was put back once" [ "$(job_field "$job" Restarts)" = 1 ]
  check "$name: what was committed did not run again" grep -q 'going on: [1-9][0-9]* of 900 units' "$name.log"
  check "$name: the results are those of an undisturbed run" same_results "$name.kiln" long.here.kiln
}
was_put_back() { [ "$(job_field "$1" Restarts)" -ge 1 ]; }

# Of two nodes the only other one goes: what is left is the node of mpirun, and no daemon of mpirun anywhere. Or only the
# daemon goes, and the node is there: it is worth a restart.
lose_last() { # lose_last HOW: node 2 of nodes 1 and 2, or what mpirun has there
  local name=last-$1 job begun=$SECONDS before
  job=$(sbatch --parsable --nodelist=n[1-2] --exclusive --no-kill --output="$name.log" --wrap \
    "$kiln run --heartbeat $heartbeat --checkpoint-every 1s --out $name.kiln long.txt; echo exit code \$?; ps -e -o args | sed 's/^/left: /'")
  await 60 "$name: 60 units" has_done "$name.kiln" 60 || true
  before=$(done_units "$name.kiln" || echo '?')
  case $1 in
    killed) "$here/slurm-lab" kill-node 2 "$lab" ;;
    slurmd) "$here/slurm-lab" kill-slurmd 2 "$lab" ;;
    step) scancel "$job.0" ;;
  esac
  if [ "$1" != step ]; then await 60 "$name: node 2 is seen down" node_is n2 down || true; fi
  await 240 "$name: the end of the job" has_ended "$job" || true
  echo "--- $name: node 2 lost with $before units done; the job took $((SECONDS - begun)) s"
  grep -v '^left: ' "$name.log" | tail -n 6
  check "$name: the job completes" state_is "$job" COMPLETED
  check "$name: the run ends well" grep -q '^exit code 0$' "$name.log"
  if [ "$1" = step ]; then
    check "$name: it is started again, once" [ "$(grep -c 'starting again' "$name.log")" = 1 ]
    check "$name: with both nodes" bash -c "! grep -q 'no process starts there' '$name.log'"
  else
    check "$name: without a restart" bash -c "! grep -q 'starting again' '$name.log'"
  fi
  check "$name: with the run nothing of it is left" bash -c "! grep -E '^left: .*(mpirun|srun|kiln run)' '$name.log'"
  check "$name: the results are those of an undisturbed run" same_results "$name.kiln" long.here.kiln
  if [ "$1" != step ]; then node_again 2; fi
}
for how in killed slurmd step; do lose_last "$how"; done

# The first node goes, and the batch script with it.
lose_first batch-host 2 1 killed
lose_first batch-host-and-the-next 4 2 killed
lose_first batch-host-that-is-drained 2 1 drained
lose_first slurmd-of-the-batch-host 2 1 slurmd

name=program
lose "$name" 60 program "$programs/montecarlo" --heartbeat "$heartbeat" --paths 2000000 --out "$name.kiln"
check "$name: the results are those of an undisturbed run" same_results "$name.kiln" program.here.kiln

verdict
