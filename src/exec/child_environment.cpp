#include "exec/child_environment.hpp"

#include <cinttypes>
#include <cstdio>

namespace kiln::exec {

ChildEnvironment::ChildEnvironment(const CommandSetup& setup) : fixed_(setup.environment) {
  fixed_.push_back("KILN_RUN_DIR=" + setup.run_directory);
  constexpr std::string_view kFunction = "BASH_FUNC_";
  for (std::string& entry : fixed_) {
    pointers_.push_back(entry.data());
    const std::string_view text = entry;
    if (text.starts_with("BASH_ENV=") || text.starts_with("SHELLOPTS=") || text.starts_with("BASHOPTS=")) {
      changes_shell_ = true;
    }
    if (text.starts_with(kFunction)) {
      const std::size_t end = text.find_first_of("%(=", kFunction.size());
      functions_.emplace(text.substr(kFunction.size(), end == std::string_view::npos ? end : end - kFunction.size()));
    }
  }
  pointers_.push_back(unit_.data());
  pointers_.push_back(attempt_.data());
  common_ = pointers_.size();
}

char* const* ChildEnvironment::for_unit(std::uint64_t unit, std::uint32_t attempt, std::string_view own) {
  std::snprintf(unit_.data(), unit_.size(), "KILN_UNIT=%" PRIu64, unit);
  std::snprintf(attempt_.data(), attempt_.size(), "KILN_ATTEMPT=%" PRIu32, attempt);
  own_ = own;
  pointers_.resize(common_);
  for (std::size_t at = 0, end = 0; (end = own_.find('\0', at)) != std::string::npos; at = end + 1) {
    pointers_.push_back(own_.data() + at);
  }
  pointers_.push_back(nullptr);
  return pointers_.data();
}

std::string_view ChildEnvironment::value(std::string_view name) const {
  for (const std::string& entry : fixed_) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
      return std::string_view(entry).substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace kiln::exec
