#pragma once

#include "results_text.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kiln::cli {

/// A folder with two files a unit, its standard output and error as they were kept: 000017.out, 000017.err. It appears
/// complete or not at all. Throws kiln::Error (bad_input) that names what cannot be written and what to do.
class OutputDirectory {
 public:
  /// `units`: the highest id expected. The folder must not exist yet, or be empty.
  OutputDirectory(const std::string& name, const std::vector<Field>& fields, std::uint64_t units);
  /// Removes what was not finished.
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  void put(RowValues values);
  void finish();

 private:
  void write(const std::string& name, std::string_view bytes);

  std::filesystem::path path_, temporary_;
  std::size_t unit_, out_, err_, digits_;
  int folder_ = -1;
};

}  // namespace kiln::cli
