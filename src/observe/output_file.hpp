#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace kiln::observe {

/// A file that appears complete or not at all: written under another name beside it, fsynced, then renamed. "-" is
/// standard output; a pipe or device is written as it is. Throws kiln::Error (bad_input) that names the file and says
/// what to do; what stood there before still stands then.
class OutputFile {
 public:
  enum class Existing { refused, replaced };

  /// `option` ("--csv") names what asked for it.
  OutputFile(std::string option, const std::string& name, Existing existing);
  /// Removes what was not finished.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Held back until some hundred KiB are together.
  std::string& buffer() { return buffer_; }
  void flush_when_full();
  /// The file is there under its name. Call once, at the end.
  void finish();

  /// For who writes the file by its name: the temporary one, which does not exist yet. Not for pipes and "-".
  static std::filesystem::path temporary_for(const std::filesystem::path& file);
  /// Renames a complete temporary file or folder to its name. The same errors.
  static void place(const std::string& option, const std::filesystem::path& temporary,
                    const std::filesystem::path& file, Existing existing);

 private:
  void flush();
  [[noreturn]] void fail(std::string_view doing, int error) const;

  std::string option_;
  std::filesystem::path path_, temporary_;  // temporary_: empty where there is none
  Existing existing_;
  int fd_ = -1;
  bool own_ = true;  // fd_ is closed here
  std::string buffer_;
};

/// Throws kiln::Error (bad_input) where the file is there already and may not be replaced, or its folder is missing.
void check_destination(const std::string& option, const std::string& name, OutputFile::Existing existing);

/// Throws kiln::Error (bad_input): "--csv: cannot write x.csv: No space left on device; …".
[[noreturn]] void refuse_output(const std::string& option, std::string_view doing, const std::filesystem::path& path,
                                int error);

}  // namespace kiln::observe
