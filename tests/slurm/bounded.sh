#!/bin/bash
# bounded.sh KILN: a real Slurm of two nodes on this machine, for about a minute: a job to its end, one that stops by itself
# before its time limit, one that loses a node, one of slurm/kiln-run.sbatch that is told that its limit is near. Exit code 77 (skipped) where there is no Slurm, or nobody is root; the other
# scripts here try all of it.
set -euo pipefail

skip() { echo "slurm: skipped: $*"; exit 77; }
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip "this needs root"
for tool in slurmctld slurmd sbatch munged ip unshare; do
  command -v "$tool" >/dev/null || skip "no $tool here (packages slurm-wlm, munge, iproute2)"
done

kiln=$(readlink -f "${1:?path of kiln}")
# shellcheck source=tests/slurm/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
unshare --pid --mount --uts --net --fork true 2>/dev/null || skip "no namespaces here"
begin 2 bounded
cd "$work"
export KILN=$kiln

seq -f 'echo %g; sleep 0.1' 150 >tasks.txt
seq -f 'echo %g; sleep 1' 40 >long.txt
"$kiln" run -n 30 --out here.kiln tasks.txt 2>here.log
"$kiln" run -n 40 --out long.here.kiln long.txt 2>>here.log

name="a job"
job=$("$kiln" slurm run --submit -N 2 --time 10:00 tasks.txt 2>/dev/null | sed -n 's/^job \([0-9]*\) is submitted$/\1/p')
await 60 "$name: its end" has_ended "$job" || true
check "$name: it completes" state_is "$job" COMPLETED
check "$name: the results" same_results tasks.kiln here.kiln

ready="kiln-run.sbatch, told that its limit is near"
signalled=$(sbatch --parsable --nodes=1 "$here/../../slurm/kiln-run.sbatch" --checkpoint-every 1s --grace 2s --out signalled.kiln tasks.txt)
name="a limit that nobody signals"
job=$(sbatch --parsable --nodes=1 --time=10 --output=until.log --wrap \
  "$kiln run -n 2 --until 12s --grace 2s --out until.kiln long.txt; echo code \$?")
await 30 "$ready: units" has_done signalled.kiln 20 || true
scancel --signal=USR1 --batch "$signalled"
await 60 "$name: its end" has_ended "$job" || true
check "$name: it ends with 75" grep -q '^code 75$' until.log
check "$name: it says why" grep -q 'stopped before the time limit' until.log
"$kiln" run -n 40 --out until.kiln long.txt 2>>until.log
check "$name: the rest, and the results" same_results until.kiln long.here.kiln

await 60 "$ready: its end" has_ended "$signalled" || true
check "$ready: it completes" state_is "$signalled" COMPLETED
check "$ready: it was put back once" [ "$(job_field "$signalled" Restarts)" = 1 ]
check "$ready: it says why" grep -q 'the job goes on: [1-9][0-9]* of 150 units are committed' "kiln-$signalled.log"
check "$ready: the results" same_results signalled.kiln here.kiln

name="a lost node"
job=$(sbatch --parsable --nodes=2 --exclusive --no-kill --output=lost.log --wrap \
  "$kiln run --heartbeat 2s --checkpoint-every 1s --out lost.kiln tasks.txt")
await 60 "$name: units" has_done lost.kiln 20 || true
"$here/slurm-lab" kill-node 2 "$lab"
await 60 "$name: its end" has_ended "$job" || true
check "$name: the job completes" state_is "$job" COMPLETED
check "$name: the results" same_results lost.kiln here.kiln

verdict || { tail -n 20 ./*.log; exit 1; }
