#!/bin/bash
# run_in_lab.sh KILN: a two-node Slurm on this machine, started for this test and gone afterwards, runs
# slurm/kiln-run.sbatch: (1) a batch to its end; (2) one whose time limit comes: USR1, commit, requeue, the rest. And
# (3) a program on the library, which must give the same bits over two nodes as here.
# Needs root and the packages slurm-wlm, munge.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
# shellcheck source=tests/slurm/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
begin 2 slurm
cd "$work"
export KILN=$kiln
scripts=$here/../../slurm

await_end() { await "$2" "the end of job $1" has_ended "$1"; } # await_end JOB SECONDS
submit() { sbatch --parsable --output=%j.log "$@"; }

# results RUN_DIR: "units successes ranks hosts attempts-at-most"
results() {
  /usr/bin/python3 - "$1/results.h5" <<'PY'
import h5py, sys
with h5py.File(sys.argv[1], "r") as f:
    units = f["units"]
    ids = units["id"][:]
    assert list(ids) == sorted(set(ids)), "a unit twice"
    print(len(ids), int((units["exit_code"][:] == 0).sum()), len(set(units["rank"][:])),
          len(set(units["host"].asstr()[:])) if "host" in units else "?")
PY
}

seq -f 'echo %g; sleep 0.05' 200 >short.txt
job=$(submit --nodes=2 "$scripts/kiln-run.sbatch" short.txt)
await_end "$job" 120 || true
check "a batch over two nodes completes" state_is "$job" COMPLETED
read -r units good ranks hosts < <(results short.kiln || echo 0 0 0 0)
check "every unit has its result ($units, $good good, $ranks workers, $hosts hosts)" [ "$units $good" = "200 200" ]
check "both nodes worked" [ "$hosts" = 2 ]

# Two minutes of work, and a time limit of one: the signal comes up to 30 s before it is asked for.
seq -f 'echo %g; sleep 1' 240 >long.txt
sed 's/B:USR1@120/B:USR1@15/' "$scripts/kiln-run.sbatch" >kiln-run.sbatch
job=$(submit --nodes=1 --time=1 kiln-run.sbatch --checkpoint-every 5s long.txt)
await_end "$job" 420 || true
check "a job that met its time limit goes on and completes" state_is "$job" COMPLETED
check "it was put back into the queue" [ "$(job_field "$job" Restarts)" -ge 1 ]
read -r units good ranks hosts < <(results long.kiln || echo 0 0 0 0)
check "every unit has one result ($units, $good good)" [ "$units $good" = "240 240" ]

# A program starts mpirun itself in the allocation, or is started by hand with it.
program() { # program NAME WORDS…
  local job
  job=$(sbatch --parsable --nodes=2 --exclusive --output="$1.out" --error="$1.log" --wrap "${*:2}")
  await_end "$job" 180 || true
  state_is "$job" COMPLETED
}
montecarlo=$(dirname "$kiln")/montecarlo
check "a program completes over two nodes" program itself "$montecarlo" --out itself.kiln
check "so it does under an mpirun by hand" program byhand \
  env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
  mpirun --bind-to none --mca pml ob1 --mca btl self,vader,tcp "$montecarlo" --out byhand.kiln
check "and under srun" program srun srun --mpi=pmix --ntasks-per-node=2 "$montecarlo" --out srun.kiln
"$montecarlo" -n 1 --out here.kiln >here.out 2>here.log
for name in itself byhand srun; do
  check "$name: the bits of a run on one host" cmp here.out "$name.out"
done

for log in *.log; do echo "--- $(basename "$log")"; tail -n 12 "$log"; done
verdict
