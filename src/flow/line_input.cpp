#include "flow/line_input.hpp"

#include "flow/file_header.hpp"
#include "flow/line_ends.hpp"

#include <kiln/detail/rejected_list.hpp>
#include <kiln/error.hpp>

#include <string>
#include <utility>

namespace kiln::flow {

static_assert(LineBlocks::kLongestLine == std::size_t{64} << 20 &&
                  LineBlocks::kBegin >= detail::RejectedList::kRecordBytes,
              "of a line that is too long as much is kept as of others");

detail::RawSlice LineInput::slice(UnitId) { throw Error(ExitCode::internal, "a source of lines has no slices"); }

void LineInput::open_lines(UnitId unit) {
  begin_unit(unit);
  const units::LineRange range = files_.range_of(unit);
  const units::LineFile& file = files_.files()[range.file];
  unpacked_.reset();
  begun_ = false;
  first_line_ = 0;
  file_ = range.file;
  PlainFile& plain = plain_.open(files_, file_);
  plain.go_to(LineBlocks::place_before(range.begin), file.size);
  unpacked_ = unpack(plain, file);
  ByteStream& stream = unpacked_ ? *unpacked_ : static_cast<ByteStream&>(plain);
  blocks_.open(stream, range.begin, range.end, words_ ? LineBlocks::Cut::words : LineBlocks::Cut::lines);
}

bool LineInput::next_lines(detail::LineBlock& block) {
  block.file = file_;
  if (!blocks_.next(block.text, block.offset)) return false;
  const char* const too_long = words_ ? "the word is longer than 64 MiB" : "the line is longer than 64 MiB";
  block.rejected = blocks_.is_cut() ? too_long : nullptr;
  if (!std::exchange(begun_, true)) first_offset_ = block.offset;
  count(count_line_ends(block.text) + (blocks_.is_end(block.text.back()) ? 0 : 1));
  return true;
}

std::string LineInput::header() {
  if (header_of_ != file_) {
    header_ = read_header(files_.files()[file_]);
    header_of_ = file_;
  }
  return header_;
}

std::int64_t LineInput::first_line() {
  if (first_line_ != 0) return first_line_;
  first_line_ = 1;  // a packed file is one unit
  if (first_offset_ == 0) return first_line_;
  const units::LineFile& file = files_.files()[file_];
  counter_.use(file.path, file.size);
  const auto before = counter_.lines_before(first_offset_);
  first_line_ = before ? static_cast<std::int64_t>(*before) + 1 : -1;
  return first_line_;
}

}  // namespace kiln::flow
