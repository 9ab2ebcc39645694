#include "job/stop_bound.hpp"
#include "unit/temp_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace kiln::job {
namespace {

using std::chrono::seconds;

const Instant kBegin{seconds(1000)};

TEST(StopBound, NobodyIsHurriedUntold) {
  StopBound bound(seconds(10));
  bound.seen("as ever", kBegin);
  EXPECT_FALSE(bound.passed(kBegin + seconds(100000)));
}

TEST(StopBound, GraceAndPatienceAndNoMore) {
  StopBound bound(seconds(10));
  bound.told(kBegin);
  bound.seen("as ever", kBegin);
  bound.told(kBegin + seconds(30));  // again changes nothing
  EXPECT_FALSE(bound.passed(kBegin + seconds(9) + StopBound::kPatience));
  EXPECT_TRUE(bound.passed(kBegin + seconds(10) + StopBound::kPatience));
  EXPECT_EQ(bound.waited(kBegin + seconds(70)), seconds(70));
}

TEST(StopBound, WhatGetsOnIsNotCutOff) {
  StopBound bound(seconds(10));
  bound.told(kBegin);
  Instant at = kBegin;
  for (int i = 0; i < 20; ++i) {
    bound.seen("piece " + std::to_string(i), at);
    EXPECT_FALSE(bound.passed(at));
    at += StopBound::kPatience - seconds(1);
  }
  bound.seen("piece 19", at);  // the same as before
  EXPECT_TRUE(bound.passed(at + seconds(2)));
}

class SightTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "segments");
    write("segments/a", "one");
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  std::string sight() const { return sight_of(status_, folder_); }
  TempFolder temp_;
  std::filesystem::path folder_ = temp_.path();
  std::optional<observe::StatusSnapshot> status_;
};

TEST_F(SightTest, AFileThatGrowsIsSeen) {
  const std::string before = sight();
  write("segments/a", "one two");
  EXPECT_NE(sight(), before);
}

TEST_F(SightTest, BeatsAreNoSign) {
  status_.emplace();
  const std::string before = sight();
  for (const char* name : {"status.json", "owner.json", "events.jsonl", ".kiln-tmp-status.json-12-3"}) write(name, "x");
  status_->updated = 5;
  status_->rate = 7;
  EXPECT_EQ(sight(), before);
  status_->totals.committed = 1;
  EXPECT_NE(sight(), before);
}

TEST_F(SightTest, WhatIsNotThereIsNoError) {
  std::filesystem::remove_all(folder_);
  EXPECT_EQ(sight(), sight());
}

}  // namespace
}  // namespace kiln::job
