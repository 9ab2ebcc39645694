#pragma once

#include <kiln/detail/rows.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::exec {

/// A column of results whose values are taken from the output of commands: `loss=float:/loss ([0-9.]+)/`.
struct ResultColumn {
  enum class Type : std::uint8_t { real = 0, integer = 1, text = 2 };
  enum class Stream : std::uint8_t { out = 0, err = 1 };

  std::string name;
  Type type = Type::real;
  Stream stream = Stream::out;
  std::string pattern;  ///< as kiln::Pattern takes it

  friend bool operator==(const ResultColumn&, const ResultColumn&) = default;
};

inline constexpr std::size_t kMostResultColumns = 64;
/// Of a longer stream the last so many bytes are looked at.
inline constexpr std::size_t kLookedAt = std::size_t{64} << 20;

/// NAME=TYPE[@STREAM]:/PATTERN/ of each text; TYPE is float, int or text, STREAM stdout (the default) or stderr. Throws
/// kiln::Error (usage) that points at the character, also for a name that is taken; `option` names what was given.
std::vector<ResultColumn> parse_result_columns(std::string_view option, const std::vector<std::string>& texts);

/// Whether one of them looks at the stream.
bool reads(const std::vector<ResultColumn>& columns, ResultColumn::Stream stream);

/// The definition as parse_result_columns takes it.
std::string to_text(const ResultColumn& column);

/// The column in rows and in results.h5: "results/NAME".
Column column_of(const ResultColumn& column);
/// Whether a column of rows holds values taken from output.
bool is_result_column(const Column& column);
/// The integer that stands for a missing value in this column, where one does: INT64_MIN, as -1 may be a result.
std::optional<std::int64_t> missing_integer(const Column& column);

}  // namespace kiln::exec
