#pragma once

#include <kiln/detail/stage.hpp>
#include "flow/slice_cache.hpp"
#include "store/dataset_reader.hpp"
#include "units/dataset_slices.hpp"

#include <optional>
#include <string>

namespace kiln::flow {

/// Reads the units of a source of slices. A file that has another size than when its stage began fails its units.
class SliceInput final : public detail::UnitInput {
 public:
  /// `cache`: where slices are looked for and kept; null: nowhere. Must live as long.
  SliceInput(units::DatasetSlices slices, SliceCache* cache) : slices_(std::move(slices)), cache_(cache) {}

  detail::RawSlice slice(UnitId unit) override;
  /// There are none: throws kiln::Error (internal).
  void open_lines(UnitId unit) override;
  bool next_lines(detail::LineBlock& block) override;
  std::string_view file_name(std::uint32_t) const override { return slices_.path; }

 private:
  void begin();
  Buffer read(const units::DatasetSlices::Part& part);

  const units::DatasetSlices slices_;
  SliceCache* const cache_;
  std::string key_;  // of the dataset, before the number of the row; "" before the first unit
  std::optional<store::DatasetReader> reader_;  // opened for the first slice that is not in the cache
  Buffer own_;                                  // of the present unit, where the cache has not taken it
};

}  // namespace kiln::flow
