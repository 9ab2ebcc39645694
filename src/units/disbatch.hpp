#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::units {

/// The directives of a disBatch task file, line by line: `#DISBATCH PREFIX`, `SUFFIX` and `REPEAT`.
class Disbatch {
 public:
  /// A line that asks for `count` units, with the repeat indices start, start + step, …
  struct Repeat {
    std::uint64_t count = 0, start = 0, step = 1;
    std::string_view command;  ///< into the line; may be empty
  };
  static constexpr std::uint64_t kMostRepeats = 100'000'000;
  static constexpr std::uint64_t kLargestIndex = 999'999'999'999'999'999;

  static bool is_directive(std::string_view line) { return line.starts_with("#DISBATCH"); }
  /// Takes such a line; gives what it repeats, if anything. Throws kiln::Error (bad_input) that begins with `where`
  /// ("tasks.txt:7") for one that kiln does not carry out.
  std::optional<Repeat> take(std::string_view line, const std::string& where);

  /// Commands are to be wrapped.
  bool wraps() const { return !prefix_.empty() || !suffix_.empty(); }
  /// The command between the prefix and the suffix in force.
  std::string wrapped(std::string_view command) const;

 private:
  std::string prefix_, suffix_;
};

}  // namespace kiln::units
