#include "flow/path_pattern.hpp"

#include "unit/refusal.hpp"
#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <kiln/error.hpp>

using namespace kiln;
using flow::find_files;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

namespace {

class PathPattern : public ::testing::Test {
 protected:
  void make(const std::string& name) {
    fs::create_directories((folder_ / name).parent_path());
    write_text(folder_ / name, name);
  }
  /// Found names below the folder.
  std::vector<std::string> found(const std::string& pattern) {
    std::vector<std::string> names = find_files((folder_ / pattern).string());
    for (std::string& name : names) name = name.substr(folder_.path().string().size() + 1);
    return names;
  }
  std::string refusal(const std::string& pattern) {
    return refusal_of(ExitCode::bad_input, [&] { found(pattern); });
  }
  TempFolder folder_;
};

}  // namespace

TEST_F(PathPattern, SortsByBytes) {
  for (const char* name : {"b.txt", "B.txt", "a10.txt", "a9.txt", "\xC3\xA4.txt", "\xFF.txt", "other", ".hidden.txt"}) {
    make(name);
  }
  EXPECT_THAT(found("*.txt"), ElementsAre("B.txt", "a10.txt", "a9.txt", "b.txt", "\xC3\xA4.txt", "\xFF.txt"));
  EXPECT_THAT(found("[a-b]*.txt"), ElementsAre("a10.txt", "a9.txt", "b.txt"));
  EXPECT_THAT(found("a?.txt"), ElementsAre("a9.txt"));
  EXPECT_THAT(found(".h*"), ElementsAre(".hidden.txt"));
  EXPECT_THAT(found("b.txt"), ElementsAre("b.txt"));
}

TEST_F(PathPattern, GoesIntoFolders) {
  for (const char* name : {"x/1/a.csv", "x/2/a.csv", "x/2/deep/a.csv", "x/a.csv", "x/.git/a.csv", "y/1/a.csv"})
    make(name);
  fs::create_directory_symlink(folder_ / "x", folder_ / "x/2/around");
  EXPECT_THAT(found("x/*/a.csv"), ElementsAre("x/1/a.csv", "x/2/a.csv"));
  EXPECT_THAT(found("*/1/*"), ElementsAre("x/1/a.csv", "y/1/a.csv"));
  EXPECT_THAT(found("x/**/a.csv"), ElementsAre("x/1/a.csv", "x/2/a.csv", "x/2/deep/a.csv", "x/a.csv"));
  EXPECT_THAT(found("x/**"), ElementsAre("x/1/a.csv", "x/2/a.csv", "x/2/deep/a.csv", "x/a.csv"));
  EXPECT_THAT(found("**/1/**/a.csv"), ElementsAre("x/1/a.csv", "y/1/a.csv"));
  EXPECT_THAT(found("x/2/around/1/*.csv"), ElementsAre("x/2/around/1/a.csv")) << "links that are named are followed";
}

TEST_F(PathPattern, WhatExistsIsNoPattern) {
  make("data[1].txt");
  make("data1.txt");
  EXPECT_THAT(found("data[1].txt"), ElementsAre("data[1].txt"));
  EXPECT_THAT(found("data[12].txt"), ElementsAre("data1.txt"));
  EXPECT_THAT(found("data\\[1].tx*"), ElementsAre("data[1].txt"));
}

TEST_F(PathPattern, SaysWhatIsWrong) {
  make("folder/a.txt");
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  fs::create_symlink("nowhere", folder_ / "dangling");
  EXPECT_THAT(refusal("*.csv"), HasSubstr("no file matches '" + (folder_ / "*.csv").string() + "'"));
  EXPECT_THAT(refusal("none/*.csv"), HasSubstr("no file matches"));
  EXPECT_THAT(refusal("missing.csv"), HasSubstr("missing.csv': No such file"));
  EXPECT_THAT(refusal("folder"), HasSubstr("folder' is a directory; name its files, say '"));
  EXPECT_THAT(refusal("f*"), HasSubstr("f*') is a directory"));
  EXPECT_THAT(refusal("pipe"), HasSubstr("is no regular file"));
  EXPECT_THAT(refusal("dangl*"), HasSubstr("dangl*'): No such file"));
  EXPECT_THROW(find_files(""), Error);
  EXPECT_THROW(find_files(std::string("a\0b", 3)), Error);
}
