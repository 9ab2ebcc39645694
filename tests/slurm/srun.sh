#!/bin/bash
# srun.sh KILN: commands that call srun, in a two-node Slurm on this machine, in jobs whose nodes watch each other: each step
# starts on the node of its command, at once and on the CPUs of the command, while all workers work; also in the script of a
# job array that was converted, with a request for many processes, with -n, --exclusive and MPI; a command that submits a job
# changes nothing there. Needs root and the packages slurm-wlm, munge, iproute2.
set -euo pipefail

kiln=$(readlink -f "${1:?path of kiln}")
# shellcheck source=tests/slurm/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
export SLURM_LAB_TASK_PLUGIN=task/affinity
begin 2 srun
cd "$work"
export KILN=$kiln

# printed RUN_DIR COLUMN: of all units.
printed() {
  "$kiln" results --csv "$1" | /usr/bin/python3 -c 'import csv, sys
for one in csv.DictReader(sys.stdin): print(one[sys.argv[1]], end="")' "$2"
}
# of_here RUN_DIR UNITS: each printed the node that it ran on, as that of its step, and both nodes worked.
of_here() {
  "$kiln" results --csv "$1" | /usr/bin/python3 -c 'import csv, sys
units = list(csv.DictReader(sys.stdin))
hosts = {one["host"] for one in units}
wrong = [one for one in units if set(one["stdout"].split()) != {one["host"]}]
print(len(units), "units on", *sorted(hosts), "wrong:", wrong[:3])
sys.exit(bool(wrong) or len(units) != int(sys.argv[1]) or len(hosts) != 2)' "$2"
}
lines_of() { [ "$(printed "$1" stdout | grep -c '^n[12]$')" = "$2" ]; }
lines() { seq "$1" | sed "s/.*/$2/"; }

name="srun -n1"
lines 40 'srun -n1 hostname' >n1.txt
job=$(submit -N 2 --time 10:00 n1.txt 2>/dev/null)
ended_as "$name" "$job" COMPLETED 90
check "$name: each on its own node" of_here n1.kiln 40

name="srun of a job that was asked for with processes"
lines 20 'srun hostname' >plain.txt
job=$(submit --ntasks 4 --time 10:00 plain.txt 2>/dev/null)
ended_as "$name" "$job" COMPLETED 90
check "$name: one process each" of_here plain.kiln 20
check "$name: one line each" lines_of plain.kiln 20

name="a converted array with srun"
cat >old.sbatch <<'S'
#!/bin/bash
#SBATCH --array=1-20
#SBATCH --ntasks=2
#SBATCH --time=00:05:00
srun bash -c 'hostname; sleep 0.2'
S
chmod +x old.sbatch
"$kiln" slurm convert old.sbatch >new.sbatch 2>convert.log
job=$(sbatch --parsable -N 2 new.sbatch)
ended_as "$name" "$job" COMPLETED 120
run=$(echo *old*.kiln)
check "$name: both processes of each on one node" of_here "$run" 20
check "$name: two processes each" lines_of "$run" 40

name="srun on the CPU of its unit"
lines 8 'test "$(srun -n1 taskset -cp 0 | sed s\/.*:\/\/)" = "$(taskset -cp 0 | sed s\/.*:\/\/)" \&\& hostname' >bound.txt
sed -i 's/taskset -cp 0/grep -h ^Cpus_allowed_list: \/proc\/self\/status/g' bound.txt
job=$(submit -N 2 --time 10:00 --cpus-per-unit 1 bound.txt 2>/dev/null)
ended_as "$name" "$job" COMPLETED 90
check "$name" of_here bound.kiln 8

name="other ways to call srun"
{
  lines 6 'srun --exclusive -N1 -n1 hostname \& srun --exclusive -N1 -n1 hostname \& wait'
  lines 6 'srun -n2 hostname'
  lines 6 'srun --mem=10 -c1 hostname'
  lines 6 'srun --exact -n1 bash -c "srun -n1 hostname"'
} >ways.txt
job=$(submit -N 2 --time 10:00 ways.txt 2>/dev/null)
ended_as "$name" "$job" COMPLETED 90
check "$name" of_here ways.kiln 24

name="a job that a command submits"
echo 'sbatch --parsable -n1 --wrap "srun hostname" --output inner.log' >inner.txt
job=$(submit -N 1 --time 10:00 inner.txt 2>/dev/null)
ended_as "$name" "$job" COMPLETED 60
inner=$(printed inner.kiln stdout | head -n 1)
await 60 "$name: its end" has_ended "$inner" || true
check "$name: it completes" state_is "$inner" COMPLETED
check "$name: its srun is Slurm's" grep -q '^n[12]$' inner.log

name="more processes than the node has CPUs"
echo 'srun -n8 hostname' >many.txt
job=$(submit -N 2 --time 10:00 --retries 0 many.txt 2>/dev/null)
ended_as "$name" "$job" FAILED 60
check "$name: the unit says why" grep -qi 'more processors requested' <(printed many.kiln stderr)

verdict
