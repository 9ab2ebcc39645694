#pragma once

#include <string>
#include <vector>

namespace kiln::job {

enum class Verdict { good, note, bad };

/// One line of `kiln doctor`.
struct Finding {
  std::string check;  ///< its name, for programs: "disk.links"; unique
  Verdict verdict = Verdict::good;
  std::string text;    ///< what was found, one line
  std::string advice;  ///< what to change, and how; "" when good
};
using Findings = std::vector<Finding>;

inline Finding good(std::string check, std::string text) {
  return {std::move(check), Verdict::good, std::move(text), ""};
}
inline Finding note(std::string check, std::string text, std::string advice) {
  return {std::move(check), Verdict::note, std::move(text), std::move(advice)};
}
inline Finding bad(std::string check, std::string text, std::string advice) {
  return {std::move(check), Verdict::bad, std::move(text), std::move(advice)};
}

}  // namespace kiln::job
