#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::job {

/// Sorts what mpirun and the MPI of the ranks write to standard error: banners between lines of dashes and single lines
/// that only repeat what kiln says itself are dropped, the death of a rank or a node becomes one line, what comes of a
/// death is dropped once there was one, everything else passes as it is.
class MpirunNoise {
 public:
  /// `all`: nothing is dropped.
  explicit MpirunNoise(bool all = false) : all_(all) {}

  /// A line without its newline. Returns the lines to show now.
  std::vector<std::string> line(std::string_view text);
  /// The stream has ended: what was held back and is worth showing.
  std::vector<std::string> end();

 private:
  std::vector<std::string> judge();
  bool is_dropped(std::string_view text);

  bool all_;
  bool inside_ = false;
  bool death_ = false;  // a rank has died, or a connection to one was lost
  std::vector<std::string> block_;
};

}  // namespace kiln::job
