#pragma once

#include "store/entry_file.hpp"

#include <list>
#include <memory>

namespace kiln::store {

/// Verified entry files, kept open within a budget of memory; the least recently used is closed first.
class OpenFiles {
 public:
  explicit OpenFiles(std::uint64_t budget = std::uint64_t{128} << 20, std::size_t most = 200)
      : budget_(budget), most_(most) {}

  /// Opens and verifies the file unless it is open. The reference holds until the next call. Throws as EntryFile.
  const EntryFile& get(const std::filesystem::path& path);

 private:
  struct Open {
    std::unique_ptr<EntryFile> file;
    std::uint64_t bytes = 0;
  };
  std::uint64_t budget_;
  std::size_t most_;
  std::uint64_t bytes_ = 0;
  std::list<Open> open_;  // the most recently used first
};

}  // namespace kiln::store
