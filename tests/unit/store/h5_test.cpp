#include "store/h5.hpp"
#include "unit/temp_folder.hpp"

#include "unit/store/journal_fixture.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <cstdlib>
#include <thread>

namespace kiln::store::h5 {
namespace {

class H5File : public ::testing::Test {
 protected:
  TempFolder folder_;
  std::filesystem::path path_ = folder_.path() / "f.h5";
};

TEST_F(H5File, KeepsNumbersTextsTablesAndAttributes) {
  {
    Handle file = create_file(path_);
    write_values(file, "a/b/numbers", std::vector<double>{1.5, -2, 3});
    write_values(file, "empty", std::vector<std::int32_t>{});
    write_table<std::uint64_t>(file, "table", std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}, 2);
    write_text_values(file, "texts", std::vector<std::string>{"", "zwei", "d\u00e9j\u00e0"});
    write_attribute(file, "name", "kiln \u00fc");
    write_attribute(file, "nothing", "");
    write_readable_attribute(file, "readable", "kiln \u00fc");
    write_attribute(file, "count", std::int64_t{-5});
    file.close();
  }
  const Handle file = open_file(path_);
  EXPECT_EQ(read_values<double>(file, "a/b/numbers", 1000), (std::vector<double>{1.5, -2, 3}));
  EXPECT_TRUE(read_values<std::int32_t>(file, "empty", 1000).empty());
  EXPECT_EQ(shape(open_dataset(file, "table")), (std::vector<std::uint64_t>{3, 2}));
  EXPECT_EQ(read_values<std::uint64_t>(file, "table", 1000), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read_texts(open_dataset(file, "texts"), 0, 3), (std::vector<std::string>{"", "zwei", "d\u00e9j\u00e0"}));
  EXPECT_EQ(dataset_type(open_dataset(file, "texts")), Type::text);
  EXPECT_EQ(dataset_type(open_dataset(file, "a/b/numbers")), Type::f64);
  EXPECT_EQ(read_text_attribute(file, "name"), "kiln \u00fc");
  EXPECT_EQ(read_text_attribute(file, "nothing"), "");
  EXPECT_EQ(read_text_attribute(file, "readable"), "kiln \u00fc");
  EXPECT_EQ(read_attribute<std::int64_t>(file, "count"), -5);
  EXPECT_EQ(members(file), (std::vector<std::string>{"a", "empty", "table", "texts"}));
  EXPECT_TRUE(exists(file, "a/b/numbers"));
  EXPECT_FALSE(exists(file, "a/c/numbers"));
}

TEST_F(H5File, WritesAndReadsInRanges) {
  const Handle file = create_file(path_);
  const Handle dataset = create_dataset(file, "x", Type::u32, 1000, {100, 1});
  std::vector<std::uint32_t> part(250, 7);
  write_raw(dataset, Type::u32, 750, 250, std::as_bytes(std::span(part)));
  std::vector<std::uint32_t> back(2);
  read_raw(dataset, Type::u32, 749, 2, std::as_writable_bytes(std::span(back)));
  EXPECT_EQ(back, (std::vector<std::uint32_t>{0, 7}));
  EXPECT_THROW(write_raw(dataset, Type::u32, 751, 250, std::as_bytes(std::span(part))), Error);
  EXPECT_THROW(read_raw(dataset, Type::u32, 0, 3, std::as_writable_bytes(std::span(back))), Error);
}

TEST_F(H5File, DoesNotBelieveSizes) {
  const Handle file = create_file(path_);
  create_dataset(file, "huge", Type::u64, std::uint64_t{1} << 50, {1000});
  EXPECT_THROW(read_values<std::uint64_t>(file, "huge", 1 << 20), Error);
}

TEST_F(H5File, SaysWhatWentWrong) {
  const Handle file = create_file(path_);
  try {
    open_dataset(file, "nowhere");
    FAIL() << "there is no such dataset";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("'nowhere'"), std::string::npos) << text;
    EXPECT_NE(text.find("doesn't exist"), std::string::npos) << text;
  }
}

TEST_F(H5File, MemoryFilesDoNotMix) {
  MemoryFile one;
  MemoryFile two;
  write_attribute(one.root(), "n", std::uint32_t{1});
  write_attribute(two.root(), "n", std::uint32_t{2});
  const Bytes first = one.finish();
  const Bytes second = two.finish();
  const Handle a = open_image(first);
  const Handle b = open_image(second);
  EXPECT_EQ(read_attribute<std::uint32_t>(a, "n"), 1u);
  EXPECT_EQ(read_attribute<std::uint32_t>(b, "n"), 2u);
}

TEST_F(H5File, ServesSeveralThreads) {
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 50; ++round) {
        MemoryFile memory;
        write_values(memory.root(), "x", std::vector<std::uint32_t>(1000, i));
        const Bytes bytes = memory.finish();
        const Handle file = open_image(bytes);
        EXPECT_EQ(read_values<std::uint32_t>(file, "x", 1 << 20), std::vector<std::uint32_t>(1000, i));
        EXPECT_THROW(open_group(file, "nowhere"), Error);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace kiln::store::h5
