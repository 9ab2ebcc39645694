#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::exec {

/// The words of a command that a POSIX shell would only split and execute: no expansion, redirection, list, assignment,
/// builtin or keyword. Quotes are removed as the shell removes them. Nothing (false) where a shell is needed, or where
/// it is not certain that none is.
bool plain_words(std::string_view command, std::vector<std::string>& words);

/// bash, sh or dash: the shells whose rules plain_words knows.
bool is_known_shell(std::string_view path);

}  // namespace kiln::exec
