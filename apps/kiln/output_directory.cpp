#include "output_directory.hpp"

#include "base/text.hpp"
#include "observe/output_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;
using observe::OutputFile;
using observe::refuse_output;

constexpr const char* kOption = "--output-dir";
constexpr std::size_t kLeastDigits = 6;

std::size_t place_of(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  return static_cast<std::size_t>(found - fields.begin());
}

std::string_view text_at(RowValues values, std::size_t place) {
  const auto* const text = place < values.size() ? std::get_if<std::string_view>(&values[place]) : nullptr;
  return text == nullptr ? std::string_view() : *text;
}

fs::path tidy(const std::string& name) {
  const fs::path normal = fs::path(name).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

OutputDirectory::OutputDirectory(const std::string& name, const std::vector<Field>& fields, std::uint64_t units)
    : path_(tidy(name)),
      temporary_(OutputFile::temporary_for(path_)),
      unit_(place_of(fields, "unit")),
      out_(place_of(fields, "stdout")),
      err_(place_of(fields, "stderr")),
      digits_(std::max(kLeastDigits, std::to_string(units == 0 ? 0 : units - 1).size())) {
  std::error_code error;
  const bool there = fs::exists(fs::symlink_status(path_, error));
  if (there && !(fs::is_directory(path_, error) && fs::is_empty(path_, error))) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: {} is there already and not an empty directory: name another, or remove it yourself "
                            "(--force does not delete directories)",
                            kOption, for_message(path_.native())));
  }
  if (::mkdir(temporary_.c_str(), 0777) != 0) refuse_output(kOption, "make", path_, errno);
  folder_ = ::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) refuse_output(kOption, "open", path_, errno);
}

OutputDirectory::~OutputDirectory() {
  if (folder_ >= 0) ::close(folder_);
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void OutputDirectory::put(RowValues values) {
  const auto* const unit = std::get_if<std::uint64_t>(&values[unit_]);
  const std::string name = fmt::format("{:0{}}", unit == nullptr ? 0 : *unit, digits_);
  write(name + ".out", text_at(values, out_));
  write(name + ".err", text_at(values, err_));
}

void OutputDirectory::write(const std::string& name, std::string_view bytes) {
  const int fd = ::openat(folder_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) refuse_output(kOption, "write", path_ / name, errno);
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    if (written == 0) error = ENOSPC;
    if (written < 0 && errno != EINTR) error = errno;
  }
  if (::close(fd) != 0 && errno != EINTR && error == 0) error = errno;
  if (error != 0) refuse_output(kOption, "write", path_ / name, error);
}

void OutputDirectory::finish() {
  // One call for all files: an fsync of each would take minutes for a million.
  if (::syncfs(folder_) != 0) refuse_output(kOption, "write", path_, errno);
  // An empty folder of that name is replaced.
  OutputFile::place(kOption, temporary_, path_, OutputFile::Existing::replaced);
  temporary_.clear();
}

}  // namespace kiln::cli
