#include "base/log.hpp"
#include "target.hpp"
#include "units/array_range.hpp"
#include "units/command_list.hpp"
#include "units/unit_limits.hpp"

#include <cstring>
#include <string>

// Sources of commands in every form, and the words of their directives.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file

void check(const units::TaskFile& tasks) {
  const std::uint64_t count = tasks.size();
  std::string scratch;
  for (std::uint64_t place = 0; place < std::min<std::uint64_t>(count, 1000); ++place) {
    const std::string_view command = tasks.command(place);
    fuzz::require(std::memchr(command.data(), 0, command.size()) == nullptr || command.empty(), "no command has a NUL");
    fuzz::require(command.size() <= units::kLongestCommand, "no command is longer than Linux takes");
    fuzz::require(tasks.line(place) >= 1 || tasks.array.has_value(), "lines are counted from 1");
    tasks.key(place, scratch);
    tasks.fields(place);
    tasks.limits.at(place);
    tasks.place(tasks.line(place));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = [] {
    log::set_level(log::Level::error);  // its warnings are not what is tried
    return true;
  }();
  fuzz::require(quiet, "the log is quiet");
  fuzz::Choices input(data, size);
  const std::uint8_t what = input.next();
  const std::string text = fuzz::text_of(input.rest());
  try {
    if (what < 192) {
      check(units::parse_source(fuzz::bytes_of(input.rest()), "tasks.txt"));
      units::source_origin(text);
    } else if (what < 224) {
      units::parse_kiln_directive("#kiln " + text, "tasks.txt:1");
    } else {
      const auto range = units::ArrayRange::parse(text.substr(0, 64), "--array");
      fuzz::require(range.count() >= 1 && range.least() <= range.greatest(), "an array has an index");
      fuzz::require(range.at(0) == range.least(), "the first index is the least");
      fuzz::require(range.at(range.count() - 1) == range.greatest(), "the last index is the greatest");
    }
  } catch (const Error&) {
  }
  return 0;
}
