#!/bin/bash
# chain.sh KILN: chains of jobs (kiln slurm run --chain) in a three-node Slurm on this machine: one that meets its time limit
# goes on in the next job, and in the next, as does one whose commands still run at the limit, and one that is preempted; one
# that is cancelled does not, nor does its next job, also where Slurm ends the script before its commands have ended; one that
# loses its first node does; three jobs that get nowhere end one, also with --export NONE; a job that may not go back into the
# queue goes on in another one. Needs root and the packages slurm-wlm, munge, iproute2.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
# shellcheck source=tests/slurm/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
export SLURM_LAB_CONF=$may_preempt$'\nLicenses=some:4'
begin 3 chain
cd "$work"
export KILN=$kiln

next_of() { sed -n 's/^kiln: job \([0-9]*\) waits.*/\1/p' "kiln-$1.log" 2>/dev/null | head -n 1; }
has_steps() { [ "$(squeue --noheader --steps --jobs="$1" | grep -c "$1\.[0-9]")" -ge "$2" ]; }
queue_is_empty() { [ -z "$(squeue --noheader)" ]; }
runs_in() { grep -q "\"state\":\"running\".*\"job_id\":\"$2\"" "$1/status.json" 2>/dev/null; }
same_script() { scontrol write batch_script "$1" - | cmp - <(scontrol write batch_script "$2" -); }

seq -f 'echo %g; sleep 0.5' 120 >tasks.txt
seq -f 'echo %g; sleep 0.5' 240 >limit.txt # on one node more than a job of a minute can do
{ seq -f 'echo %g' 20; seq -f "trap '' TERM; echo %g; sleep 60" 21 40; } >deaf.txt
late_tasks >late.txt
"$kiln" run -n 26 --out late.here.kiln late.txt 2>here.log
"$kiln" run -n 32 --out here.kiln tasks.txt 2>>here.log
"$kiln" run -n 64 --out limit.here.kiln limit.txt 2>>here.log

cancel() { # cancel NAME TASKS WORDS…: a chain over two nodes, once units are done
  local name=$1 job next
  job=$(submit --chain -N 2 --time 10:00 --checkpoint-every 1s --out "$1.kiln" "${@:3}" "$2" 2>/dev/null)
  await 60 "$name: units" has_done "$1.kiln" 10 || true
  check "$name: another node watches the first" has_steps "$job" 2
  next=$(next_of "$job")
  check "$name: the next job has the same script" same_script "$job" "${next:-none}"
  scancel "$job"
  ended_as "$name" "$job" CANCELLED 60
  ended_as "$name: the next job, $next," "$next" CANCELLED 30
  check "$name: it has never begun" [ ! -e "kiln-$next.log" ]
  check "$name: nothing is left in the queue" await 30 "$name: an empty queue" queue_is_empty
  check "$name: nothing says that it goes on" bash -c "! grep -q 'goes on' kiln-$job.log"
  check "$name: nothing became a dead letter" bash -c "! '$kiln' results --failed '$1.kiln' | grep -q ."
}

cancel cancelled tasks.txt
cancel cancelled-in-its-grace deaf.txt --grace 60s # Slurm ends the script first (KillWait)

name="the first node is lost"
job=$(submit --chain -N 2 --time 10:00 --checkpoint-every 1s --out lost.kiln tasks.txt 2>/dev/null)
await 60 "$name: units" has_done lost.kiln 20 || true
await 30 "$name: the watch" has_steps "$job" 2 || true
host=$(job_field "$job" BatchHost)
"$here/slurm-lab" kill-node "$host" "$lab"
ended_as "$name" "$job" CANCELLED 120
next=$(next_of "$job")
ended_as "$name: the next job, $next," "$next" COMPLETED 120
check "$name: what was committed did not run again" grep -q 'going on: [1-9][0-9]* of 120 units' "kiln-$next.log"
check "$name: the results" same_results lost.kiln here.kiln
await 60 "$name: an empty queue" queue_is_empty || true
await 60 "$host is seen down" node_is "$host" down || true
"$here/slurm-lab" start-node "${host#n}" "$lab"

name="the time limit"
job=$(submit --chain -N 1 --time 1 --checkpoint-every 2s --out limit.kiln limit.txt 2>/dev/null)
jobs=1
while await 120 "$name: the end of job $job" has_ended "$job" && state_is "$job" FAILED && [ "$jobs" -lt 6 ]; do
  job=$(next_of "$job")
  jobs=$((jobs + 1))
done
check "$name: its last one, the $jobs., completes" state_is "$job" COMPLETED
check "$name: it took more than one" [ "$jobs" -ge 2 ]
ended_as "$name: the next, which is not needed," "$(next_of "$job")" CANCELLED 60
check "$name: the results" same_results limit.kiln limit.here.kiln

ends_in_the_next() { # ends_in_the_next NAME JOB STATE RUN LIKE: JOB ends as STATE, the next one completes
  local next
  ended_as "$1" "$2" "$3" 120
  check "$1: kiln says that it goes on" grep -q 'the job goes on: [0-9]* of [0-9]* units are committed' "kiln-$2.log"
  next=$(next_of "$2")
  ended_as "$1: the next job, $next," "$next" COMPLETED 120
  ended_as "$1: the one after it, which is not needed," "$(next_of "$next")" CANCELLED 60
  check "$1: the results" same_results "$4.kiln" "$5"
}

name="commands that still run at the time limit"
job=$(submit --chain -N 1 --time 1 "${until_slurm_ends_it[@]}" --out late.kiln late.txt 2>/dev/null)
ends_in_the_next "$name" "$job" TIMEOUT late late.here.kiln

name="a chain that hands on no variables, and gets nowhere"
job=$(submit --chain --export NONE -N 1 --time 10:00 --grace 1s --out none.kiln sleep 600 ::: 1 2 2>/dev/null)
for start in 1 2 3; do
  await 60 "$name: its start $start" runs_in none.kiln "$job" || true
  scancel --signal=USR1 --batch "$job"
  ended_as "$name: its start $start" "$job" FAILED 60
  if [ "$start" -lt 3 ]; then
    check "$name: it goes on ($start of 3)" grep -q "none since its last start ($start of 3)" "kiln-$job.log"
    job=$(next_of "$job")
  fi
done
check "$name: after three it does not" grep -q '3 starts in a row got nowhere' "kiln-$job.log"
ended_as "$name: the next one" "$(next_of "$job")" CANCELLED 30

name="a job that may not go back into the queue"
job=$(submit -N 1 --time 10:00 --checkpoint-every 1s --grace 1s --out refused.kiln tasks.txt 2>/dev/null)
await 60 "$name: units" has_done refused.kiln 10 || true
scontrol update JobId="$job" Requeue=0
scancel --signal=USR1 --batch "$job"
ended_as "$name" "$job" FAILED 60
next=$(sed -n 's/.*does not put the job back: job \([0-9]*\) goes on in its place$/\1/p' "kiln-$job.log")
ended_as "$name: job ${next:-none} in its place" "${next:-0}" COMPLETED 120
check "$name: the results" same_results refused.kiln here.kiln

# Of the options behind sbatch.
asked_for() { scontrol show job "$1" | grep -ow -e 'JobName=[^ ]*' -e 'TimeLimit=[^ ]*' -e 'Account=[^ ]*' -e 'Features=[^ ]*' -e 'Comment=.*' \
  -e 'MinMemoryNode=[^ ]*' -e 'NumNodes=[^ ]*' -e 'MailUser=[^ ]*' -e 'MailType=[^ ]*' -e 'Licenses=[^ ]*' -e 'OverSubscribe=[^ ]*' \
  -e 'ExcNodeList=[^ ]*' -e 'Nice=[^ ]*' -e 'Reservation=[^ ]*'; }
as_asked() { [ "$(asked_for "$1" | wc -l)" -ge 12 ] && diff <(asked_for "$1") <(asked_for "$2"); }
scontrol update nodename=n[1-3] availablefeatures=ib,fast activefeatures=ib,fast
for script in run chain; do
  name="kiln-$script.sbatch with options behind sbatch"
  job=$(sbatch --parsable --nodes=1 --time=7 --mem=300M --account=proj --constraint='ib&fast' --comment='a b' --licenses=some:1 \
    --mail-type=END --mail-user=me@x --nice=3 --exclude=n3 --job-name=mine "$here/../../slurm/kiln-$script.sbatch" \
    --checkpoint-every 1s --grace 1s --out "as-$script.kiln" tasks.txt)
  await 60 "$name: units" has_done "as-$script.kiln" 10 || true
  if [ "$script" = run ]; then scontrol update JobId="$job" Requeue=0; fi
  scancel --signal=USR1 --batch "$job"
  ended_as "$name" "$job" FAILED 60
  next=$(sed -n 's/.*does not put the job back: job \([0-9]*\) goes on in its place$/\1/p' "kiln-$job.log")
  next=${next:-$(next_of "$job")}
  ended_as "$name: job ${next:-none}" "${next:-0}" COMPLETED 120
  check "$name: job ${next:-none} was asked for as it was" as_asked "$job" "${next:-0}"
  check "$name: the results" same_results "as-$script.kiln" here.kiln
done

name="preemption"
two_partitions
job=$(submit --chain -N 2 -p low --time 10:00 --checkpoint-every 1s --out preempted.kiln tasks.txt 2>/dev/null)
await 60 "$name: units" has_done preempted.kiln 20 || true
ended_as "$name: the job that wants the nodes" "$(sbatch --parsable -N 3 -p high --wrap true)" COMPLETED 60
ends_in_the_next "$name" "$job" PREEMPTED preempted here.kiln

verdict
