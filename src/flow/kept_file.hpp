#pragma once

#include "flow/plain_file.hpp"
#include "units/line_files.hpp"

#include <cstdint>
#include <optional>

namespace kiln::flow {

/// The file of the present unit, which stays open for the next ones.
class KeptFile {
 public:
  /// Throws std::runtime_error where it cannot be opened, or has another size than when its stage began.
  PlainFile& open(const units::LineFiles& files, std::uint32_t number);

 private:
  std::optional<PlainFile> plain_;
  std::uint32_t number_ = 0;  // of plain_
};

}  // namespace kiln::flow
