#pragma once

#include <string>
#include <vector>

namespace kiln::flow {

/// The regular files that a path or pattern names, sorted by bytes, each once. In a pattern `*`, `?` and `[…]` stand
/// for parts of one name, as in a shell without locale (a leading dot must be written out); a whole component `**`
/// stands for any number of folders, none included, and as the last one for all files below. It enters neither hidden
/// folders nor those behind symbolic links. What exists under the very name given is no pattern.
/// Throws kiln::Error (bad_input) where nothing matches, unless it is a pattern that `may_find_none`, for a directory
/// (unless `**` met it), for what is no regular file, and where a folder cannot be read.
std::vector<std::string> find_files(const std::string& pattern, bool may_find_none = false);

}  // namespace kiln::flow
