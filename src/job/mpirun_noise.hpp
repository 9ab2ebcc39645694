#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::job {

/// Sorts what mpirun writes to standard error: its banners between lines of dashes that only repeat what kiln says
/// itself are dropped, the death of a rank becomes one line, everything else passes as it is.
class MpirunNoise {
 public:
  /// A line without its newline. Returns the lines to show now.
  std::vector<std::string> line(std::string_view text);
  /// The stream has ended: what was held back and is worth showing.
  std::vector<std::string> end();

 private:
  std::vector<std::string> judge();

  bool inside_ = false;
  std::vector<std::string> block_;
};

}  // namespace kiln::job
