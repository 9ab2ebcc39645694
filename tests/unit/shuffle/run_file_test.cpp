#include "shuffle/run_file.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace kiln::shuffle {
namespace {

using ::testing::HasSubstr;

class RunFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "kiln-run-file-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path() const { return folder_ / "a.run"; }
  static RunLabel label() { return {7, Bytes{std::byte{1}, std::byte{2}}}; }
  void write(const std::vector<std::string>& blocks) const {
    RunFileWriter run(path(), label());
    for (const auto& block : blocks) run.write(block);
    run.finish(true);
  }
  std::vector<std::string> read() const {
    RunFileReader run(path());
    EXPECT_EQ(run.label().shard, 7U);
    EXPECT_EQ(run.label().about, label().about);
    std::vector<std::string> blocks;
    for (std::string_view block; run.next(block);) blocks.emplace_back(block);
    return blocks;
  }
  std::string bytes() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }
  bool is_empty() const { return std::filesystem::is_empty(folder_); }

  std::filesystem::path folder_;
};

const std::vector<std::string> kBlocks{"one", std::string(100'000, '\0'), "two"};

TEST_F(RunFile, GivesBackItsBlocks) {
  write(kBlocks);
  EXPECT_EQ(read(), kBlocks);
  write({});
  EXPECT_EQ(read(), std::vector<std::string>{});
}

TEST_F(RunFile, WithoutFinishThereIsNone) {
  {
    RunFileWriter run(path(), label());
    run.write("one");
  }
  EXPECT_TRUE(is_empty());
}

TEST_F(RunFile, CutAnywhereItIsRefused) {
  write({"one", "three"});
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(whole.substr(0, size));
    const std::string said = refusal_of(ExitCode::run_directory, [&] { read(); });
    EXPECT_THAT(said, HasSubstr(path().string()));
    EXPECT_THAT(said, HasSubstr("run the same command again"));
  }
  put(whole + "x");
  refusal_of(ExitCode::run_directory, [&] { read(); });
}

TEST_F(RunFile, EveryFlippedBitIsSeen) {
  write({"one", "three"});
  const std::string whole = bytes();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    put(flipped);
    refusal_of(ExitCode::run_directory, [&] { read(); });
  }
}

TEST_F(RunFile, BlocksInAnotherOrderAreRefused) {
  write({"one", "two"});
  std::string bytes = this->bytes();
  const std::size_t first = bytes.find("one") - 24, second = bytes.find("two") - 24;
  const std::string one = bytes.substr(first, 27), two = bytes.substr(second, 27);
  put(bytes.replace(first, 27, two).replace(second, 27, one));
  EXPECT_THAT(refusal_of(ExitCode::run_directory, [&] { read(); }), HasSubstr("block 0 is expected"));
}

TEST_F(RunFile, ForeignAndMissingFilesAreNamed) {
  put(std::string(200, 'x'));
  EXPECT_THAT(refusal_of(ExitCode::run_directory, [&] { read(); }), HasSubstr("not a run of keyed data"));
  std::filesystem::remove(path());
  EXPECT_THAT(refusal_of(ExitCode::run_directory, [&] { read(); }), HasSubstr("No such file"));
  EXPECT_THAT(refusal_of(ExitCode::run_directory, [&] { RunFileWriter(folder_ / "no" / "a.run", label()); }),
              HasSubstr("cannot make"));
}

TEST_F(RunFile, AFullDiskIsSaidAndLeavesNothing) {
  for (std::size_t room = 0; room < 300; room += 7) {
    std::size_t left = room;
    const WriteCall disk = [&left](int fd, const void* data, std::size_t size) -> ssize_t {
      if (left == 0) {
        errno = ENOSPC;
        return -1;
      }
      const ssize_t written = ::write(fd, data, std::min(size, left));  // short writes, too
      left -= static_cast<std::size_t>(written);
      return written;
    };
    const std::string said = refusal_of(ExitCode::stopped_early, [&] {
      RunFileWriter run(path(), label(), disk);
      run.write(std::string(300, 'x'));
      run.finish(false);
    });
    EXPECT_THAT(said, HasSubstr("No space left"));
    EXPECT_THAT(said, HasSubstr("--scratch"));
    EXPECT_TRUE(is_empty());
    left = room;
    refusal_of(ExitCode::stopped_early, [&] {
      TemporaryRun run(folder_, disk);
      run.write(std::string(300, 'x'));
      run.rewind();
    });
    EXPECT_TRUE(is_empty());
  }
}

TEST_F(RunFile, ATemporaryRunIsReadAgainAndAgain) {
  TemporaryRun run(folder_);
  for (const auto& block : kBlocks) run.write(block);
  for (int round = 0; round < 3; ++round) {
    run.rewind();
    std::vector<std::string> blocks;
    for (std::string_view block; run.next(block);) blocks.emplace_back(block);
    EXPECT_EQ(blocks, kBlocks);
  }
  EXPECT_TRUE(is_empty());
}

}  // namespace
}  // namespace kiln::shuffle
