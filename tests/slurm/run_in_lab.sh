#!/bin/bash
# run_in_lab.sh KILN: a two-node Slurm on this machine, started for this test and gone afterwards, runs
# slurm/kiln-run.sbatch: (1) a batch to its end; (2) one whose time limit comes: USR1, commit, requeue, the rest. And
# (3) a program on the library, which must give the same bits over two nodes as here.
# Needs root and the packages slurm-wlm, munge.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(readlink -f "$here/../..")
[ "$(id -u)" = 0 ] || { echo "slurm: needs root" >&2; exit 1; }
work=$(mktemp -d /tmp/kiln-slurm-XXXXXX)
lab=$work/lab
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

await_end() { # await_end JOB SECONDS: until it is neither pending nor running
  local end=$((SECONDS + $2))
  while [ "$SECONDS" -lt "$end" ]; do
    case $(job_field "$1" JobState) in
      COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) return 0 ;;
    esac
    sleep 0.5
  done
  echo "slurm: job $1 has not ended after $2 s: $(scontrol show job "$1" | tr '\n' ' ')" >&2
  return 1
}

submit() { sbatch --parsable --chdir="$work" --output="$work/%j.log" "$@"; }

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

"$here/slurm-lab" start 2 "$lab"
eval "$("$here/slurm-lab" env "$lab")"
export KILN=$kiln

seq -f 'echo %g; sleep 0.05' 200 >"$work/short.txt"
job=$(submit --nodes=2 "$root/slurm/kiln-run.sbatch" short.txt)
await_end "$job" 120 || true
check "a batch over two nodes completes" [ "$(job_field "$job" JobState)" = COMPLETED ]
read -r units good ranks hosts < <(results "$work/short.kiln" || echo 0 0 0 0)
check "every unit has its result ($units, $good good, $ranks workers, $hosts hosts)" [ "$units $good" = "200 200" ]
check "both nodes worked" [ "$hosts" = 2 ]

# Two minutes of work, and a time limit of one: the signal comes up to 30 s before it is asked for.
seq -f 'echo %g; sleep 1' 240 >"$work/long.txt"
sed 's/B:USR1@120/B:USR1@15/' "$root/slurm/kiln-run.sbatch" >"$work/kiln-run.sbatch"
job=$(submit --nodes=1 --time=1 "$work/kiln-run.sbatch" --checkpoint-every 5s long.txt)
await_end "$job" 420 || true
check "a job that met its time limit goes on and completes" [ "$(job_field "$job" JobState)" = COMPLETED ]
check "it was put back into the queue" [ "$(job_field "$job" Restarts)" -ge 1 ]
read -r units good ranks hosts < <(results "$work/long.kiln" || echo 0 0 0 0)
check "every unit has one result ($units, $good good)" [ "$units $good" = "240 240" ]

# A program starts mpirun itself in the allocation, or is started by hand with it.
program() { # program NAME WORDS…
  local job
  job=$(sbatch --parsable --chdir="$work" --nodes=2 --exclusive --output="$work/$1.out" --error="$work/$1.log" --wrap "${*:2}")
  await_end "$job" 180 || true
  [ "$(job_field "$job" JobState)" = COMPLETED ]
}
montecarlo=$(dirname "$kiln")/montecarlo
check "a program completes over two nodes" program itself "$montecarlo" --out itself.kiln
check "so it does under an mpirun by hand" program byhand \
  env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
  mpirun --bind-to none --mca pml ob1 --mca btl self,vader,tcp "$montecarlo" --out byhand.kiln
check "and under srun" program srun srun --mpi=pmix --ntasks-per-node=2 "$montecarlo" --out srun.kiln
(cd "$work" && "$montecarlo" -n 1 --out here.kiln >here.out 2>here.log)
for name in itself byhand srun; do
  check "$name: the bits of a run on one host" cmp "$work/here.out" "$work/$name.out"
done

for log in "$work"/*.log; do echo "--- $(basename "$log")"; tail -n 12 "$log"; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
