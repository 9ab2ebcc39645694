#pragma once

#include "flow/plain_file.hpp"
#include "units/line_files.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kiln::flow {

/// The file of the present unit, which stays open for the next ones.
class KeptFile {
 public:
  /// Throws std::runtime_error where it cannot be opened, or is not as it was when its stage began: of another size, or
  /// with another begin or end. The bytes are looked at only where the time of its last change is another one.
  PlainFile& open(const units::LineFiles& files, std::uint32_t number);

 private:
  [[noreturn]] void refuse(const std::string& why);

  std::optional<PlainFile> plain_;
  std::uint32_t number_ = 0;                     // of plain_
  std::optional<std::int64_t> still_as_it_was_;  // changed then last, but its bytes are the same
};

}  // namespace kiln::flow
