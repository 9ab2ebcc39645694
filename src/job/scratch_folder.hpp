#pragma once

#include <filesystem>
#include <string>

namespace kiln::job {

/// A new folder inside of another, removed with all that is in it by its owner's end.
class ScratchFolder {
 public:
  /// `name`: what its name begins with. Throws store::StorageError where it cannot be made.
  explicit ScratchFolder(const std::filesystem::path& inside, const std::string& name = ".kiln-doctor");
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace kiln::job
