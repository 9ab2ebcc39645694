#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kiln {

/// A folder of files, gone at the end.
class RecordFiles {
 public:
  RecordFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "kiln-records-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = name;
  }
  RecordFiles(const RecordFiles&) = delete;
  RecordFiles& operator=(const RecordFiles&) = delete;
  ~RecordFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  /// Writes the file and returns its path.
  std::string write(std::string_view text, const std::string& name = "records") const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string path(const std::string& name = "records") const { return (folder_ / name).native(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace kiln
