#include "flow/slice_input.hpp"

#include "base/start_directory.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <kiln/error.hpp>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace kiln::flow {

detail::RawSlice SliceInput::slice(UnitId unit) {
  const units::DatasetSlices::Part part = slices_.part_of(unit);
  if (key_.empty()) begin();
  std::string key = fmt::format("{}:{}", key_, part.first);
  const Buffer* values = cache_ == nullptr ? nullptr : cache_->find(key);
  if (values == nullptr) {
    own_ = {};
    own_ = read(part);
    values = cache_ == nullptr ? &own_ : cache_->keep(std::move(key), own_);
  }
  detail::RawSlice slice;
  slice.data = values->bytes.get();
  slice.first = part.first;
  slice.rows = part.rows;
  slice.row_values = slices_.row_values();
  slice.dimensions.assign(slices_.dimensions.begin() + 1, slices_.dimensions.end());
  return slice;
}

// Which file it is, as this machine sees it: one that was replaced is another one.
void SliceInput::begin() {
  struct stat status {};
  if (stat(from_start(slices_.path).c_str(), &status) != 0) {
    throw std::runtime_error(fmt::format("cannot read {}: {}", for_message(slices_.path, 400), std::strerror(errno)));
  }
  if (const auto size = static_cast<std::uint64_t>(status.st_size); size != slices_.file_size) {
    throw std::runtime_error(fmt::format("{} has {} bytes; it had {} when the stage began",
                                         for_message(slices_.path, 400), size, slices_.file_size));
  }
  if (cache_ != nullptr) cache_->begin_stage();
  key_ = fmt::format("{}:{}:{}:{}.{:09}:{}:{}:{}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, slices_.dataset, static_cast<int>(slices_.element), slices_.unit_rows);
}

Buffer SliceInput::read(const units::DatasetSlices::Part& part) {
  if (!reader_) {
    reader_.emplace(slices_.path, slices_.dataset, slices_.element,
                    static_cast<std::uint32_t>(slices_.dimensions.size()));
    if (reader_->dimensions() != slices_.dimensions) {
      reader_.reset();
      throw std::runtime_error(fmt::format("dataset '{}' of {} has another shape than when the stage began",
                                           for_message(slices_.dataset), for_message(slices_.path, 400)));
    }
  }
  Buffer buffer =
      Buffer::of(static_cast<std::size_t>(part.rows * slices_.row_values()) * column_width(slices_.element));
  reader_->read(part.first, part.rows, std::span(buffer.bytes.get(), buffer.size));
  return buffer;
}

void SliceInput::open_lines(UnitId) { throw Error(ExitCode::internal, "a source in HDF5 has no lines"); }
bool SliceInput::next_lines(detail::LineBlock&) { throw Error(ExitCode::internal, "a source in HDF5 has no lines"); }

}  // namespace kiln::flow
