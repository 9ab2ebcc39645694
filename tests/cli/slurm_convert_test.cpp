#include "slurm/convert.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Converted converted(const std::string& lines) { return convert_array("old.sbatch", "#!/bin/bash\n" + lines, "kiln"); }
std::string complaint(const std::string& lines) {
  return refusal_of(ExitCode::bad_input, [&] { converted(lines); });
}
std::string all(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) text += note + "\n";
  return text;
}

TEST(Convert, AnArrayBecomesOneJob) {
  const Converted made = converted(
      "#SBATCH -J sweep\n#SBATCH --array=1-1000%50   # fifty at a time\n#SBATCH -t 00:10:00 -A \"my project\"\n"
      "#SBATCH -o logs/%A_%a.out\n#SBATCH --mem=2G\n#SBATCH -c 1\n#SBATCH --mail-type=END\n"
      "module load python\nsrun python3 sim.py $SLURM_ARRAY_TASK_ID\n#SBATCH --qos=ignored\n");
  EXPECT_THAT(made.script,
              HasSubstr("\"$kiln\" run --out old.kiln -n 50 --timeout 600s --array 1-1000 /bin/bash old.sbatch &\n"));
  EXPECT_THAT(made.script, HasSubstr("slurm again --code \"$code\" --out old.kiln -n 50"));
  for (const char* line : {"--job-name=sweep", "--account=\"my project\"", "--mail-type=END", "--requeue"}) {
    EXPECT_THAT(made.script, HasSubstr("\n#SBATCH " + std::string(line) + "\n"));
  }
  for (const char* gone : {"#SBATCH --mem", "%A_%a", "--qos", "#SBATCH --time=00:10:00", "%50", "--job-name=old"}) {
    EXPECT_THAT(made.script, Not(HasSubstr(gone)));
  }
  EXPECT_THAT(all(made.notes), HasSubstr("--output=logs/%A_%a.out: the output of each task is kept"));
  EXPECT_THAT(all(made.notes), HasSubstr("--mem=2G: "));
  EXPECT_THAT(all(made.notes), HasSubstr("line 10: srun"));
  EXPECT_THAT(all(made.notes), Not(HasSubstr("cpus-per-task")));
}

TEST(Convert, SaysWhatOneWorkerIsNot) {
  EXPECT_THAT(all(converted("#SBATCH -a 1-9\n#SBATCH -c 4\n").notes),
              HasSubstr("--cpus-per-task=4: a task has one worker"));
  EXPECT_THAT(all(converted("#SBATCH -a 1-9\n#SBATCH --gres=gpu:1\n").notes), HasSubstr("does not deal out GPUs"));
  EXPECT_THAT(converted("#SBATCH -a 0-99:3,200\n").script, HasSubstr("--array 0-99:3,200 /bin/bash old.sbatch"));
  EXPECT_THAT(converted("#SBATCH -a 1-9 -t 0\n").script, Not(HasSubstr("--timeout")));
}

TEST(Convert, TheScriptIsStartedByTheProgramThatItNames) {
  const auto started = [](const std::string& first_line, const std::string& name = "old.sbatch") {
    const std::string script = convert_array(name, first_line + "#SBATCH -a 1-4\n", "kiln").script;
    const std::size_t at = script.find("--array 1-4 ") + 12;
    return script.substr(at, script.find(" || return", at) - at);
  };
  EXPECT_EQ(started("#!/usr/bin/python3\n"), "/usr/bin/python3 old.sbatch");
  EXPECT_EQ(started("#! /bin/bash  -l \r\n"), "/bin/bash -l old.sbatch");
  EXPECT_EQ(started("#!/usr/bin/env -S python3 -u\n"), R"('/usr/bin/env '\''-S python3 -u'\'' old.sbatch')");
  EXPECT_EQ(started("#!\n"), "bash old.sbatch");
  EXPECT_EQ(started(""), "bash old.sbatch");
  EXPECT_EQ(started("#!/bin/sh\n", "my old.sbatch"), R"('/bin/sh '\''my old.sbatch'\''')");
}

TEST(Convert, InAnotherFolderTheScriptIsFoundAllTheSame) {
  const Converted made = converted("#SBATCH -a 1-9 -D some/where\n");
  EXPECT_THAT(made.script, HasSubstr("\n#SBATCH --chdir=some/where\n"));
  const std::string name = std::filesystem::absolute("old.sbatch");
  EXPECT_THAT(made.script, HasSubstr("--array 1-9 /bin/bash " + name + " &\n"));
  EXPECT_THAT(all(made.notes), HasSubstr("its results are there: some/where/old.kiln\n"));
}

TEST(Convert, RefusesWhatIsNoArray) {
  EXPECT_THAT(complaint("#SBATCH -N 1\necho\n"), HasSubstr("no #SBATCH --array"));
  EXPECT_THAT(complaint("echo\n#SBATCH --array=1-9\n"), HasSubstr("no #SBATCH --array")) << "sbatch stops at a command";
  EXPECT_THAT(complaint("#SBATCH --array=9-1\n"), HasSubstr("old.sbatch: --array"));
  EXPECT_THAT(complaint("#SBATCH --array=1-9%x\n"), HasSubstr("% takes a number"));
  EXPECT_THAT(complaint("\n#SBATCH --arry=1-9\n"), HasSubstr("old.sbatch:3: there is no option --arry"));
  EXPECT_THAT(complaint("#SBATCH --array=1-9\n#SBATCH --time=2h\n"), HasSubstr("as Slurm writes it"));
  EXPECT_THAT(complaint("#SBATCH job --array=1-9\n"), HasSubstr("'job' is no option"));
}

TEST(Convert, LinesAsSbatchReadsThem) {
  EXPECT_THAT(sbatch_line_words("-J a\t--comment=\"b c\" 'd e'\\ f # g"),
              ElementsAre("-J", "a", "--comment=b c", "d e f"));
  EXPECT_THAT(sbatch_line_words("  "), ElementsAre());
}

}  // namespace
}  // namespace kiln::cli
