#include "job/until_note.hpp"

#include <gtest/gtest.h>

namespace kiln::job {
namespace {

TEST(UntilNote, IsReadAsItWasWritten) {
  const UntilNote note{"18:00", "17", "18", 3, 1790000000.5, false, true};
  EXPECT_EQ(parse_until_note(to_json(note)), note);
  for (const char* text : {"", "[]", "{}", "{\"asked\": 1}"}) EXPECT_EQ(parse_until_note(text), std::nullopt) << text;
}

TEST(UntilNote, AJobThatStartsAgainKeepsItsTime) {
  UntilNote first = this_start({{"SLURM_JOB_ID", "17"}}, std::nullopt);
  first.asked = "2h";
  first.time = 5000;
  const auto kept = [&](const Variables& now, const char* asked = "2h", const std::optional<AgainNote>& chain = {}) {
    return time_of_first_start(first, asked, this_start(now, chain));
  };
  EXPECT_EQ(kept({{"SLURM_JOB_ID", "17"}, {"SLURM_RESTART_COUNT", "1"}}), 5000);
  EXPECT_EQ(kept({{"SLURM_JOB_ID", "18"}, {"KILN_CHAIN", "17"}}), 5000);
  EXPECT_EQ(kept({{"SLURM_JOB_ID", "17"}, {"SLURM_RESTART_COUNT", "1"}}, "3h"), std::nullopt);
  EXPECT_EQ(kept({{"SLURM_JOB_ID", "17"}}), std::nullopt) << "a new command in the same job";
  EXPECT_EQ(kept({{"SLURM_JOB_ID", "18"}}), std::nullopt) << "submitted again";
  EXPECT_EQ(time_of_first_start({}, "", this_start({}, std::nullopt)), std::nullopt) << "no Slurm";
  EXPECT_EQ(kept({{"SLURM_JOB_ID", "18"}, {"KILN_CHAIN", "18"}}, "2h", AgainNote{"17", 1, 0, "18"}), 5000);
  EXPECT_EQ(kept({{"SLURM_JOB_ID", "18"}}, "2h", AgainNote{"17", 1, 0, "19"}), std::nullopt);
}

}  // namespace
}  // namespace kiln::job
