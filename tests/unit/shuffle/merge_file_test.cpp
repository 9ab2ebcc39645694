#include "shuffle/merge_file.hpp"
#include "unit/temp_folder.hpp"

#include "shuffle/run_folder.hpp"
#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace kiln::shuffle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MergeFileTest : public ::testing::Test {
 protected:
  TempFolder temp_;
  std::filesystem::path folder_ = temp_.path();
};

std::vector<std::string> read(detail::RunReader& run) {
  std::vector<std::string> blocks;
  for (std::string_view block; run.next(block);) blocks.emplace_back(block);
  return blocks;
}

TEST_F(MergeFileTest, RunsLieInOneFileWithoutAName) {
  auto file = std::make_unique<MergeFile>(folder_ / "new", 1000, [](const Error&) {});
  EXPECT_EQ(file->memory(), 1000U);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new")) << "made when it is needed";
  file->write("one");
  file->write(std::string(100'000, 'x'));
  const auto first = file->end_run();
  file->write("two");
  const auto second = file->end_run();
  file->write("three");
  const auto third = file->end_run();
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "new"));
  file.reset();
  EXPECT_THAT(read(*second), ElementsAre("two"));
  EXPECT_THAT(read(*first), ElementsAre("one", std::string(100'000, 'x')));
  EXPECT_THAT(read(*third), ElementsAre("three"));
  EXPECT_EQ(third->bytes(), 0U);
}

TEST_F(MergeFileTest, AFullDiskIsSaidToTheFolder) {
  std::string heard;
  const WriteCall full = [](int, const void*, std::size_t) -> ssize_t {
    errno = ENOSPC;
    return -1;
  };
  MergeFile file(
      folder_, 1000, [&](const Error& error) { heard = error.what(); }, full);
  const std::string said = refusal_of(ExitCode::stopped_early, [&] { file.write("one"); });
  EXPECT_THAT(said, HasSubstr("No space left"));
  EXPECT_EQ(heard, said);
}

TEST_F(MergeFileTest, TheFolderSaysOnceWhatItHasHeard) {
  RunFolder folder({folder_ / "no" / "such", "p-", {}, 1000});
  folder.expect_well();
  const auto space = folder.merge_space();
  EXPECT_EQ(space->memory(), 1000U);
  EXPECT_THROW(space->write("one"), Error);
  EXPECT_THROW(folder.expect_well(), Error);
  folder.expect_well();
}

}  // namespace
}  // namespace kiln::shuffle
