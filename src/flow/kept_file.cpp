#include "flow/kept_file.hpp"

#include "base/text.hpp"
#include "flow/file_facts.hpp"

#include <fmt/core.h>

#include <stdexcept>

namespace kiln::flow {

PlainFile& KeptFile::open(const units::LineFiles& files, std::uint32_t number) {
  const units::LineFile& file = files.files()[number];
  if (!plain_ || number_ != number) {
    plain_.reset();
    still_as_it_was_.reset();
    plain_.emplace(file.path);
    number_ = number;
  }
  const FileState now = plain_->state();
  if (now.size != file.size) {
    refuse(fmt::format("{} has {} bytes; it had {} when the stage began", for_message(file.path, 400), now.size,
                       file.size));
  }
  if (now.modified != file.modified && now.modified != still_as_it_was_) {
    if (ends_checksum(*plain_, file.size) != file.checksum) {
      refuse(fmt::format("{} changed since the stage began: it is {}", for_message(file.path, 400),
                         change_of(file.size, now.size)));
    }
    still_as_it_was_ = now.modified;
  }
  return *plain_;
}

void KeptFile::refuse(const std::string& why) {
  plain_.reset();  // so that a new attempt looks at the file that has this name then
  throw std::runtime_error(why);
}

}  // namespace kiln::flow
