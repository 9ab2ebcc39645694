#pragma once

#include "base/time.hpp"
#include "job/ask.hpp"

#include <string>
#include <vector>

namespace kiln::job {

/// Slurm's programs as this process finds and asks them: with its PATH and environment.
class SlurmTools {
 public:
  /// `patience`: with a program that does not answer; it is ended then.
  explicit SlurmTools(Duration patience = std::chrono::seconds(20));

  /// The path of "sbatch", "scontrol", …; "" where there is none.
  std::string find(const std::string& name) const;
  const std::string& path() const { return path_; }
  /// Safe on several threads; may outlive this.
  Ask ask() const;

 private:
  Duration patience_;
  std::string path_;
  std::vector<std::string> environment_;
};

}  // namespace kiln::job
