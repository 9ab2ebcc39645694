#include "said.hpp"

#include <fmt/core.h>

#include <kiln/error.hpp>
#include <sstream>

namespace kiln::bench {

double said(const std::string& out, const std::string& word) {
  const auto at = out.rfind(word + " ");
  std::istringstream words(at == std::string::npos ? "" : out.substr(at + word.size()));
  double number = 0;
  if (!(words >> number)) {
    throw Error(ExitCode::internal, fmt::format("no {} in what the program printed: \"{}\"", word, out));
  }
  return number;
}

}  // namespace kiln::bench
