#pragma once

#include "store/h5.hpp"

#include <filesystem>
#include <memory>

namespace kiln::store {

/// A new HDF5 file on a disk that may refuse bytes at any moment. HDF5 1.10 cannot stand that: closing what it could
/// not write ends in a crash. So it never learns of it: what the disk refuses is kept in memory, and check() tells.
/// Whoever writes calls check() often, and lets go of the file when it throws.
class GuardedFile {
 public:
  /// An older file of that name is replaced. Throws StorageError.
  explicit GuardedFile(const std::filesystem::path& path);
  /// All handles of the file must be closed before.
  ~GuardedFile();
  GuardedFile(const GuardedFile&) = delete;
  GuardedFile& operator=(const GuardedFile&) = delete;

  const h5::Handle& file() const { return file_; }
  /// Throws StorageError once the disk has refused anything.
  void check() const;
  /// Writes all and fsyncs. All other handles must be closed before. Throws StorageError.
  void finish();

  struct Disk;  ///< inside of guarded_file.cpp

 private:
  std::unique_ptr<Disk> disk_;
  h5::Handle file_;
};

}  // namespace kiln::store
