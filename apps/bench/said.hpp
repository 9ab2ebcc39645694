#pragma once

#include <string>

namespace kiln::bench {

/// The number behind the last "WORD " in what a program printed. Throws kiln::Error where there is none.
double said(const std::string& out, const std::string& word);

}  // namespace kiln::bench
