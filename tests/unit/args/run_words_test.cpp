#include "args/run_words.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>

namespace kiln::args {
namespace {

using testing::HasSubstr;

std::string refusal(const RunWords& words) {
  return refusal_of(ExitCode::usage, [&] { check_run_words(words); });
}

TEST(RunWordsTest, NoRerunLostIsOffUnlessAskedFor) {
  RunWords words;
  EXPECT_FALSE(check_run_words(words).no_rerun_lost);
  words.no_rerun_lost = words.no_speculate = true;
  words.retries = "3";
  EXPECT_TRUE(check_run_words(words).no_rerun_lost);
  EXPECT_EQ(check_run_words(words).retries, 3U);
}

TEST(RunWordsTest, NoRerunLostIsRefusedWithWhatRunsUnitsTwiceOrAhead) {
  RunWords words;
  words.no_rerun_lost = words.speculate = true;
  EXPECT_THAT(refusal(words), HasSubstr("promises that none starts twice: leave one of them out"));
  words.speculate = false;
  words.batch = "100";
  EXPECT_THAT(refusal(words), HasSubstr("--batch says how many units are handed out at a time"));
}

TEST(RunWordsTest, TheMemoryOfARankIsASizeThatIsEnough) {
  RunWords words;
  EXPECT_EQ(check_run_words(words).memory, std::nullopt);
  words.memory = "1.5GiB";
  EXPECT_EQ(check_run_words(words).memory, std::uint64_t{1536} << 20);
  words.memory = "16MiB";
  EXPECT_EQ(check_run_words(words).memory, job::kLeastBudget);
  words.memory = "16777215";
  EXPECT_THAT(refusal(words), HasSubstr("--memory does not take '16777215'; accepted: 16.0 MiB or more"));
  for (const char* text : {"", "much", "-1", "1e30", "99999999PiB"}) {
    words.memory = text;
    EXPECT_THAT(refusal(words), HasSubstr("a size such as")) << text;
  }
}

}  // namespace
}  // namespace kiln::args
