#pragma once

#include <kiln/ids.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::exec {

enum class OutputStream : std::uint8_t { out = 0, err = 1 };

/// The names of units' output files: text with {unit}, {unit:06} (at least so many digits), {index} (of a job
/// array, --array), {attempt} and {stream} (out or err; without it the names end in .out and .err); {{ and }} are
/// braces. No two units, and no two streams, have the same name.
class OutputPattern {
 public:
  /// Throws kiln::Error (usage) that points at the character and says what is meant.
  explicit OutputPattern(std::string_view text);

  /// `index`: of the array; in a run without one the unit stands for it.
  std::string path(OutputStream stream, UnitId unit, std::uint32_t attempt,
                   std::optional<std::uint64_t> index = {}) const;
  /// It has {index}.
  bool names_index() const { return names(Kind::index); }

 private:
  enum class Kind : std::uint8_t { text, unit, index, attempt, stream };
  struct Piece {
    Kind kind = Kind::text;
    std::string text;
    std::size_t digits = 0;
  };
  std::size_t take_placeholder(std::string_view text, std::size_t at);
  void check(std::string_view text) const;
  bool names(Kind kind) const;

  std::vector<Piece> pieces_;
};

}  // namespace kiln::exec
