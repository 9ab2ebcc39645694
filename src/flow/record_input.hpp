#pragma once

#include <kiln/detail/stage.hpp>
#include "flow/counted_input.hpp"
#include "flow/kept_file.hpp"
#include "units/line_files.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kiln::flow {

/// Reads the units of a source of records, whose files and splits are whole records. A file that has another size than
/// when its stage began fails its units.
class RecordInput final : public detail::UnitInput, public CountedInput {
 public:
  RecordInput(units::LineFiles files, std::uint64_t record_size);

  /// There is none: throws kiln::Error (internal).
  detail::RawSlice slice(UnitId unit) override;
  void open_lines(UnitId unit) override;
  bool next_lines(detail::LineBlock& block) override;
  std::string_view file_name(std::uint32_t file) const override { return files_.files()[file].path; }

 private:
  const units::LineFiles files_;
  const std::uint64_t record_size_;
  std::vector<char> buffer_;  // of whole records
  KeptFile file_;
  PlainFile* plain_ = nullptr;  // of the open unit
  units::LineRange range_;      // what is left of the open unit
};

}  // namespace kiln::flow
