#pragma once

#include <string>
#include <string_view>

namespace clickstream {

/// A file that appears complete or not at all. Throws std::runtime_error that names it.
class WholeFile {
 public:
  explicit WholeFile(std::string path);
  /// Removes what was not finished.
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  void add(std::string_view bytes);
  /// It is on the disk under its name.
  void finish();

 private:
  void flush();
  [[noreturn]] void fail() const;

  std::string path_, part_;
  int fd_;
  std::string buffer_;
};

}  // namespace clickstream
