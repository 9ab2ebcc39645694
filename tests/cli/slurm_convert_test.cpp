#include "slurm/convert.hpp"

#include "slurm/output_names.hpp"
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
  EXPECT_THAT(made.script, HasSubstr("\"$kiln\" run --out old.kiln --mem-per-unit 2GiB -n 50 --timeout 600s "
                                     "--output-files 'logs/old_{index}.{stream}' --array 1-1000 "
                                     "env SLURM_CPUS_PER_TASK=1 /bin/bash old.sbatch &\n"));
  EXPECT_THAT(made.script, HasSubstr("slurm again --code \"$code\" --out old.kiln --mem-per-unit 2GiB -n 50"));
  for (const char* line : {"--job-name=sweep", "--account=\"my project\"", "--mail-type=END", "--requeue"}) {
    EXPECT_THAT(made.script, HasSubstr("\n#SBATCH " + std::string(line) + "\n"));
  }
  for (const char* gone :
       {"#SBATCH --mem=2G", "#SBATCH --output=logs", "--qos", "#SBATCH --time=00:10:00", "%50", "--job-name=old"}) {
    EXPECT_THAT(made.script, Not(HasSubstr(gone)));
  }
  EXPECT_THAT(all(made.notes),
              HasSubstr("--output=logs/%A_%a.out: the output of each task is in logs/old_{index}.{stream}"));
  EXPECT_THAT(made.script, HasSubstr("\n# - line 10: srun starts one process on the node of the task"))
      << "the notes stand in the script";
  EXPECT_THAT(all(made.notes), HasSubstr("--mem=2G: "));
  EXPECT_THAT(all(made.notes), HasSubstr("line 10: srun"));
  EXPECT_THAT(all(made.notes), Not(HasSubstr("cpus-per-task")));
}

// The words of kiln run behind --out.
std::string words(const std::string& lines) {
  const std::string script = converted("#SBATCH -a 1-9\n" + lines).script;
  const std::size_t at = script.find("--out old.kiln ", script.find("slurm again --code")) + 15;
  return script.substr(at, script.find(" || return", at) - at);
}
std::string notes(const std::string& lines) { return all(converted("#SBATCH -a 1-9\n" + lines).notes); }
const std::string kRest = "--array 1-9 /bin/bash old.sbatch";

TEST(Convert, WhatATaskHadForItselfItHas) {
  EXPECT_EQ(words("#SBATCH -c 4 --mem=2G --gres=gpu:1\n"),
            "--cpus-per-unit 4 --gpus-per-unit 1 --mem-per-unit 2GiB --array 1-9 env SLURM_CPUS_PER_TASK=4 /bin/bash "
            "old.sbatch");
  EXPECT_EQ(words("#SBATCH --mem-per-cpu=1500 --cpus-per-task=2\n"),
            "--cpus-per-unit 2 --mem-per-unit 3000MiB --array 1-9 env SLURM_CPUS_PER_TASK=2 /bin/bash old.sbatch");
  EXPECT_EQ(words("#SBATCH --gpus-per-task=a100:2 --cpus-per-gpu=8 --mem-per-gpu=1T\n"),
            "--cpus-per-unit 16 --gpus-per-unit 2 --mem-per-unit 2TiB " + kRest);
  EXPECT_EQ(words("#SBATCH --nodes=1 --ntasks=1 --gres=gpu,license:3 -G 1\n"), "--gpus-per-unit 1 " + kRest);
  EXPECT_EQ(words("#SBATCH --gres=license:3 --gpus=0\n"), kRest);
  const Converted made = converted("#SBATCH -a 1-9 --mem=2G --gpus=2\n");
  for (const char* line : {"--mem=0", "--gpus-per-node=2", "--exclusive"}) {
    EXPECT_THAT(made.script, HasSubstr("\n#SBATCH " + std::string(line) + "\n"));
  }
  EXPECT_THAT(made.script, Not(HasSubstr("#SBATCH --gpus=2")));
  EXPECT_THAT(all(made.notes), HasSubstr("--mem=2G: a task with more than 2GiB is ended"));
  EXPECT_THAT(all(made.notes), HasSubstr("--gpus=2: each task gets 2 of the GPUs"));
  EXPECT_THAT(notes("#SBATCH -c 4\n"), Not(HasSubstr("cpus-per-task")));
  EXPECT_THAT(notes("#SBATCH --mem=0\n"), HasSubstr("all memory of its node"));
  EXPECT_THAT(notes("#SBATCH --exclusive\n"), HasSubstr("each task had a node for itself"));
}

TEST(Convert, AProgramOfSeveralProcessesStaysOne) {
  EXPECT_EQ(words("#SBATCH --ntasks=16\nsrun ./x\n"),
            "--cpus-per-unit 16 --array 1-9 env SLURM_NTASKS=16 /bin/bash old.sbatch");
  EXPECT_THAT(words("#SBATCH -N 1 --ntasks-per-node=4 -c 2\n"), HasSubstr("--cpus-per-unit 8 "));
  const std::string said = notes("#SBATCH --ntasks=16\nsrun ./x\n");
  EXPECT_THAT(said,
              HasSubstr("--ntasks=16: each task was a program of 16 processes: srun, or mpirun -n 16, starts them"));
  EXPECT_THAT(said, HasSubstr("srun starts 16 processes on the node of the task"));
  EXPECT_THAT(said, Not(HasSubstr("left out")));
  EXPECT_THAT(notes("/opt/slurm/bin/srun ./x\n"), HasSubstr("srun by its path waits for CPUs"));
  const std::string many = notes("#SBATCH --nodes=2-4\nsrun ./x\n");
  EXPECT_THAT(many, HasSubstr("--nodes=2-4: each task had several nodes"));
  EXPECT_THAT(many, HasSubstr("a job of its own: sbatch old.sbatch"));
  EXPECT_THAT(many, Not(HasSubstr("srun starts")));
}

TEST(Convert, AsManyAtATimeAsFit) {
  const Converted made = converted("#SBATCH -a 1-99%50 -c 4\n");
  EXPECT_THAT(made.script, Not(HasSubstr("-n 50 --")));
  EXPECT_THAT(all(made.notes), HasSubstr("more than 50, and too many: -n 50 behind run"));
  EXPECT_THAT(converted("#SBATCH -a 0-99:3,200\n").script, HasSubstr("--array 0-99:3,200 /bin/bash old.sbatch"));
}

TEST(Convert, TheScriptIsStartedByTheProgramThatItNames) {
  const auto started = [](const std::string& first_line, const std::string& name = "old.sbatch") {
    const std::string script = convert_array(name, first_line + "#SBATCH -a 1-4\n", "kiln").script;
    const std::size_t at = script.find("--array 1-4 ", script.find("slurm again --code")) + 12;
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

TEST(Convert, TheJobHasTimeForItsLongestTask) {
  const Converted made = converted("#SBATCH -a 1-4 --time=2-0\n");
  EXPECT_THAT(made.script, HasSubstr("\n#SBATCH --time=2-00:10:00\n"));
  EXPECT_THAT(made.script, HasSubstr(" --timeout 172800s "));
  EXPECT_THAT(all(made.notes), HasSubstr("--time=2-0: the job gets 2-00:10:00, so that a task"));
  EXPECT_THAT(all(made.notes), HasSubstr("--time=2-00:10:00 is of the whole job"));
  EXPECT_THAT(converted("#SBATCH -a 1-4 --time=3:50:00\n").script, HasSubstr("\n#SBATCH --time=04:00:00\n"));
  EXPECT_THAT(converted("#SBATCH -a 1-4 --time=3:50:01\n").script, HasSubstr("\n#SBATCH --time=4:00:01\n"));
  const Converted unlimited = converted("#SBATCH -a 1-9 -t 0\n");
  EXPECT_THAT(unlimited.script, Not(HasSubstr("--timeout")));
  EXPECT_THAT(all(unlimited.notes), HasSubstr("--time=0: each task must end within one job"));
}

TEST(Convert, TakesOverWhatItDoesNotKnow) {
  const Converted made = converted(
      "#SBATCH --tres-per-task=cpu:4 --array=1-9 -A bio\n#SBATCH --stepmgr\n#SBATCH --batch=knl --acctg-freq=30 "
      "--network=x --wait-all-nodes=1 --ignore-pbs\n#SBATCH --oom-kill-step 1\n");
  for (const char* line : {"--tres-per-task=cpu:4", "--stepmgr", "--batch=knl", "--oom-kill-step 1", "--account=bio",
                           "--acctg-freq=30", "--network=x", "--wait-all-nodes=1", "--ignore-pbs"}) {
    EXPECT_THAT(made.script, HasSubstr("\n#SBATCH " + std::string(line) + "\n"));
  }
  EXPECT_THAT(all(made.notes),
              HasSubstr("old.sbatch:2: kiln does not know --tres-per-task=cpu:4: taken over as it is"));
  EXPECT_THAT(all(made.notes), Not(HasSubstr("--acctg-freq")));
}

TEST(Convert, OutputsOfTasksHaveTheirNames) {
  const auto pattern = [](const char* name) { return output_pattern(name, "old", "job"); };
  EXPECT_EQ(pattern("logs/%A_%a.out"), "logs/old_{index}.{stream}");
  EXPECT_EQ(pattern("%x-%04a.log"), "job-{index:04}.log");
  EXPECT_EQ(pattern("%j"), "{index}");
  EXPECT_EQ(pattern("%j_%a{}%%"), "old_{index}{{}}%");
  EXPECT_EQ(pattern("all.log"), std::nullopt) << "one file of all";
  EXPECT_EQ(pattern("%N-%a"), std::nullopt) << "nobody knows it before";
  const std::string said = notes("#SBATCH -o o/%a.txt -e e/%a.txt\n");
  EXPECT_THAT(said, HasSubstr("--error=e/%a.txt: standard error is beside standard output"));
}

TEST(Convert, RefusesWhatIsNoArray) {
  EXPECT_THAT(complaint("#SBATCH -N 1\necho\n"), HasSubstr("no #SBATCH --array"));
  EXPECT_THAT(complaint("echo\n#SBATCH --array=1-9\n"), HasSubstr("no #SBATCH --array")) << "sbatch stops at a command";
  EXPECT_THAT(complaint("#SBATCH --array=9-1\n"), HasSubstr("old.sbatch: --array"));
  EXPECT_THAT(complaint("#SBATCH --array=1-9%x\n"), HasSubstr("% takes a number"));
  EXPECT_THAT(complaint("\n#SBATCH --arry=1-9\n"), HasSubstr("no #SBATCH --array"));
  EXPECT_THAT(complaint("\n#SBATCH --nodes\n"), HasSubstr("old.sbatch:3: --nodes"));
  EXPECT_THAT(complaint("#SBATCH --array=1-9\n#SBATCH --time=2h\n"), HasSubstr("as Slurm writes it"));
  EXPECT_THAT(complaint("#SBATCH --array=1-9 -c many\n"), HasSubstr("old.sbatch: --cpus-per-task=many: a number"));
  EXPECT_THAT(complaint("#SBATCH --array=1-9 --mem=lots\n"), HasSubstr("old.sbatch: --mem=lots: a number"));
  EXPECT_THAT(complaint("#SBATCH job --array=1-9\n"), HasSubstr("'job' is no option"));
}

TEST(Convert, LinesAsSbatchReadsThem) {
  EXPECT_THAT(sbatch_line_words("-J a\t--comment=\"b c\" 'd e'\\ f # g"),
              ElementsAre("-J", "a", "--comment=b c", "d e f"));
  EXPECT_THAT(sbatch_line_words("  "), ElementsAre());
}

}  // namespace
}  // namespace kiln::cli
