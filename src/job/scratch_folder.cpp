#include "job/scratch_folder.hpp"

#include "store/file_ops.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace kiln::job {

ScratchFolder::ScratchFolder(const std::filesystem::path& inside, const std::string& name) {
  std::string path = (inside / (name + "-XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr) throw store::StorageError(errno, "make a folder in", inside);
  path_ = path;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace kiln::job
