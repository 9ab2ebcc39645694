#include "shuffle/run_folder.hpp"
#include "unit/temp_folder.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kiln::shuffle {
namespace {

using ::testing::HasSubstr;
using Block = std::pair<std::uint32_t, std::string>;

class RunFile : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_ / "a.run"; }
  detail::RunReference write(const std::vector<Block>& blocks, bool durable = true) {
    std::filesystem::remove(path());
    RunFileWriter run(path(), durable);
    for (const auto& [shard, block] : blocks) run.write(shard, block, 1);
    return run.finish();
  }
  std::vector<Block> read(const detail::RunReference& run) {
    RunFolder folder({folder_, "p-", {}});
    std::vector<Block> blocks;
    for (const detail::RunPiece& piece : run.pieces) {
      const auto reader = folder.open(run, piece);
      for (std::string_view block; reader->next(block);) blocks.emplace_back(piece.shard, block);
    }
    return blocks;
  }
  /// What a resumed stage looks at, and then what a reader sees.
  bool is_seen(const detail::RunReference& run) {
    if (!run_fault(path(), run).empty()) return true;
    try {
      read(run);
      return false;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::run_directory);
      EXPECT_THAT(error.what(), HasSubstr(path().string()));
      EXPECT_FALSE(std::filesystem::exists(path())) << "it is set aside";
      std::filesystem::remove(path().string() + ".damaged");
      return true;
    }
  }
  std::string bytes() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }
  bool is_empty() const { return std::filesystem::is_empty(folder_); }

  TempFolder temp_;
  std::filesystem::path folder_ = temp_.path();
};

const std::vector<Block> kBlocks{{0, "one"}, {3, std::string(100'000, '\0')}, {3, "two"}, {255, "three"}};

TEST_F(RunFile, GivesBackItsBlocks) {
  const detail::RunReference run = write(kBlocks);
  EXPECT_EQ(read(run), kBlocks);
  EXPECT_EQ(run.name, "a.run");
  EXPECT_EQ(run.length, std::filesystem::file_size(path()));
  ASSERT_EQ(run.pieces.size(), 3U);
  EXPECT_EQ(run.pieces[1].entries, 2U);
  EXPECT_EQ(run_fault(path(), run), "");
  EXPECT_EQ(read(write({}, false)), std::vector<Block>{});
}

TEST_F(RunFile, ItsReferenceTravels) {
  detail::RunReference run = write(kBlocks);
  run.places = {{"", 0}, {"a", 7}, {"b", 0}};
  detail::RunList list;
  list.runs.push_back(run);
  list.sample.add(5, "key", 9);
  const Bytes bytes = detail::encode_runs(list);
  const std::vector<detail::RunReference> back = detail::decode_runs(bytes).runs;
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].name, run.name);
  EXPECT_EQ(back[0].sum, run.sum);
  EXPECT_EQ(back[0].pieces, run.pieces);
  EXPECT_EQ(back[0].places, run.places);
  EXPECT_EQ(detail::encode_runs(detail::decode_runs(bytes)), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    refusal_of(ExitCode::internal, [&] { detail::decode_runs(ByteView(bytes).first(size)); });
  }
}

TEST_F(RunFile, WithoutFinishThereIsNone) {
  {
    RunFileWriter run(path(), false);
    run.write(1, "one", 1);
  }
  EXPECT_TRUE(is_empty());
}

TEST_F(RunFile, AnExistingNameIsNeverWrittenOver) {
  write(kBlocks);
  EXPECT_THAT(refusal_of(ExitCode::run_directory, [&] { RunFileWriter(path(), false); }), HasSubstr("File exists"));
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(RunFile, CutAnywhereItIsSeen) {
  const detail::RunReference run = write({{1, "one"}, {2, "three"}});
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(whole.substr(0, size));
    EXPECT_NE(run_fault(path(), run), "");
  }
  put(whole + "x");
  EXPECT_THAT(run_fault(path(), run), HasSubstr("bytes long instead of"));
  std::filesystem::remove(path());
  EXPECT_EQ(run_fault(path(), run), "it is missing");
}

TEST_F(RunFile, EveryFlippedBitIsSeen) {
  const detail::RunReference run = write({{1, "one"}, {2, "three"}});
  const std::string whole = bytes();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    put(flipped);
    EXPECT_TRUE(is_seen(run)) << bit;
  }
}

TEST_F(RunFile, BlocksInAnotherPlaceAreSeen) {
  const detail::RunReference run = write({{1, "one"}, {2, "two"}});
  std::string bytes = this->bytes();
  const std::size_t first = bytes.find("one") - 24, second = bytes.find("two") - 24;
  const std::string one = bytes.substr(first, 27), two = bytes.substr(second, 27);
  put(bytes.replace(first, 27, two).replace(second, 27, one));
  EXPECT_EQ(run_fault(path(), run), "");
  EXPECT_THAT(refusal_of(ExitCode::run_directory, [&] { read(run); }), HasSubstr("is expected"));
}

TEST_F(RunFile, AnotherFileOfThatNameIsSeen) {
  const detail::RunReference run = write({{1, "one"}});
  write({{1, "two"}});
  EXPECT_THAT(run_fault(path(), run), HasSubstr("not what was written"));
  put(std::string(run.length, 'x'));
  EXPECT_THAT(run_fault(path(), run), HasSubstr("not a run of keyed data"));
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
      RunFileWriter run(path(), false, disk);
      run.write(1, std::string(300, 'x'), 1);
      run.finish();
    });
    EXPECT_THAT(said, HasSubstr("No space left"));
    EXPECT_TRUE(is_empty());
  }
}

TEST_F(RunFile, AFolderReadsManyMoreFilesThanItKeepsOpen) {
  RunFolder folder({folder_ / "new", "p-", {}});
  std::vector<detail::RunReference> runs;
  for (int i = 0; i < 600; ++i) {
    const auto run = folder.new_run();
    for (int block = 0; block < 3; ++block) run->write(7, std::to_string(i), 1);
    runs.push_back(run->finish());
    EXPECT_TRUE(runs.back().name.starts_with("p-"));
  }
  EXPECT_EQ(first_fault(folder_ / "new", runs), "");
  std::vector<std::unique_ptr<detail::RunReader>> readers;
  for (const auto& run : runs) readers.push_back(folder.open(run, run.pieces[0]));
  for (int block = 0; block < 3; ++block) {
    for (std::size_t i = 0; i < readers.size(); ++i) {
      std::string_view text;
      ASSERT_TRUE(readers[i]->next(text));
      ASSERT_EQ(text, std::to_string(i));
    }
  }
  remove_other_runs(folder_ / "new", "q-", {});
  EXPECT_EQ(first_fault(folder_ / "new", runs), "");
  remove_other_runs(folder_ / "new", "p-", {runs[3].name});
  EXPECT_THAT(first_fault(folder_ / "new", runs), HasSubstr("it is missing"));
  EXPECT_EQ(first_fault(folder_ / "new", {runs[3]}), "");
}

}  // namespace
}  // namespace kiln::shuffle
