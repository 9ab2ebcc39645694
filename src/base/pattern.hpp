#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kiln {

/// A regular expression in RE2's syntax; searching takes time linear in the text. ^ and $ are begin and end of a line.
/// Where text or pattern is not UTF-8, characters are bytes.
class Pattern {
 public:
  /// What is wrong with a pattern, and where in it.
  struct Fault : std::runtime_error {
    Fault(const std::string& what, std::size_t where) : std::runtime_error(what), at(where) {}
    std::size_t at;
  };

  /// Throws Fault.
  explicit Pattern(std::string_view text);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  bool occurs_in(std::string_view text) const;
  /// Of the last match in `text`: what the first group matched, or all of it where the pattern has no group. Nothing
  /// where there is no match. A view into `text`.
  std::optional<std::string_view> last_match(std::string_view text) const;

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace kiln
