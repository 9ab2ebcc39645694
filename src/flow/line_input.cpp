#include "flow/line_input.hpp"

#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <stdexcept>
#include <string>

namespace kiln::flow {
detail::RawSlice LineInput::slice(UnitId) { throw Error(ExitCode::internal, "a source of lines has no slices"); }

void LineInput::open_lines(UnitId unit) {
  const units::LineRange range = files_.range_of(unit);
  const units::LineFile& file = files_.files()[range.file];
  unpacked_.reset();
  if (!plain_ || file_ != range.file) {
    plain_.reset();
    plain_.emplace(file.path);
    file_ = range.file;
  }
  if (const std::uint64_t size = plain_->state().size; size != file.size) {
    plain_.reset();  // so that a new attempt looks at the file that has this name then
    throw std::runtime_error(
        fmt::format("{} has {} bytes; it had {} when the stage began", for_message(file.path, 400), size, file.size));
  }
  plain_->go_to(LineBlocks::place_before(range.begin), file.size);
  ByteStream* stream = &*plain_;
  if (file.compression != units::Compression::none) {
    const std::string shown = for_message(file.path, 400);
    unpacked_ =
        file.compression == units::Compression::gzip ? unpack_gzip(*plain_, shown) : unpack_zstd(*plain_, shown);
    stream = unpacked_.get();
  }
  blocks_.open(*stream, file.path, range.begin, range.end);
}

bool LineInput::next_lines(detail::LineBlock& block) {
  block.file = file_;
  return blocks_.next(block.text, block.offset);
}

}  // namespace kiln::flow
