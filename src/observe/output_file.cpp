#include "observe/output_file.hpp"

#include "base/start_directory.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace kiln::observe {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBuffer = 256 * 1024;

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

[[noreturn]] void refuse(const std::string& option, const fs::path& path, std::string_view why) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {} {}", option, for_message(path.native()), why));
}

[[noreturn]] void refuse_existing(const std::string& option, const fs::path& path) {
  refuse(option, path, "is there already: name another file, or replace it with --force");
}

// Pipes and devices cannot appear at once; who reads them sees where they end.
bool is_stream(const fs::path& path) {
  std::error_code ignored;
  const auto type = fs::status(from_start(path), ignored).type();
  return type == fs::file_type::character || type == fs::file_type::fifo || type == fs::file_type::socket ||
         type == fs::file_type::block;
}

bool sync_folder(const fs::path& folder) {
  const int fd = ::open(from_start(folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::fsync(fd) == 0 || errno == EINVAL;  // some file systems cannot
  ::close(fd);
  return good;
}

}  // namespace

void refuse_output(const std::string& option, std::string_view doing, const fs::path& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  throw Error(ExitCode::bad_input,
              fmt::format("{}: cannot {} {}: {}; {}", option, doing, for_message(path.native()), std::strerror(error),
                          full ? "make room, or choose another place; the run itself is not touched"
                               : "choose another place; the run itself is not touched"));
}

void check_destination(const std::string& option, const std::string& name, OutputFile::Existing existing) {
  if (name == "-") return;
  const fs::path path = name;
  std::error_code error;
  const fs::file_status folder = fs::status(from_start(folder_of(path)), error);
  if (!fs::exists(folder)) refuse_output(option, "write", path, ENOENT);
  if (!fs::is_directory(folder)) refuse_output(option, "write", path, ENOTDIR);
  const fs::file_status status = fs::status(from_start(path), error);
  if (fs::is_directory(status)) refuse(option, path, "is a directory: name a file");
  if (fs::is_regular_file(status) && existing == OutputFile::Existing::refused) refuse_existing(option, path);
}

OutputFile::OutputFile(std::string option, const std::string& name, Existing existing)
    : option_(std::move(option)), path_(name), existing_(existing) {
  if (name == "-") {
    path_ = "standard output";
    fd_ = STDOUT_FILENO;
    own_ = false;
    return;
  }
  check_destination(option_, name, existing_);
  const bool stream = is_stream(path_);
  if (!stream) temporary_ = temporary_for(path_);
  const fs::path& opened = stream ? path_ : temporary_;
  fd_ = ::open(from_start(opened).c_str(), O_WRONLY | O_CLOEXEC | (stream ? 0 : O_CREAT | O_TRUNC), 0666);
  if (fd_ < 0) {
    temporary_.clear();
    fail("write", errno);
  }
}

OutputFile::~OutputFile() {
  if (own_ && fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(from_start(temporary_).c_str());
}

void OutputFile::fail(std::string_view doing, int error) const { refuse_output(option_, doing, path_, error); }

void OutputFile::flush_when_full() {
  if (buffer_.size() >= kBuffer) flush();
}

void OutputFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("write", written < 0 ? errno : ENOSPC);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void OutputFile::finish() {
  flush();
  if (!own_) return;
  if (!temporary_.empty() && ::fsync(fd_) != 0) fail("write", errno);
  const int fd = fd_;
  fd_ = -1;
  if (::close(fd) != 0 && errno != EINTR) fail("write", errno);
  if (temporary_.empty()) return;
  place(option_, temporary_, path_, existing_);
  temporary_.clear();
}

fs::path OutputFile::temporary_for(const fs::path& file) {
  return folder_of(file) / fmt::format(".kiln-tmp-{}-{}", file.filename().string(), ::getpid());
}

void OutputFile::place(const std::string& option, const fs::path& temporary, const fs::path& file, Existing existing) {
  int code = 0;
  if (existing == Existing::refused) {
    code = ::renameat2(AT_FDCWD, from_start(temporary).c_str(), AT_FDCWD, from_start(file).c_str(), RENAME_NOREPLACE);
    if (code != 0 && errno == EEXIST) refuse_existing(option, file);
    // Not every file system can do that: it was looked a moment ago whether there is one.
    if (code != 0 && (errno == EINVAL || errno == ENOSYS))
      code = ::rename(from_start(temporary).c_str(), from_start(file).c_str());
  } else {
    code = ::rename(from_start(temporary).c_str(), from_start(file).c_str());
  }
  if (code != 0) refuse_output(option, "write", file, errno);
  if (!sync_folder(folder_of(file))) refuse_output(option, "fsync the folder of", file, errno);
}

}  // namespace kiln::observe
