#include "flow/seen_files.hpp"

#include "flow/source_resolver.hpp"
#include "store/h5.hpp"
#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace kiln;
using Kind = detail::SourceSpec::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

namespace {

class SeenFiles : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  void write_rows(const std::string& name, std::size_t rows) const {
    const std::vector<double> values(rows, 1);
    store::h5::write_table<double>(store::h5::create_file(folder_ / name), "x", values, 1,
                                   {.chunk_rows = 4, .deflate = 1});
  }
  detail::SourceSpec source(Kind kind, const std::string& name) const {
    detail::SourceSpec spec;
    spec.kind = kind;
    spec.files = {(folder_ / name).string()};
    spec.unit_size = 4;
    if (kind == Kind::hdf5) spec.dataset = "x";
    if (kind == Kind::records) spec.record_size = 4;
    return spec;
  }
  std::vector<std::string> note(const detail::SourceSpec& spec) {
    return seen_.note(spec, flow::resolve_source(spec, {}).descriptor);
  }

  TempFolder folder_;
  flow::SeenFiles seen_;
};

TEST_F(SeenFiles, LinesAndRecordsThatChangeAreNamed) {
  for (const Kind kind : {Kind::lines, Kind::records}) {
    const std::string name = kind == Kind::lines ? "lines" : "records";
    write(name, "abc\ndef\n");
    EXPECT_THAT(note(source(kind, name)), IsEmpty());
    EXPECT_THAT(note(source(kind, name)), IsEmpty()) << "as it was";
    write(name, "abc\n");
    EXPECT_THAT(note(source(kind, name)),
                ElementsAre(HasSubstr(name + " changed since an earlier stage began: it is ")));
    EXPECT_THAT(note(source(kind, name)), IsEmpty()) << "said once";
  }
}

TEST_F(SeenFiles, AnHdf5FileThatChangesIsNamed) {
  write_rows("rows.h5", 10);
  EXPECT_THAT(note(source(Kind::hdf5, "rows.h5")), IsEmpty());
  write_rows("rows.h5", 1000);
  EXPECT_THAT(note(source(Kind::hdf5, "rows.h5")), ElementsAre(HasSubstr("rows.h5 changed")));
}

TEST_F(SeenFiles, TheSourcesOfAMergeAreLookedAtEach) {
  write("one", "a\nb\n");
  write("two", "c\nd\n");
  detail::SourceSpec merged;
  merged.kind = Kind::merged;
  merged.parts = {source(Kind::lines, "one"), source(Kind::lines, "two")};
  EXPECT_THAT(note(source(Kind::lines, "two")), IsEmpty());
  EXPECT_THAT(note(merged), IsEmpty()) << "one of them was seen before, as it is";
  write("two", "c\n");
  EXPECT_THAT(note(merged), ElementsAre(HasSubstr("two changed")));
}

}  // namespace
