#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiln {

/// `message`, then the text on a line of its own, then a line with ^ below the character at byte `at` (its size: the
/// end). Of a long text what is around `at`; control characters and bytes that are not UTF-8 are escaped.
std::string with_caret(std::string_view message, std::string_view text, std::size_t at);

}  // namespace kiln
