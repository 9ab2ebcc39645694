#include "flow/kept_file.hpp"

#include "base/text.hpp"

#include <fmt/core.h>

#include <stdexcept>

namespace kiln::flow {

PlainFile& KeptFile::open(const units::LineFiles& files, std::uint32_t number) {
  const units::LineFile& file = files.files()[number];
  if (!plain_ || number_ != number) {
    plain_.reset();
    plain_.emplace(file.path);
    number_ = number;
  }
  if (const std::uint64_t size = plain_->state().size; size != file.size) {
    plain_.reset();  // so that a new attempt looks at the file that has this name then
    throw std::runtime_error(
        fmt::format("{} has {} bytes; it had {} when the stage began", for_message(file.path, 400), size, file.size));
  }
  return *plain_;
}

}  // namespace kiln::flow
