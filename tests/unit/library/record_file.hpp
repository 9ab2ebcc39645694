#pragma once

#include "unit/temp_folder.hpp"

#include <fstream>
#include <string>
#include <string_view>

namespace kiln {

/// A folder of files, gone at the end.
class RecordFiles {
 public:
  /// Writes the file and returns its path.
  std::string write(std::string_view text, const std::string& name = "records") const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string path(const std::string& name = "records") const { return (folder_ / name).native(); }

 private:
  TempFolder folder_;
};

}  // namespace kiln
