#pragma once

#include <kiln/detail/stage.hpp>
#include "flow/byte_stream.hpp"
#include "flow/counted_input.hpp"
#include "flow/kept_file.hpp"
#include "flow/line_blocks.hpp"
#include "flow/line_counter.hpp"
#include "units/line_files.hpp"

#include <memory>
#include <optional>

namespace kiln::flow {

/// Reads the units of a source of lines. A file that has another size than when its stage began fails its units.
class LineInput final : public detail::UnitInput, public CountedInput {
 public:
  /// `words`: blocks are whole words, not whole lines.
  explicit LineInput(units::LineFiles files, bool words = false) : files_(std::move(files)), words_(words) {}

  /// There is none: throws kiln::Error (internal).
  detail::RawSlice slice(UnitId unit) override;
  void open_lines(UnitId unit) override;
  bool next_lines(detail::LineBlock& block) override;
  std::string_view file_name(std::uint32_t file) const override { return files_.files()[file].path; }
  std::string header() override;
  std::int64_t first_line() override;

 private:
  const units::LineFiles files_;
  const bool words_;
  std::uint32_t file_ = 0;  // of the open unit
  KeptFile plain_;
  std::unique_ptr<ByteStream> unpacked_;  // of the open unit, where the file is packed
  LineBlocks blocks_;
  LineCounter counter_;
  bool begun_ = false;                      // next_lines has given some
  std::uint64_t first_offset_ = 0;          // of them
  std::int64_t first_line_ = 0;             // 0: not known yet
  std::optional<std::uint32_t> header_of_;  // the file of header_
  std::string header_;
};

}  // namespace kiln::flow
