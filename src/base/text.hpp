#pragma once

#include <string>
#include <string_view>

namespace kiln {

/// The text as valid UTF-8 without NUL: such bytes become \xNN. Sets *changed (never clears it) where it had to.
std::string to_utf8(std::string_view bytes, bool* changed = nullptr);

/// Whether it is valid UTF-8; NUL is allowed.
bool is_utf8(std::string_view bytes);

/// The text on one line for messages: control characters and invalid bytes escaped, cut to `limit` characters with "…".
std::string for_message(std::string_view bytes, std::size_t limit = 120);

}  // namespace kiln
