#include "flow/record_input.hpp"

#include <kiln/error.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace kiln::flow {
namespace {

constexpr std::uint64_t kBlock = std::uint64_t{256} << 10;  // read at a time: fits the processor's second cache

}  // namespace

RecordInput::RecordInput(units::LineFiles files, std::uint64_t record_size)
    : files_(std::move(files)),
      record_size_(record_size),
      buffer_(std::max<std::uint64_t>(kBlock / record_size, 1) * record_size) {}

detail::RawSlice RecordInput::slice(UnitId) { throw Error(ExitCode::internal, "a source of records has no slices"); }

void RecordInput::open_lines(UnitId unit) {
  begin_unit(unit);
  range_ = files_.range_of(unit);
  plain_ = &file_.open(files_, range_.file);
  plain_->go_to(range_.begin, files_.files()[range_.file].size);
}

bool RecordInput::next_lines(detail::LineBlock& block) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), range_.end - range_.begin));
  if (wanted == 0) return false;
  for (std::size_t read = 0; read < wanted;) read += plain_->read(std::span(buffer_).subspan(read, wanted - read));
  block.text = {buffer_.data(), wanted};
  block.offset = range_.begin;
  block.file = range_.file;
  range_.begin += wanted;
  count(wanted / record_size_);
  return true;
}

}  // namespace kiln::flow
