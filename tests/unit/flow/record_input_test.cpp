#include "flow/record_input.hpp"
#include "unit/temp_folder.hpp"

#include "flow/source_resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <kiln/detail/plan_text.hpp>
#include <kiln/error.hpp>
#include <stdexcept>
#include <string>

namespace kiln::flow {
namespace {

using ::testing::HasSubstr;

class RecordFiles : public ::testing::Test {
 public:
  std::string write(const std::string& name, std::size_t bytes, const std::string& begin = "") const {
    std::string content = begin;
    while (content.size() < bytes) content.push_back(static_cast<char>(content.size() * 37 % 256));
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return content;
  }
  std::string pattern(const std::string& name) const { return (folder_ / name).string(); }
  static std::string refusal(const detail::SourceSpec& spec) {
    try {
      resolve_source(spec, {});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
      return error.what();
    }
    return "";
  }

 private:
  TempFolder folder_;
};

TEST_F(RecordFiles, UnitsAreWholeRecordsAndTogetherTheFiles) {
  // What begins like a file of gzip or xz is taken as it is.
  std::string all = write("a", 700, "\x1F\x8B");
  all += write("b", 0);
  all += write("c", 7 * 100'000,
               std::string("\xFD"
                           "7zXZ\0",
                           6));
  for (const std::uint64_t split : {1U, 20U, 100'000U, 10'000'000U}) {
    const detail::SourceSpec spec = detail::fixed_records_spec({pattern("*")}, 7, split);
    EXPECT_EQ(spec.unit_size % 7, 0U);
    const ResolvedSource source = resolve_source(spec, {});
    const auto input = open_input(spec, source.descriptor);
    std::string found;
    for (std::uint64_t unit = 0; unit < source.units; ++unit) {
      detail::LineBlock block;
      for (input->open_lines(UnitId(unit)); input->next_lines(block);) {
        EXPECT_EQ(block.text.size() % 7, 0U);
        found += block.text;
      }
    }
    EXPECT_EQ(found, all) << split;
    EXPECT_EQ(dynamic_cast<CountedInput&>(*input).take_records(), all.size() / 7);
  }
}

TEST_F(RecordFiles, AFileThatIsNoWholeNumberOfRecordsIsRefused) {
  write("cut", 705);
  EXPECT_THAT(refusal(detail::fixed_records_spec({pattern("cut")}, 100, 1000)),
              HasSubstr("has 705 bytes: 7 records of 100 bytes, and 5 bytes more"));
  EXPECT_THROW(detail::fixed_records_spec({pattern("cut")}, 0, 1000), Error);
}

TEST_F(RecordFiles, AFileThatHasAnotherSizeFailsItsUnits) {
  write("a", 700);
  const detail::SourceSpec spec = detail::fixed_records_spec({pattern("a")}, 7, 70);
  const ResolvedSource source = resolve_source(spec, {});
  const auto input = open_input(spec, source.descriptor);
  write("a", 707);
  EXPECT_THROW(input->open_lines(UnitId(3)), std::runtime_error);
}

}  // namespace
}  // namespace kiln::flow
