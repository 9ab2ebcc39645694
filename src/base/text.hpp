#pragma once

#include <string>
#include <string_view>

namespace kiln {

/// The text as valid UTF-8 without NUL: such bytes become \xNN. Sets *changed (never clears it) where it had to.
std::string to_utf8(std::string_view bytes, bool* changed = nullptr);

/// The text as it stands in tables (results.h5, CSV, JSON lines): valid UTF-8 without NUL, from which the bytes can be
/// had back, and nothing else can become the same. It stays as it is where it is that, and has no backslash, x and two
/// of 0-9A-F in a row. Else NUL and invalid bytes become \xNN, each backslash two, and *escaped is set (never cleared).
/// So a text of a table is an escaped one exactly where it has such an \xNN in it.
std::string table_text(std::string_view bytes, bool* escaped = nullptr);
/// Whether table_text leaves it as it is.
bool is_table_text(std::string_view bytes);

/// Whether it is valid UTF-8; NUL is allowed.
bool is_utf8(std::string_view bytes);

/// The text on one line for messages: control characters and invalid bytes escaped, cut to `limit` characters with "…".
std::string for_message(std::string_view bytes, std::size_t limit = 120);

}  // namespace kiln
