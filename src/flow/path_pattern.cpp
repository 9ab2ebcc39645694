#include "flow/path_pattern.hpp"

#include "base/start_directory.hpp"
#include "base/text.hpp"

#include <dirent.h>
#include <fmt/core.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace kiln::flow {
namespace {

constexpr std::string_view kAnyFolders = "**";

[[noreturn]] void refuse(std::string_view text) { throw Error(ExitCode::bad_input, std::string(text)); }

std::string in_quotes(std::string_view path) { return fmt::format("'{}'", for_message(path, 400)); }

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end != 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

std::string join(const std::string& folder, const std::string& name) {
  return folder.empty() || folder == "/" ? folder + name : folder + '/' + name;
}

struct Entry {
  std::string name;
  bool link = false;
  bool folder = false;  // also behind a link
};

class Search {
 public:
  explicit Search(const std::string& pattern) : pattern_(pattern), parts_(components(pattern)) {
    // As the last component: all files below.
    if (parts_.back() == kAnyFolders) {
      parts_.emplace_back("*");
      skip_folders_ = true;
    }
  }

  std::vector<std::string> run() {
    walk(pattern_.front() == '/' ? "/" : "", 0);
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  void walk(const std::string& folder, std::size_t part) {
    const std::string& name = parts_[part];
    const bool last = part + 1 == parts_.size();
    if (name == kAnyFolders) {
      walk(folder, part + 1);
      for (const Entry& entry : entries(folder)) {
        if (entry.folder && !entry.link && entry.name.front() != '.') walk(join(folder, entry.name), part);
      }
    } else if (name.find_first_of("*?[") == std::string::npos) {
      const std::string path = join(folder, name);
      struct stat status {};
      if (stat(from_start(path).c_str(), &status) == 0) reach(path, S_ISDIR(status.st_mode), last, part);
    } else {
      for (const Entry& entry : entries(folder)) {
        if (fnmatch(name.c_str(), entry.name.c_str(), FNM_PERIOD) != 0) continue;
        reach(join(folder, entry.name), entry.folder, last, part);
      }
    }
  }

  void reach(const std::string& path, bool is_folder, bool last, std::size_t part) {
    if (!last) {
      if (is_folder) walk(path, part + 1);
    } else if (!is_folder || !skip_folders_) {
      found_.push_back(path);
    }
  }

  std::vector<Entry> entries(const std::string& folder) const {
    const std::string opened = folder.empty() ? "." : folder;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(from_start(opened).c_str()), closedir);
    if (stream == nullptr && (errno == ENOENT || errno == ENOTDIR)) return {};
    std::vector<Entry> list;
    errno = stream == nullptr ? errno : 0;
    while (stream != nullptr) {
      const dirent* found = readdir(stream.get());  // NOLINT(concurrency-mt-unsafe): a stream of our own
      if (found == nullptr) break;
      const std::string_view name(found->d_name);
      if (name == "." || name == "..") continue;
      Entry entry{std::string(name), found->d_type == DT_LNK, found->d_type == DT_DIR};
      if (found->d_type == DT_LNK || found->d_type == DT_UNKNOWN) look(join(folder, entry.name), entry);
      list.push_back(std::move(entry));
      errno = 0;
    }
    if (errno != 0) {
      refuse(fmt::format("cannot read the directory {}, in which {} looks: {}; check its permissions",
                         in_quotes(opened), in_quotes(pattern_), std::strerror(errno)));
    }
    return list;
  }

  static void look(const std::string& path, Entry& entry) {
    struct stat status {};
    if (lstat(from_start(path).c_str(), &status) == 0) entry.link = S_ISLNK(status.st_mode);
    entry.folder = stat(from_start(path).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  }

  const std::string& pattern_;
  std::vector<std::string> parts_;
  std::vector<std::string> found_;
  bool skip_folders_ = false;
};

void expect_file(const std::string& path, const std::string& pattern) {
  struct stat status {};
  const std::string from = path == pattern ? std::string() : fmt::format(" (found by {})", in_quotes(pattern));
  if (stat(from_start(path).c_str(), &status) != 0) {
    refuse(fmt::format("cannot read {}{}: {}; check the path", in_quotes(path), from, std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) {
    refuse(fmt::format("{}{} is a directory; name its files, say {}, or {} for all files below it", in_quotes(path),
                       from, in_quotes(path + "/*.txt"), in_quotes(path + "/**")));
  }
  if (!S_ISREG(status.st_mode)) {
    refuse(fmt::format("{}{} is no regular file; a source is read more than once, so copy it into a file first",
                       in_quotes(path), from));
  }
}

}  // namespace

std::vector<std::string> find_files(const std::string& pattern, bool may_find_none) {
  if (pattern.empty() || pattern.find('\0') != std::string::npos) {
    refuse(fmt::format("{} is not the name of a file", in_quotes(pattern)));
  }
  struct stat status {};
  const bool literal =
      lstat(from_start(pattern).c_str(), &status) == 0 || pattern.find_first_of("*?[") == std::string::npos;
  std::vector<std::string> found = literal ? std::vector<std::string>{pattern} : Search(pattern).run();
  if (found.empty() && !may_find_none) {
    refuse(fmt::format("no file matches {}; check the pattern, and the directory that the program was started in",
                       in_quotes(pattern)));
  }
  for (const std::string& path : found) expect_file(path, pattern);
  return found;
}

}  // namespace kiln::flow
