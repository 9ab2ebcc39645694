#include "flow/source_resolver.hpp"
#include "unit/flow/packed.hpp"
#include "unit/refusal.hpp"
#include "unit/temp_folder.hpp"
#include "units/line_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

using namespace kiln;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

class LinesSource : public ::testing::Test {
 protected:
  void make(const std::string& name, std::string_view text) { write_text(folder_ / name, text); }
  detail::SourceSpec source(const std::vector<std::string>& patterns, std::uint64_t split = 4) const {
    detail::SourceSpec spec;
    spec.kind = detail::SourceSpec::Kind::lines;
    for (const std::string& pattern : patterns) spec.files.push_back((folder_ / pattern).string());
    spec.unit_size = split;
    return spec;
  }
  std::vector<std::string> names(const flow::ResolvedSource& resolved) const {
    ByteReader in(resolved.descriptor, "files");
    std::vector<std::string> list;
    const units::LineFiles files = units::LineFiles::decode(in);
    for (const auto& file : files.files()) {
      list.push_back(file.path.substr(folder_.path().string().size() + 1));
    }
    return list;
  }
  static std::string refusal(const detail::SourceSpec& source, const flow::ResolveOptions& options = {}) {
    return refusal_of(ExitCode::bad_input, [&] { flow::resolve_source(source, options); });
  }
  TempFolder folder_;
};

}  // namespace

TEST_F(LinesSource, FilesStandInTheOrderOfThePatternsEachOnce) {
  for (const char* name : {"a.txt", "b.txt", "c.csv"}) make(name, "12345\n");
  const auto resolved = flow::resolve_source(source({"c.csv", "b*", "*.txt", "*"}), {});
  EXPECT_THAT(names(resolved), ElementsAre("c.csv", "b.txt", "a.txt"));
  EXPECT_EQ(resolved.units, 6U);
}

TEST_F(LinesSource, NothingToReadIsRefused) {
  EXPECT_THAT(refusal(source({"*.txt"})), HasSubstr("no file matches"));
  EXPECT_THAT(refusal(source({})), HasSubstr("at least one file"));
  make("a", "x");
  EXPECT_THROW(flow::resolve_source(source({"a"}, 0), {}), Error);
}

TEST_F(LinesSource, PackedFilesThatCannotBeReadAreNamed) {
  make("a.xz", std::string("\xFD"
                           "7zXZ\0rest",
                           10));
  EXPECT_THAT(refusal(source({"a.xz"})), HasSubstr("is packed with xz, which kiln does not read; unpack it"));
  make("b", "BZh91AY&SY");
  EXPECT_THAT(refusal(source({"b"})), HasSubstr("is packed with bzip2"));
  make("c", "BZh is how this text begins\n");
  EXPECT_NO_THROW(flow::resolve_source(source({"c"}), {}));
}

TEST_F(LinesSource, ARecordedFileMustBeWhatItWas) {
  const std::string large(300'000, 'x');
  make("a", large);
  make("b", "small\n");
  const auto spec = source({"*"}, 1000);
  const auto resolved = flow::resolve_source(spec, {});
  const flow::ResolveOptions again{.recorded = resolved.descriptor};

  std::filesystem::last_write_time(folder_ / "a", std::filesystem::file_time_type::clock::now());
  const auto same = flow::resolve_source(spec, again);
  EXPECT_EQ(same.descriptor, resolved.descriptor);
  EXPECT_EQ(same.identity, resolved.identity);
  EXPECT_EQ(same.recorded_identity, resolved.identity);
  EXPECT_EQ(same.recorded_units, resolved.units);

  make("b", "small\nmore\n");
  EXPECT_THAT(refusal(spec, again),
              HasSubstr("b changed since this run first read it: it is 11 bytes long, and was 6"));
  make("b", "smalL\n");
  EXPECT_THAT(refusal(spec, again), HasSubstr("the same 6 bytes long, but with another content"));
  make("b", "small\n");
  for (const std::size_t place : {std::size_t{0}, std::size_t{65'535}, std::size_t{299'999}}) {
    std::string changed = large;
    changed[place] = 'y';
    make("a", changed);
    EXPECT_THAT(refusal(spec, again), HasSubstr("a changed")) << place;
  }
  std::filesystem::remove(folder_ / "a");
  EXPECT_THAT(refusal(spec, again), HasSubstr("a is not among the input files any more"));
  EXPECT_THAT(refusal(source({"*"}, 999), again),
              HasSubstr("split every 1000 bytes when this run began, not every 999"));
}

TEST_F(LinesSource, NewFilesAreRefusedOrFollowTheRecordedOnes) {
  make("b", "12345\n");
  make("d", "12345\n");
  const auto spec = source({"*"});
  const auto before = flow::resolve_source(spec, {});
  make("a", "12345678\n");
  make("c", "");
  flow::ResolveOptions again{.recorded = before.descriptor};
  EXPECT_THAT(refusal(spec, again), HasSubstr("2 new input files since this run began, "));
  EXPECT_THAT(refusal(spec, again), HasSubstr("--only-new"));
  again.only_new = true;
  const auto more = flow::resolve_source(spec, again);
  EXPECT_THAT(names(more), ElementsAre("b", "d", "a", "c"));
  EXPECT_EQ(more.units, 7U);
  EXPECT_EQ(more.recorded_units, 4U);
  EXPECT_EQ(more.recorded_identity, before.identity);
  EXPECT_NE(more.identity, before.identity);
  const auto settled = flow::resolve_source(spec, {.recorded = more.descriptor});
  EXPECT_EQ(settled.descriptor, more.descriptor) << "what was added keeps its place";
}

TEST_F(LinesSource, IdentityTellsContentsApart) {
  make("a", "12345\n");
  const auto spec = source({"a"});
  const std::string identity = flow::resolve_source(spec, {}).identity;
  make("a", "12346\n");
  EXPECT_NE(flow::resolve_source(spec, {}).identity, identity);
  EXPECT_NE(flow::resolve_source(source({"a"}, 5), {}).identity, identity);
  make("a", "12345\n");
  EXPECT_EQ(flow::resolve_source(spec, {}).identity, identity);
}
