#pragma once

#include "status_text.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// `kiln status --watch` as a terminal shows it: pure formatting.
namespace kiln::cli {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Lines without newlines, none wider than `columns` (20 and more), at most `rows`: of many ranks the first are shown.
std::vector<std::string> watch_lines(const StatusReport& report, ScreenSize size, bool utf8);

/// Columns that valid UTF-8 text takes at most: letters beyond those of Europe and the Near East count as
/// two.
std::size_t text_width(std::string_view text);

/// The text on lines of at most `columns`, broken at blanks where there are any, later lines behind `indent` blanks.
std::vector<std::string> wrap_text(std::string_view text, std::size_t columns, std::size_t indent);

}  // namespace kiln::cli
