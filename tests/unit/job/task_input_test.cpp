#include "job/task_input.hpp"

#include <gmock/gmock.h>

namespace kiln::job {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

RunOptions with_values(const std::string& command, std::size_t command_words) {
  RunOptions options;
  options.arguments.emplace();
  options.arguments->command = command;
  options.command_words = command_words;
  return options;
}

TEST(RankArguments, ValuesBecomeStandardInput) {
  const Words typed{"run", "-n", "2", "--", "-odd", "{}", ":::", "a", "b"};
  EXPECT_THAT(rank_arguments(with_values("-odd {}", 5), typed),
              ElementsAre("run", "-n", "2", "--", "-odd {}", "::::", "-"));
}

TEST(RankArguments, OnceMoreChangesNothing) {
  const Words typed{"run", "echo a {}", "::::", "-"};
  EXPECT_EQ(rank_arguments(with_values("echo a {}", 3), typed), typed);
}

TEST(RankArguments, TheTaskFileComesLast) {
  RunOptions options;
  options.command_words = 3;
  EXPECT_THAT(rank_arguments(options, {"run", "-v", "tasks.txt", "--out", "x"}),
              ElementsAre("run", "-v", "--out", "x", "tasks.txt"));
  options.command_words = 1;
  EXPECT_THAT(rank_arguments(options, {"run", "--", "-t"}), ElementsAre("run", "--", "-t"));
}

TEST(RankArguments, NoWordIsAColonAlone) {
  EXPECT_THAT(rank_arguments(with_values(":", 3), {"run", "--header", ":", "-o", ":", ":", ":::", "a"}),
              ElementsAre("run", "--header=:", "-o:", ": ", "::::", "-"));
  RunOptions options;
  options.command_words = 1;
  EXPECT_THAT(rank_arguments(options, {"run", "--", ":"}), ElementsAre("run", "--", "./:"));
  options.command_words = 3;
  EXPECT_THAT(rank_arguments(options, {"run", ":", "--out", ":"}), ElementsAre("run", "--out=:", "./:"));
  EXPECT_THAT(rank_arguments(RunOptions(), {"retry", ":"}), ElementsAre("retry", "./:"));
}

TEST(RankArguments, RetryKeepsItsWords) {
  EXPECT_THAT(rank_arguments(RunOptions(), {"retry", "x.kiln", "-v"}), ElementsAre("retry", "x.kiln", "-v"));
}

}  // namespace
}  // namespace kiln::job
