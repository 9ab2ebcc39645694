#!/bin/bash
# jobs.sh KILN: jobs as users submit them, in a two-node Slurm on this machine: kiln slurm run --submit, a job array, a time
# limit, also where kiln still works when it has come, preemption, scancel, a requeue from outside onto another number of nodes, two jobs on one run directory, a node that does not see the run
# directory. Each ends with the results of an undisturbed run. Needs root and the packages slurm-wlm, munge, iproute2.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
# shellcheck source=tests/slurm/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
export SLURM_LAB_CONF=$may_preempt
begin 2 jobs
cd "$work"
export KILN=$kiln

tasks() { seq -f "echo %g; sleep $2" "$1"; }
tasks 80 0.1 >short.txt
tasks 120 0.5 >long.txt
tasks 240 0.5 >limit.txt # on one node more than a job of a minute can do
late_tasks >late.txt
printf '#!/bin/bash\necho "case $SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT"\n' >job.sh
chmod +x job.sh
"$kiln" run -n 16 --out short.here.kiln short.txt 2>here.log
"$kiln" run -n 32 --out long.here.kiln long.txt 2>>here.log
"$kiln" run -n 64 --out limit.here.kiln limit.txt 2>>here.log
"$kiln" run -n 26 --out late.here.kiln late.txt 2>>here.log
"$kiln" run -n 4 --out array.here.kiln --array 1-40 ./job.sh 2>>here.log

name="submitted by kiln"
job=$(submit -N 2 --time 10:00 short.txt 2>/dev/null)
ended_as "$name" "$job" COMPLETED 90
check "$name: the results" same_results short.kiln short.here.kiln
check "$name: kiln says that it is over" grep -q 'does not go on: all is done' "kiln-$job.log"

name="a run directory that one node does not see"
mkdir shared
"$here/slurm-lab" on-node 2 "$lab" mount -t tmpfs none "$work/shared"
far() { sbatch --parsable --nodes=2 --time=5 --output=kiln-%j.log --wrap "$kiln run --out shared/far.kiln short.txt; echo code \$?"; }
job=$(far)
ended_as "$name" "$job" COMPLETED 90
check "$name: kiln ends with 4" grep -q '^code 4$' "kiln-$job.log"
check "$name: kiln says which" grep -q "n2 does not see the run directory $work/shared/far.kiln" "kiln-$job.log"
check "$name: nothing ran" [ "$("$kiln" status --json shared/far.kiln | sed -n 's/.*"committed":\([0-9]*\).*/\1/p')" = 0 ]
"$here/slurm-lab" on-node 2 "$lab" umount "$work/shared"
job=$(far)
ended_as "$name, and now sees," "$job" COMPLETED 90
check "$name, and now sees: the results" same_results shared/far.kiln short.here.kiln

name="a job array"
job=$(sbatch --parsable --nodes=2 "$here/../../slurm/kiln-array.sbatch" 1-40 ./job.sh)
ended_as "$name" "$job" COMPLETED 90
check "$name: the results" same_results job.sh.kiln array.here.kiln

name="the time limit"
job=$(submit -N 1 --time 1 --checkpoint-every 2s --out limit.kiln limit.txt 2>/dev/null)
name2="two jobs on one run directory"
await 60 "$name: units" has_done limit.kiln 2 || true
other=$(sbatch --parsable --nodes=1 --time=5 --output=kiln-%j.log --wrap "$kiln run --out limit.kiln -n 1 limit.txt")
ended_as "$name2" "$other" FAILED 60
check "$name2: the second says who has it" grep -q 'in use' "kiln-$other.log"
ended_as "$name" "$job" COMPLETED 240
check "$name: it went back into the queue" [ "$(job_field "$job" Restarts)" -ge 1 ]
check "$name: kiln said why" grep -q 'the job goes on: [0-9]* of 240 units are committed' "kiln-$job.log"
check "$name: the results" same_results limit.kiln limit.here.kiln

name="commands that still run at the time limit"
job=$(submit -N 1 --time 1 "${until_slurm_ends_it[@]}" --out late.kiln late.txt 2>/dev/null)
ended_as "$name" "$job" COMPLETED 240
check "$name: it went back into the queue" [ "$(job_field "$job" Restarts)" -ge 1 ]
check "$name: kiln said why" grep -q 'the job goes on: [0-9]* of 26 units are committed' "kiln-$job.log"
check "$name: the results" same_results late.kiln late.here.kiln

name="preemption"
two_partitions
job=$(submit -N 2 -p low --time 10:00 --checkpoint-every 1s --out preempted.kiln long.txt 2>/dev/null)
await 60 "$name: units" has_done preempted.kiln 20 || true
ended_as "$name: the job that wants a node" "$(sbatch --parsable -N 1 -p high --wrap true)" COMPLETED 60
ended_as "$name" "$job" COMPLETED 180
check "$name: it went back into the queue" [ "$(job_field "$job" Restarts)" -ge 1 ]
check "$name: kiln said why" grep -q 'the job goes on: [0-9]* of 120 units are committed' "kiln-$job.log"
check "$name: the results" same_results preempted.kiln long.here.kiln

name="scancel"
job=$(submit -N 2 --time 10:00 --checkpoint-every 1s --out cancelled.kiln long.txt 2>/dev/null)
await 60 "$name: units" has_done cancelled.kiln 20 || true
scancel "$job"
ended_as "$name" "$job" CANCELLED 60
check "$name: it is not put back" bash -c "! grep -q 'goes on' kiln-$job.log"
left=$("$kiln" status --json cancelled.kiln | sed -n 's/.*"committed":\([0-9]*\).*/\1/p')
check "$name: what was done is kept ($left units)" [ "${left:-0}" -ge 20 ]

name="scancel, then one node"
job=$(submit -N 1 --time 10:00 --out cancelled.kiln long.txt 2>/dev/null)
ended_as "$name" "$job" COMPLETED 120
check "$name: the results" same_results cancelled.kiln long.here.kiln

check "$name: nothing became a dead letter" bash -c "! grep -q failed kiln-$job.log"

name="scontrol requeue"
job=$(submit -N 2 --time 10:00 --checkpoint-every 1s --out requeued.kiln long.txt 2>/dev/null)
await 60 "$name: units" has_done requeued.kiln 20 || true
scontrol requeue "$job"
await 60 "$name: it is pending" state_is "$job" PENDING || true
scontrol update JobId="$job" NumNodes=1
ended_as "$name" "$job" COMPLETED 240
check "$name: on one node now" [ "$(job_field "$job" NumNodes)" = 1 ]
check "$name: the results" same_results requeued.kiln long.here.kiln

name="--until"
job=$(submit -N 1 --time 10:00 --until 15s --grace 1s --out until.kiln limit.txt 2>/dev/null)
ended_as "$name" "$job" FAILED 60
check "$name: it is not put back" [ "$(job_field "$job" Restarts)" = 0 ]
check "$name: kiln says how to go on" grep -q 'does not go on: --until 15s has come' "kiln-$job.log"
job=$(submit -N 1 --time 1 --until 5h --grace 1s --sbatch '--signal=B:CONT@1' --out later.kiln limit.txt 2>/dev/null)
ended_as "$name, later than the job's end" "$job" COMPLETED 300
check "$name, later than the job's end: kiln stops by itself, and goes on" grep -q 'stopped before the time limit' "kiln-$job.log"
check "$name: the results" same_results later.kiln limit.here.kiln

name="a time limit that nobody signals"
job=$(sbatch --parsable --nodes=1 --time=1 --output=kiln-%j.log --wrap "$kiln run --grace 2s --out alone.kiln limit.txt; echo code \$?")
ended_as "$name" "$job" COMPLETED 120
check "$name: kiln ends with 75" grep -q '^code 75$' "kiln-$job.log"
check "$name: kiln says why" grep -q 'stopped before the time limit' "kiln-$job.log"
"$kiln" run -n 64 --out alone.kiln limit.txt 2>>here.log
check "$name: the rest, and the results" same_results alone.kiln limit.here.kiln

verdict
