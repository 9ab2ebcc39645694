#!/bin/bash
# limits.sh KILN: what a real Slurm of three nodes would never start is refused before, and what Slurm lets wait so is refused
# for that reason; units that no job is long enough for are named; kiln status knows jobs that have not begun. Needs root and
# the packages slurm-wlm, munge, iproute2.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
# shellcheck source=tests/slurm/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
begin 3 limits
cd "$work"
export KILN=$kiln

scontrol create PartitionName=short Nodes=n1 MaxTime=5 MaxMemPerNode=500
scontrol create PartitionName=two Nodes=ALL MinNodes=2
scontrol create PartitionName=acc Nodes=ALL AllowAccounts=foo
scontrol create PartitionName=narrow Nodes=ALL MaxCPUsPerNode=1
seq -f 'echo %g' 20 >tasks.txt

# refused WHAT WORDS…: kiln says WHAT; never_starts WORDS…: so does Slurm, which lets the job wait.
refused() { ! "$kiln" slurm run --submit "${@:2}" tasks.txt >refused.log 2>&1 && grep -q -e "$1" refused.log; }
never_starts() {
  local job
  job=$(sbatch --parsable --output=/dev/null "$@" --wrap true) || return
  await 20 "a reason for job $job" has_reason "$job" || return
  scancel "$job"
}
has_reason() { squeue -h -j "$1" -o %r | grep -Eq 'Partition|MaxMem|account'; }
agree() { # agree NAME WHAT WORDS…
  check "$1: kiln refuses it" refused "$2" "${@:3}"
  check "$1: Slurm would never start it" never_starts "${@:3}"
}
agree "a time limit" 'allows: 0:05:00' -p short -t 10
agree "memory of a node" 'allows: 500M' -p short -t 1 --mem 600
agree "memory of its CPUs" '600M of memory a node' -p short -t 1 -N 1 --exclusive --mem-per-cpu 300 --ntasks-per-node 2
agree "too few nodes" 'must have in partition two: 2' -p two -N 1
agree "an account" 'takes no jobs of account bar' -p acc -A bar
agree "too many CPUs" '4 CPUs are more than a job may have in partition narrow: 3' -p narrow --ntasks 4
check "too many CPUs of a node" refused 'a job has 2 CPUs on a node of partition lab at most' --cpus-per-unit 4
check "no GPUs" refused 'no node of partition lab has a GPU' --gpus-per-unit 1
check "nothing was submitted" [ -z "$(squeue -h)" ]

name="a partition of five minutes"
job=$(submit -p short tasks.txt 2>short.log)
check "$name: is told" grep -q 'the job gets --time 0:05:00' short.log
check "$name: so is the memory" grep -q 'the job gets --mem 500M' short.log
ended_as "$name" "$job" COMPLETED 60

name="a job that has not begun"
job=$(submit --hold -t 1 --chain --grace 2s --out held.kiln sleep 200 ::: 1 2 2>/dev/null)
check "$name: kiln status shows it" grep -q "job  *$job: PENDING (JobHeldUser)" <("$kiln" status held.kiln)
scontrol release "$job"
name="a chain whose units take longer than its jobs"
await 60 "$name: it runs" state_is "$job" RUNNING || true
for start in 1 2 3; do
  next=
  await 60 "$name: the next job" grep -qs 'waits in case' "kiln-$job.log" || true
  next=$(sed -n 's/^kiln: job \([0-9]*\) waits.*/\1/p' "kiln-$job.log" | head -n 1)
  scontrol hold "$next"
  ended_as "$name: its start $start" "$job" FAILED 150
  check "$name: its log says it" grep -q 'unit [01] was cut off after [0-9.]* s, most of the time that the job had' "kiln-$job.log"
  if [ "$start" = 3 ]; then break; fi
  check "$name: kiln status knows the next job" grep -q "next: the job $next goes on with it" <("$kiln" status held.kiln)
  job=$next
  scontrol release "$job"
done
check "$name: the last one says why" grep -q 'got nowhere; 0 of 2 units are committed: unit [01] was cut off' "kiln-$job.log"
check "$name: the next one is over" await 30 "$next" state_is "$next" CANCELLED
"$kiln" slurm run -t 1 --out held.kiln sleep 200 ::: 1 2 >again.sbatch 2>again.log
check "$name: it is said before the next one" grep -q 'in the last job unit [01] was cut off' again.log

verdict
