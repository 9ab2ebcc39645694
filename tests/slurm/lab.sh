#!/bin/bash
# For tests in a real Slurm on this machine, which source it: `begin NODES NAME`, then checks, then `verdict`.
# Needs root and the packages slurm-wlm, munge, iproute2.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
passed=0 failed=0

# Processes that know this Slurm or this folder, and links of its network.
left_behind() {
  local file
  for file in /proc/[0-9]*/environ; do
    if { tr '\0' '\n' <"$file"; } 2>/dev/null | grep -q "=$lab/etc/slurm.conf"; then
      echo "process ${file//[^0-9]/}: $(tr '\0' ' ' <"${file%environ}cmdline" 2>/dev/null)"
    fi
  done | grep -v "process $$:" || true
  grep " $work" /proc/mounts || true
  if [ -n "$bridge" ]; then ip -o link show | grep "$bridge" || true; fi
}

finish() {
  local code=$? left
  unset SLURM_CONF
  "$here/slurm-lab" stop "$lab" || true
  left=$(left_behind)
  if [ -n "$left" ]; then echo "slurm: FAILED: left behind: $left" >&2 && code=1; fi
  if [ "$code" -eq 0 ]; then rm -rf "$work"; else echo "slurm: kept for a look: $work" >&2; fi
  exit "$code"
}

begin() { # begin NODES NAME: a Slurm, $work is an empty folder for this test
  [ "$(id -u)" = 0 ] || { echo "slurm: needs root" >&2; exit 1; }
  /usr/bin/python3 -c 'import h5py' || { echo "slurm: needs h5py (package python3-h5py), to compare results" >&2; exit 1; }
  work=$(mktemp -d "/tmp/kiln-$2-XXXXXX")
  lab=$work/lab
  trap finish EXIT
  "$here/slurm-lab" start "$1" "$lab"
  bridge=$(sed -n 's/^MODE=net .* X=\([0-9]*\) .*/slab\1/p' "$lab/lab")
  eval "$("$here/slurm-lab" env "$lab")"
}

check() { # check WHAT COMMAND…
  local what=$1
  shift
  if "$@"; then
    passed=$((passed + 1)) && echo "slurm: ok after $SECONDS s: $what"
  else
    failed=$((failed + 1)) && echo "slurm: FAILED after $SECONDS s: $what"
  fi
}

verdict() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

job_field() { scontrol show job "$1" | grep -o "\b$2=[^ ]*" | head -n 1 | cut -d= -f2-; }
has_ended() { case $(job_field "$1" JobState) in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL | PREEMPTED) ;; *) false ;; esac; }
state_is() { [ "$(job_field "$1" JobState)" = "$2" ]; }
node_is() { sinfo -h -N -n "$1" -o %T | grep -q "$2"; }
done_units() { sed -n 's/.*"done": *\([0-9]*\).*/\1/p' "$1/status.json" 2>/dev/null | head -n 1; }
has_done() { [ "$(done_units "$1" || echo 0)" -ge "$2" ] 2>/dev/null; }

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

# Jobs of the partition high take the nodes of those of the partition low, which Slurm cancels.
# shellcheck disable=SC2034
may_preempt=$'PreemptType=preempt/partition_prio\nPreemptMode=REQUEUE'
two_partitions() {
  scontrol create PartitionName=low Nodes=ALL PreemptMode=CANCEL
  scontrol create PartitionName=high Nodes=ALL PriorityTier=10
}

# More than a job of a minute can do on one node, also where Slurm ends it half a minute late, in commands that outlive
# KillWait; and options by which nobody tells kiln of the limit.
late_tasks() { seq -f "trap '' TERM; echo %g; sleep 8" 26; }
# shellcheck disable=SC2034
until_slurm_ends_it=(--until never --grace 60s --sbatch '--signal=B:CONT@1' --checkpoint-every 2s)

# When it was submitted is kept, and told with its results.
noted() {
  local job
  read -r job || return
  echo "$SECONDS" >"$work/begun.$job"
  echo "$job"
}
sbatch() { command sbatch "$@" | noted; } # with --parsable
submitted() { sed -n 's/^job \([0-9]*\) is submitted$/\1/p' | noted; }
# shellcheck disable=SC2154  # kiln: of the script
submit() { "$kiln" slurm run --submit "$@" | submitted; }
ended_as() { # ended_as NAME JOB STATE SECONDS: of a job whose log is kiln-JOB.log
  await "$4" "$1: the end of job $2" has_ended "$2" || true
  if [ -e "$work/begun.$2" ]; then
    echo "--- $1: job $2: $((SECONDS - $(cat "$work/begun.$2"))) s since it was submitted, started again $(job_field "$2" Restarts) times"
  fi
  check "$1: the job is $3" state_is "$2" "$3"
  state_is "$2" "$3" || { scontrol show job "$2"; cat "kiln-$2.log" || true; }
}

# Said with the results: the seconds of the work, had nothing come between, and how many units needed another attempt.
undisturbed() { # undisturbed RUN_DIR
  /usr/bin/python3 - "$1/results.h5" <<'PY' || true
import h5py, sys
with h5py.File(sys.argv[1], "r") as f:
    if "units/seconds" in f and "units/rank" in f and "units/attempts" in f:
        units = f["units"]
        workers, seconds = len(set(units["rank"][:])), float(units["seconds"][:].sum())
        again = int((units["attempts"][:] > 1).sum())
        print(f"--- {sys.argv[1]}: undisturbed {seconds / workers:.0f} s ({workers} workers); {again} units of {len(units['seconds'])} took more than one attempt")
PY
}

# What must be the same however the run went: no times, ranks, hosts, attempts.
facts() { # facts RUN_DIR
  /usr/bin/python3 - "$1/results.h5" <<'PY'
import h5py, hashlib, sys
count = 0
skip = {"rank", "host", "start", "seconds", "attempts", "max_rss", "user", "system"}
total = hashlib.sha256()
def add(name, item):
    global count
    parts = name.split("/")
    if not isinstance(item, h5py.Dataset) or parts[0] in ("batches", "stages") or parts[-1] in skip:
        return
    values = item.asstr()[:].tolist() if h5py.check_string_dtype(item.dtype) else item[()].tobytes()
    count += item.size
    total.update(repr((name, item.shape, values)).encode())
with h5py.File(sys.argv[1], "r") as f:
    f.visititems(add)
if count == 0:
    sys.exit(f"{sys.argv[1]}: nothing to compare")
print(total.hexdigest(), count)
PY
}
same_results() {
  local one other
  undisturbed "$1"
  one=$(facts "$1") && other=$(facts "$2") && [ -n "$one" ] && [ "$one" = "$other" ]
}
