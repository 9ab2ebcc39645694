#include "job/launcher.hpp"

#include "job/command_facts.hpp"
#include "job/launch_id.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <csignal>

namespace kiln::job {
namespace {

TEST(SlurmCpus, CountsNodesAndRepeats) {
  EXPECT_EQ(parse_slurm_cpus("4"), 4U);
  EXPECT_EQ(parse_slurm_cpus("2(x3),1"), 7U);
  EXPECT_EQ(parse_slurm_cpus("16(x2),8,4(x10)"), 80U);
}

TEST(SlurmCpus, NonsenseIsNothing) {
  for (const char* text : {"", "0", "x", "2(x", "2(x3", "2(x)", "(x3)", "-1", "2(x34", "2(x3)4", "2 ", "2(y3)", ",",
                           "1,,2", "99999999999999999999", "1000000(x1000000)", "4294967297"}) {
    EXPECT_EQ(parse_slurm_cpus(text), std::nullopt) << text;
  }
}

TEST(WorkerCount, AsAskedElseByTheAllocationElseByTheCores) {
  RunOptions options;
  Environment environment;
  EXPECT_GE(worker_count(options, environment), 1U);
  environment.slurm_cpus = 48;
  EXPECT_EQ(worker_count(options, environment), 48U);
  options.workers = 3;
  EXPECT_EQ(worker_count(options, environment), 3U);
}

std::string words_text(const RunOptions& options, std::uint32_t workers, const std::string& hosts = "") {
  std::string text;
  const std::vector<std::string> words =
      mpirun_words(options, workers, {"--enable-recovery"}, hosts, {"ONE", "TWO"}, "/bin/kiln", {"run", "a b.txt"});
  for (const std::string& word : words) text += word + "|";
  return text;
}

TEST(MpirunWords, TheCoordinatorComesOnTop) {
  RunOptions options;
  EXPECT_THAT(words_text(options, 2), testing::StartsWith("mpirun|-n|3|"));
  EXPECT_THAT(words_text(options, 2), testing::EndsWith("|/bin/kiln|run|a b.txt|"));
  options.coordinator_works = true;
  EXPECT_THAT(words_text(options, 2), testing::StartsWith("mpirun|-n|2|"));
}

TEST(MpirunWords, TheFastNetworkIsLeftToOpenMpi) {
  RunOptions options;
  EXPECT_THAT(words_text(options, 1), testing::HasSubstr("|--mca|pml|ob1|"));
  options.fast_network = true;
  EXPECT_THAT(words_text(options, 1), testing::Not(testing::HasSubstr("--mca")));
}

TEST(MpirunWords, RecoveryAndVariablesStandInFrontOfTheProgram) {
  EXPECT_THAT(words_text(RunOptions(), 1), testing::HasSubstr("|--enable-recovery|-x|ONE|-x|TWO|"));
}

TEST(MpirunWords, HostsWhereSomeAreLeftOut) {
  EXPECT_THAT(words_text(RunOptions(), 4, "n1:2,n2:2"), testing::HasSubstr("|--host|n1:2,n2:2|"));
  EXPECT_THAT(words_text(RunOptions(), 4), testing::Not(testing::HasSubstr("--host")));
}

TEST(RecoveryWords, AreThoseOfTheMpiFound) {
  EXPECT_THAT(recovery_words("Open MPI v4.1.4"), testing::ElementsAre("--enable-recovery"));
  EXPECT_THAT(recovery_words("Open MPI v5.0.7"), testing::ElementsAre("--with-ft", "ulfm"));
  EXPECT_THAT(recovery_words("Open MPI v10.0"), testing::ElementsAre("--with-ft", "ulfm"));
  for (const char* name : {"", "Open MPI", "Open MPI v", "Open MPI vx", "Open MPI v1.6.5", "MPICH Version: 4.0.2"}) {
    EXPECT_TRUE(recovery_words(name).empty()) << name;
  }
}

TEST(SignalNumber, NamesAndNumbers) {
  EXPECT_EQ(signal_number("TERM"), SIGTERM);
  EXPECT_EQ(signal_number("SIGUSR2"), SIGUSR2);
  EXPECT_EQ(signal_number("10"), 10);
  for (const char* text : {"", "SIG", "NOSUCH", "term", "SIGSIGTERM", "0", "-9", "65", "4294967305", "9x"}) {
    EXPECT_EQ(signal_number(text), 0) << text;
  }
}

TEST(LaunchId, IsFitForFileNamesAndNeverTheSame) {
  const std::string id = make_launch_id();
  EXPECT_TRUE(std::all_of(id.begin(), id.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
  })) << id;
  EXPECT_NE(id, make_launch_id());
}

}  // namespace
}  // namespace kiln::job
