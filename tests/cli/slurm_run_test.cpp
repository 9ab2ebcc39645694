// kiln slurm run: what becomes of the words, the script, and what is refused.
#include "slurm/slurm_run.hpp"

#include "command_line.hpp"
#include "slurm/script.hpp"
#include "slurm/slurm_arguments.hpp"
#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Words = std::vector<std::string>;

SlurmRunCommand job(Words words) {
  words.insert(words.begin(), {"slurm", "run"});
  return std::get<SlurmRunCommand>(parse_command_line(words));
}
std::string script(const Words& words) { return script_of(job(words), "/opt/kiln", ""); }
std::string complaint(const Words& words) {
  return refusal_of(ExitCode::usage, [&] { job(words); });
}
Words doubts(const Words& words, const job::Partition* partition = nullptr) {
  return doubts_about(job(words), partition);
}

TEST(SlurmRun, PartsTheOptionsOfSbatchFromThoseOfKiln) {
  const SlurmRunCommand one = job({"-N", "4", "-n", "8", "--time=2:00:00", "-Abio", "--retries", "2", "--mail-type",
                                   "END", "--exclusive=user", "-o", "out.kiln", "tasks.txt", "--qos", "long"});
  EXPECT_THAT(one.words, ElementsAre("-n", "8", "--retries", "2", "-o", "out.kiln", "tasks.txt"));
  EXPECT_EQ(one.nodes, 4U);
  EXPECT_EQ(one.time.value(), std::chrono::hours(2));
  EXPECT_EQ(one.run.directory, "out.kiln");
  EXPECT_EQ(one.run.workers, 8U);
  Words names;
  for (const SbatchOption& option : one.options) names.push_back(sbatch_text(option));
  EXPECT_THAT(names, ElementsAre("--nodes=4", "--time=2:00:00", "--account=bio", "--mail-type=END", "--exclusive=user",
                                 "--qos=long"));
}

TEST(SlurmRun, CommandsKeepTheirOwnOptions) {
  EXPECT_THAT(job({"-N2", "gzip", "-9", "-t", ":::", "a b", "c"}).words,
              ElementsAre("gzip", "-9", "-t", ":::", "a b", "c"));
  EXPECT_THAT(job({"--array", "1-9", "./job.sh", "--time", "x"}).words,
              ElementsAre("--array", "1-9", "./job.sh", "--time", "x"));
  EXPECT_EQ(job({"--array", "1-9", "./job.sh", "--time", "x"}).time, std::nullopt);
  EXPECT_EQ(sbatch_text(job({"-b", "now+1hour", "tasks.txt"}).options.at(0)), "--begin=now+1hour");
  EXPECT_THAT(job({"--exclusive", "tasks.txt"}).words, ElementsAre("tasks.txt"));
}

TEST(SlurmRun, TheHeaderHasWhatIsNeededAndWhatWasAsked) {
  const std::string text =
      script({"-N", "4", "--time", "2:00:00", "--comment", "a \"b\" c", "--sbatch", "#SBATCH --foo=1", "tasks.txt"});
  EXPECT_THAT(text, testing::StartsWith("#!/bin/bash\n# Made by: kiln slurm run -N 4 --time 2:00:00"));
  for (const char* line :
       {"--job-name=tasks", "--nodes=4", "--exclusive", "--time=2:00:00", "--output=kiln-%j.log", "--open-mode=append",
        "--signal=B:USR1@120", "--requeue", "--no-kill", "--comment=\"a \\\"b\\\" c\"", "--foo=1"}) {
    EXPECT_THAT(text, HasSubstr("\n#SBATCH " + std::string(line) + "\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("#SBATCH --nodes=1")));
  EXPECT_THAT(text, HasSubstr("\"$kiln\" run tasks.txt &\n"));
  EXPECT_THAT(text, HasSubstr("slurm again --code \"$code\" tasks.txt || return\n"));
  EXPECT_THAT(text, HasSubstr("kiln=${KILN:-/opt/kiln}"));
}

TEST(SlurmRun, OtherWishesReplaceWhatIsUsual) {
  EXPECT_THAT(script({"--ntasks", "8", "tasks.txt"}), Not(HasSubstr("--exclusive")));
  EXPECT_THAT(script({"--ntasks", "8", "tasks.txt"}), Not(HasSubstr("#SBATCH --nodes")));
  EXPECT_THAT(script({"--no-requeue", "tasks.txt"}), Not(HasSubstr("\n#SBATCH --requeue")));
  EXPECT_THAT(script({"--output", "x.log", "tasks.txt"}), Not(HasSubstr("kiln-%j.log")));
  EXPECT_THAT(script_of(job({"tasks.txt"}), "kiln", "module load a\nmodule load b"),
              HasSubstr("\n\nmodule load a\nmodule load b\n\n# From here on"));
}

TEST(SlurmRun, WordsReachTheShellAsTheyAre) {
  const std::string text = script({"echo {}; rm 'x'\n", ":::", "a$b", "`c`"});
  EXPECT_THAT(text, HasSubstr("::: 'a$b' '`c`' &\n"));
  const std::string head = text.substr(0, text.find("#SBATCH"));
  for (std::size_t at = head.find('\n'); at + 1 < head.size(); at = head.find('\n', at + 1)) {
    EXPECT_THAT(head.substr(at + 1, 1), testing::AnyOf("#", "\n")) << head;
  }
}

TEST(SlurmRun, OtherNodesLookAfterTheFirst) {
  const std::string watch = "\n\"$kiln\" slurm watch ";
  EXPECT_THAT(script({"tasks.txt"}), HasSubstr(watch + "tasks.txt &\n"));
  EXPECT_THAT(script({"--chain", "tasks.txt"}), HasSubstr(watch + "--cancel tasks.txt &\n"));
}

TEST(SlurmRun, WhatTermMeansIsAskedOfSlurm) {
  const std::string asked = "grep -Eq 'Reason=TimeLimit|PreemptTime=[0-9]'; then\n    code=75 go_on \"$@\"\n";
  EXPECT_THAT(script({"tasks.txt"}), HasSubstr(asked + "  fi\n"));
  EXPECT_THAT(script({"--chain", "tasks.txt"}), HasSubstr(asked + "  else\n    scancel \"$next\"\n  fi\n"));
}

TEST(SlurmRun, AChainSubmitsItsNextJob) {
  const std::string text = script({"--chain", "tasks.txt"});
  EXPECT_THAT(text, HasSubstr("#SBATCH --no-requeue\n"));
  EXPECT_THAT(text, HasSubstr("--dependency=afternotok"));
  EXPECT_THAT(text, Not(HasSubstr("scontrol requeue")));
}

TEST(SlurmRun, TheWarningComesInTime) {
  EXPECT_EQ(lead_seconds(job({"tasks.txt"})), 120U);
  EXPECT_EQ(lead_seconds(job({"--grace", "5m", "tasks.txt"})), 660U);
  EXPECT_EQ(lead_seconds(job({"--time", "1", "tasks.txt"})), 15U);
  EXPECT_EQ(lead_seconds(job({"--time", "UNLIMITED", "tasks.txt"})), 120U);
}

TEST(SlurmRun, RefusesWhatNoJobCanDo) {
  EXPECT_THAT(complaint({"-"}), HasSubstr("no standard input"));
  EXPECT_THAT(complaint({"echo", ":::", "-", "::::", "-"}), HasSubstr("no standard input"));
  EXPECT_THAT(complaint({"--fresh", "tasks.txt"}), HasSubstr("remove tasks.kiln before"));
  EXPECT_THAT(complaint({"--dry-run", "echo", ":::", "a"}), HasSubstr("kiln run --dry-run"));
  EXPECT_THAT(complaint({"--wrap", "x", "tasks.txt"}), HasSubstr("--prelude"));
  EXPECT_THAT(complaint({"--sbatch", "a\nb", "tasks.txt"}), HasSubstr("one line"));
  EXPECT_THAT(complaint({"--comment", "a\nb", "tasks.txt"}), HasSubstr("one line"));
  EXPECT_THAT(complaint({"--tim", "1", "tasks.txt"}), HasSubstr("Did you mean --time"));
  EXPECT_THAT(complaint({"-N", "4x", "tasks.txt"}), HasSubstr("\n  4x\n   ^"));
  EXPECT_THAT(complaint({"-N", "0", "tasks.txt"}), HasSubstr("--nodes takes"));
  EXPECT_THAT(complaint({"--time", "2h", "tasks.txt"}), HasSubstr("\n  2h\n   ^"));
  EXPECT_THAT(complaint({"--joblog", "x", "tasks.txt"}), HasSubstr("kiln export"));
  EXPECT_THAT(complaint({}), HasSubstr("task file is missing"));
}

TEST(SlurmRun, SaysWhatMayNotBeMeantSo) {
  EXPECT_THAT(doubts({"--time", "2:00:00", "-N", "4", "--timeout", "10m", "tasks.txt"}), IsEmpty());
  EXPECT_THAT(doubts({"--timeout", "2h", "tasks.txt"}), ElementsAre(HasSubstr("never end")));
  EXPECT_THAT(doubts({"--timeout", "59m", "tasks.txt"}), ElementsAre(HasSubstr("less 120 s")));
  EXPECT_THAT(doubts({"--time", "2:00", "tasks.txt"}), ElementsAre(HasSubstr("hours are 2:00:00")));
  EXPECT_THAT(doubts({"-N", "4", "-n", "2", "tasks.txt"}), ElementsAre(HasSubstr("on 4 nodes some")));
  EXPECT_THAT(doubts({"--no-requeue", "tasks.txt"}), ElementsAre(HasSubstr("--chain")));
  EXPECT_THAT(doubts({"--signal", "USR1@60", "tasks.txt"}), ElementsAre(HasSubstr("B:USR1@SECONDS")));
  job::Partition small;
  small.name = "small";
  small.nodes = 2;
  small.cpus = 16;
  EXPECT_THAT(doubts({"-n", "9", "tasks.txt"}, &small), ElementsAre(HasSubstr("partition small have CPUs: about 8")));
  EXPECT_THAT(doubts({"-n", "9", "-N", "2", "tasks.txt"}, &small), IsEmpty());
}

TEST(SlurmRun, ReadsTheNumberOfTheJob) {
  EXPECT_EQ(job_number("4711\n"), "4711");
  EXPECT_EQ(job_number("sbatch: warning: x\n4711;cluster\n"), "4711");
  EXPECT_EQ(job_number("sbatch: error: Batch job submission failed\n"), "");
}

TEST(SlurmRun, NodesAsSlurmTakesThem) {
  EXPECT_EQ(parse_nodes("4"), 4U);
  EXPECT_EQ(parse_nodes("2-8"), 2U);
  EXPECT_EQ(parse_nodes("2k"), 0U);
  for (const char* text : {"", "x", "8-2", "-4", "4-"}) {
    EXPECT_THAT(refusal_of(ExitCode::usage, [&] { parse_nodes(text); }), HasSubstr("2-8")) << text;
  }
}

std::string ended(Words words) {
  words.insert(words.begin(), {"slurm", "again"});
  return std::get<SlurmAgainCommand>(parse_command_line(words)).directory;
}

TEST(SlurmAgain, KnowsTheRunDirectoryByTheWordsOfTheRun) {
  EXPECT_EQ(ended({"--retries", "2", "jobs/tasks.txt"}), "tasks.kiln");
  EXPECT_EQ(ended({"--code", "75", "-o", "x.kiln", "tasks.txt"}), "x.kiln");
  EXPECT_EQ(ended({"--array", "1-9", "./job.sh", "--out", "no"}), "job.sh.kiln");
  EXPECT_EQ(ended({"gzip", "-9", ":::", "a"}), "gzip.kiln");
  EXPECT_EQ(ended({"--program", "./bin/pi", "--paths", "10"}), "pi.kiln");
  EXPECT_EQ(ended({"--code", "1", "--program", "pi", "--out", "a.kiln", "x", "--", "--out=b"}), "a.kiln");
  EXPECT_EQ(ended({"--program", "pi", "--out=b.kiln", "-oc.kiln"}), "c.kiln");
}

TEST(SlurmScript, ReadyOnesAndNoOthers) {
  for (const std::string& name : ready_scripts()) {
    const auto shown = std::get<ShowText>(parse_command_line({"slurm", "script", name}));
    EXPECT_TRUE(shown.verbatim);
    EXPECT_THAT(shown.text, HasSubstr("#SBATCH --signal=B:USR1@120"));
    EXPECT_THAT(shown.text, HasSubstr("slurm again --code \"$code\""));
  }
  EXPECT_THAT(refusal_of(ExitCode::usage, [] { ready_script("chian"); }), HasSubstr("Did you mean chain?"));
}

TEST(Slurm, NamesItsCommands) {
  const auto complain = [](const Words& words) {
    return refusal_of(ExitCode::usage, [&] { parse_command_line(words); });
  };
  EXPECT_THAT(complain({"slurm", "rnu"}), HasSubstr("Did you mean run?"));
  EXPECT_THAT(complain({"slurm"}), HasSubstr("kiln slurm --help"));
}

}  // namespace
}  // namespace kiln::cli
