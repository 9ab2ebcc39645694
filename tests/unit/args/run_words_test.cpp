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

}  // namespace
}  // namespace kiln::args
