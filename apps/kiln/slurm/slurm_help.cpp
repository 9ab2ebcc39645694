#include "slurm/slurm_help.hpp"

namespace kiln::cli {

std::string_view slurm_usage() {
  return R"(Makes batch scripts for Slurm, submits them, and tells a job whether to go on.

Usage: kiln slurm run [OPTIONS] TASKS           print or submit a job for it
       kiln slurm again [OPTIONS] DIR           shall a job that ended go on?
       kiln slurm watch [OPTIONS] DIR &         for scripts: lose no first node
       kiln slurm script run|array|program|chain     print a ready script
       kiln slurm convert old.sbatch > new.sbatch    a job array, as one job
       kiln slurm --estimate [OPTIONS] [DIR]    how many nodes, for how long?
)";
}

std::string_view slurm_footer() {
  return R"(kiln slurm run --help has the options, and so on. Inside an allocation kiln run
takes all of it without any of this; kiln help cluster has more.

Examples:
  kiln slurm run -N 4 --time 2:00:00 tasks.txt
  kiln slurm run -N 4 --time 2:00:00 --submit tasks.txt
  kiln slurm --estimate --units 100000 few.kiln
)";
}

std::string_view slurm_run_usage() {
  return R"(Prints a batch script that runs kiln run on whole nodes, goes on in a next job
where its time limit or the loss of a node has ended it, and stops when
everything is done. Takes the options of kiln run and those of sbatch.

Usage: kiln slurm run [OPTIONS] TASKS
       kiln slurm run [OPTIONS] COMMAND ::: VALUES
       kiln slurm run [OPTIONS] --array 1-1000 COMMAND
)";
}

std::string_view slurm_run_footer() {
  return R"(
All other long options of sbatch are passed on, too, and -b -c -d -D -e -H -L -M
-m -O -s -S -F -w -x -B -G. -n, -o, -a, -C, -q and --batch are those of kiln run;
that of sbatch: --sbatch '--batch=LIST'. What this Slurm's partitions allow is
checked, where a Slurm answers.

Exit codes: 0 printed or submitted; 2 usage, or more than the partition allows;
  3 there is no Slurm, or it did not take the job, or a file cannot be read.

Examples:
  kiln slurm run -N 4 --time 2:00:00 -A bio --retries 2 tasks.txt > job.sbatch
  kiln slurm run -N 4 --time 2:00:00 --submit tasks.txt
  kiln slurm run --time 1-0 --mem 0 --submit --array 1-1000 ./job.sh
)";
}

std::string_view slurm_again_usage() {
  return R"(Says whether a job whose run has ended shall go on in a next one, and why: it
stopped early, something is left to do, and of the last three starts one got
somewhere. For scripts: those that kiln makes ask it at their end.

Usage: kiln slurm again [OPTIONS] DIR
       kiln slurm again [OPTIONS] what stood behind kiln run
       kiln slurm again [OPTIONS] --program PROGRAM WORDS
)";
}

std::string_view slurm_again_footer() {
  return R"(It notes in the run directory (slurm.json) how far the work was. It counts anew
in a job with another id, unless KILN_CHAIN names the first of a chain of jobs.

Exit codes: 0 go on; 1 do not; 2 usage.

Example: in a batch script
  kiln slurm again --code "$?" tasks.kiln && scontrol requeue "$SLURM_JOB_ID"
)";
}

std::string_view slurm_watch_usage() {
  return R"(For batch scripts, in the background: up to three other nodes of the job look
whether it still has its first one, where the script runs. With --no-kill Slurm
leaves a job alone that has lost it, with nobody in it, until its time limit.
Whoever sees it puts the job back into the queue. It ends with the script.

Usage: kiln slurm watch [OPTIONS] DIR &
       kiln slurm watch [OPTIONS] what stands behind kiln run &
       kiln slurm watch [OPTIONS] --program PROGRAM WORDS &
)";
}

std::string_view slurm_watch_footer() {
  return R"(A node that cannot watch, or is not heard, is reported on standard error and by
kiln status; the run goes on.

Exit codes: 0; 2 usage, or this is no Slurm job; 3 there is no srun.
)";
}

std::string_view slurm_script_usage() {
  return R"(Prints a ready batch script: run (a task file), array (a job array), program (a
program on the library), chain (for sites where jobs may not be requeued). What
it runs is given behind its name, to sbatch.

Usage: kiln slurm script NAME
)";
}

std::string_view slurm_script_footer() {
  return R"(Example:
  kiln slurm script run > kiln-run.sbatch
  sbatch --nodes=4 --time=2:00:00 kiln-run.sbatch tasks.txt
)";
}

std::string_view slurm_convert_usage() {
  return R"(Prints a batch script that runs the job array of an old one in one job: the old
script, unchanged, once for each index. Its #SBATCH lines become options of kiln
run and lines of the new one; lines that kiln does not know are taken over. What
has no counterpart is said in the new script, and on standard error.

Usage: kiln slurm convert FILE
)";
}

std::string_view slurm_convert_footer() {
  return R"(Exit codes: 0 printed; 2 usage; 3 FILE cannot be read, or is no job array.

Example:
  kiln slurm convert old.sbatch > new.sbatch
)";
}

}  // namespace kiln::cli
