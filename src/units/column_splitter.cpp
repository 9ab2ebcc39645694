#include "units/column_splitter.hpp"

#include "base/text.hpp"

#include <fmt/core.h>
#include <re2/re2.h>
#include <kiln/error.hpp>

namespace kiln::units {
namespace {

[[noreturn]] void refuse(const std::string& separator, std::string_view why) {
  throw Error(ExitCode::usage,
              fmt::format("--colsep does not take '{}': {}; accepted: a regular expression such as ',', '\\t' or ' +'",
                          for_message(separator, 60), why));
}

// Bytes, not characters: a value need not be UTF-8.
RE2::Options byte_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);
  return options;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\n\r\f\v";
  const std::size_t first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) + 1 - first);
}

}  // namespace

struct ColumnSplitter::Engine {
  explicit Engine(const std::string& separator) : expression(separator, byte_options()) {}
  RE2 expression;
};

ColumnSplitter::ColumnSplitter(const std::string& separator) : engine_(std::make_unique<Engine>(separator)) {
  const RE2& expression = engine_->expression;
  if (!expression.ok()) refuse(separator, for_message(expression.error(), 100));
  if (RE2::FullMatch("", expression)) refuse(separator, "it matches nothing at all, and so everywhere");
}

ColumnSplitter::~ColumnSplitter() = default;
ColumnSplitter::ColumnSplitter(ColumnSplitter&&) noexcept = default;
ColumnSplitter& ColumnSplitter::operator=(ColumnSplitter&&) noexcept = default;

void ColumnSplitter::split(std::string_view value, std::vector<std::string_view>& columns) const {
  const re2::StringPiece text(value.data(), value.size());
  std::size_t begin = 0;
  re2::StringPiece found;
  for (std::size_t at = 0; engine_->expression.Match(text, at, text.size(), RE2::UNANCHORED, &found, 1);) {
    const auto where = static_cast<std::size_t>(found.data() - text.data());
    if (found.empty()) {  // as of \b: no separator
      if (where == value.size()) break;
      at = where + 1;
      continue;
    }
    columns.push_back(trimmed(value.substr(begin, where - begin)));
    begin = at = where + found.size();
  }
  columns.push_back(trimmed(value.substr(begin)));
}

}  // namespace kiln::units
