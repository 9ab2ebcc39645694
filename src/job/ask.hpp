#pragma once

#include <functional>
#include <string>
#include <vector>

namespace kiln::job {

/// Asks a program: its words, the first a path. What it says and whether it ended with 0.
struct Answer {
  bool well = false;
  std::string text;
};
using Ask = std::function<Answer(const std::vector<std::string>& words)>;

/// Asks several at the same time, on threads; `ask` must bear that. The answers in their order.
std::vector<Answer> ask_all(const std::vector<std::vector<std::string>>& questions, const Ask& ask);

}  // namespace kiln::job
