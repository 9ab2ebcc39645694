#pragma once

#include <string>
#include <string_view>

/// What replacement strings do to one value.
namespace kiln::units {

/// Appends the value as exactly one word of a shell command, written as GNU Parallel does it.
void append_quoted(std::string& out, std::string_view value);

std::string_view without_extension(std::string_view value);  ///< {.}: "a/b.tar.gz" is "a/b.tar"
std::string_view base_name(std::string_view value);          ///< {/}: what stands behind the last slash
std::string_view directory_name(std::string_view value);     ///< {//}: as dirname(1): "a" is ".", "a/b/" is "a"

}  // namespace kiln::units
