#include "gnu_options.hpp"

#include <array>
#include <sstream>

namespace kiln::cli {
namespace {

struct Habit {
  const char* names;  // with blanks between
  const char* way;
};

constexpr std::array kHabits{
    Habit{"--joblog --jl", "every result is kept; afterwards: kiln export DIR --joblog FILE"},
    Habit{"--results --res --files",
          "output is kept in results.h5 (kiln results DIR); as files: --output-files PATTERN"},
    Habit{"--resume --resume-failed --retry-failed",
          "the same command again goes on where it stopped; what failed runs again with: kiln retry DIR"},
    Habit{"--halt --halt-on-error -H", "to stop at the first failure: --max-failures 1"},
    Habit{"-k --keep-order", "results are kept in order; output in order while it runs: --print ordered"},
    Habit{"-u --ungroup --group --line-buffer --linebuffer --lb --tag --tagstring",
          "output is kept for each unit; to see it while it runs: --print grouped"},
    Habit{"--bar --eta", "the bar: --progress bar"},
    Habit{"-P --max-procs", "the number of workers: -n N"},
    Habit{"-m -X -N -L -l -s -x --xargs --max-args --max-replace-args --max-lines --max-chars",
          "each command gets one value of each source; for several: lines of several columns and --colsep"},
    Habit{"--pipe --pipepart --pipe-part --spreadstdin --block --block-size --cat --fifo --tee --recstart --recend",
          "standard input is not cut into pieces; split it into files and give these: kiln run COMMAND ::: FILES"},
    Habit{"-S --sshlogin --slf --sshloginfile --transfer --transferfile --trc --return --cleanup --onall --nonall",
          "other machines are reached through MPI: in a Slurm allocation, or with mpirun --hostfile HOSTS kiln run …"},
    Habit{"--wd --workdir", "commands run in the working directory of kiln run, on every node: cd there first"},
    Habit{"--env", "commands see the environment of kiln run, on every node"},
    Habit{"--link --xapply", "sources are linked by :::+, as in: ::: a b :::+ 1 2"},
    Habit{"-I -i --replace --rpl --plus --parens",
          "the replacement strings are {} {.} {/} {//} {/.} {#} and the same with a position: {1} {1.} {-1/}"},
    Habit{"--csv --trim", "columns: --colsep REGEX; white space around them is removed"},
    Habit{"-d --delimiter -E", "values of files stand one a line, or end in NUL (-0)"},
    Habit{"--quote", "a command is the shell's; quote it once more to keep words together"},
    Habit{"-r --no-run-if-empty", "without values nothing is run: leave it out"},
    Habit{"--shuf", "units run in the order given: shuf FILE | kiln run COMMAND :::: -"},
    Habit{"--termseq", "a unit past its time gets SIGTERM, and SIGKILL after --grace"},
    Habit{"--tmpdir --tempdir", "set TMPDIR"},
    Habit{"--tmux --fg --tmuxpane", "to watch a run: kiln status --watch DIR"},
    Habit{"--will-cite --citation --gnu --no-notice", "leave it out"},
    Habit{"--dryrun", "meant: --dry-run"},
    Habit{"--delay --load --memfree --noswap --nice --limit --semaphore --sql --sqlmaster --sqlworker --profile -J",
          "there is nothing like it; all there is: kiln run --help"},
};

}  // namespace

const std::vector<OptionShape>& gnu_options() {
  static const std::vector<OptionShape> kAll = [] {
    std::vector<OptionShape> all;
    for (const Habit& habit : kHabits) {
      OptionShape shape;
      std::istringstream names(habit.names);
      for (std::string name; names >> name;) shape.names.push_back(name);
      shape.refusal = habit.way;
      all.push_back(std::move(shape));
    }
    return all;
  }();
  return kAll;
}

}  // namespace kiln::cli
