#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::units {

/// The columns of one value: one, unless values are split.
using ArgumentRow = std::span<const std::string_view>;

/// A column that a header names.
struct ColumnName {
  std::string name;
  std::size_t source = 0;
  std::size_t column = 0;
};

/// A command with its replacement strings, read once.
class ArgumentTemplate {
 public:
  /// A command without a replacement string gets " {}" behind it. Braces that mean nothing stay as they are. Throws
  /// kiln::Error (usage) for replacement strings of GNU Parallel that kiln has not ({%}, {= … =}), for {0}, and for a
  /// name that the header has twice.
  ArgumentTemplate(std::string_view command, const std::vector<ColumnName>& names);

  /// Appends the command for one row of each source; `number` is what {#} stands for. A column that a row lacks is
  /// nothing at all. Values are quoted, unless a replacement string is part of the first word: then they are what runs.
  void expand(std::span<const ArgumentRow> rows, std::uint64_t number, std::string& out) const;

  /// Throws kiln::Error (usage) where a position lies beyond the columns that there are in all.
  void check_positions(std::size_t columns, std::size_t sources) const;

 private:
  enum class What { text, all, position, column, number };
  enum class Part { whole, no_extension, base, directory, base_no_extension };
  struct Piece {
    What what = What::text;
    Part part = Part::whole;
    std::string text;           // as typed; of What::text what is appended
    std::int64_t position = 0;  // from 1; from the end, if negative
    std::size_t source = 0, column = 0;
  };
  friend class TemplateParser;

  static std::string_view part_of(std::string_view value, Part part);
  void append_part(std::string& out, Part part, std::string_view value) const;

  std::vector<Piece> pieces_;
  bool verbatim_ = false;
};

}  // namespace kiln::units
