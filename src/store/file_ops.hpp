#pragma once

#include <kiln/detail/bytes.hpp>

#include <sys/types.h>
#include <kiln/error.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace kiln::store {

/// ENOSPC and EDQUOT: there is no room, and there may be some later.
bool is_full(int error_number);

/// The disk said no. Code: stopped_early for ENOSPC and EDQUOT (make room, run again), else run_directory.
class StorageError : public Error {
 public:
  /// `doing` completes "cannot …": "write", "link".
  StorageError(int error_number, std::string_view doing, const std::filesystem::path& path);
  int error_number() const { return error_number_; }
  const std::filesystem::path& path() const { return path_; }
  /// what() without what to do about it.
  const std::string& fact() const { return fact_; }

 private:
  int error_number_;
  std::filesystem::path path_;
  std::string fact_;
};

/// The few system calls by which the journal changes the disk, with the system's own meaning: -1 and errno on failure.
/// Tests put faults here.
class FileOps {
 public:
  virtual ~FileOps() = default;
  virtual int open(const char* path, int flags, mode_t mode);
  virtual ssize_t write(int fd, const void* data, std::size_t size);
  virtual int fsync(int fd);
  virtual int link(const char* from, const char* to);
  virtual int rename(const char* from, const char* to);
  virtual int unlink(const char* path);
  virtual int mkdir(const char* path, mode_t mode);
  virtual int rmdir(const char* path);
};

/// The real system calls. Stateless.
FileOps& system_file_ops();

/// A new file with these bytes, written whole and fsynced; an older one of that name is cut to nothing first. On any
/// failure (short write, ENOSPC, a failed fsync, after which nothing is known of the bytes) the file is removed and
/// StorageError thrown.
void write_durably(FileOps& ops, const std::filesystem::path& path, ByteView bytes);
/// fsync of a folder: names linked, renamed or removed in it are durable after. Throws StorageError.
void sync_folder(FileOps& ops, const std::filesystem::path& folder);
/// Makes the folder (its parent exists) and fsyncs the parent; a folder that is there already is fine.
/// Throws StorageError.
void make_folder(FileOps& ops, const std::filesystem::path& folder);
/// Removes the name; one that is gone already is fine. Throws StorageError.
void remove_name(FileOps& ops, const std::filesystem::path& path);
/// The whole file. Throws StorageError (ENOENT where there is none); a file longer than `limit` is EFBIG.
Bytes read_file(const std::filesystem::path& path, std::uint64_t limit = std::uint64_t{1} << 40);

}  // namespace kiln::store
