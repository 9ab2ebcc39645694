#include "flow/merged_source.hpp"

#include "flow/counted_input.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kiln::flow {
namespace {

class MergedInput final : public detail::UnitInput, public CountedInput {
 public:
  MergedInput(std::vector<std::unique_ptr<detail::UnitInput>> parts, std::vector<std::uint64_t> bounds)
      : parts_(std::move(parts)), bounds_(std::move(bounds)) {}

  std::span<const std::uint64_t> part_bounds() const override { return bounds_; }
  UnitInput* part(std::size_t number) override { return parts_[number].get(); }
  detail::RawSlice slice(UnitId) override { throw Error(ExitCode::internal, "a slice of no part"); }
  void open_lines(UnitId) override { throw Error(ExitCode::internal, "lines of no part"); }
  bool next_lines(detail::LineBlock&) override { return false; }
  std::string_view file_name(std::uint32_t) const override { return {}; }
  std::uint64_t take_records() override {
    std::uint64_t records = 0;
    for (const auto& part : parts_) {
      if (auto* const counted = dynamic_cast<CountedInput*>(part.get())) records += counted->take_records();
    }
    return records;
  }

 private:
  std::vector<std::unique_ptr<detail::UnitInput>> parts_;
  std::vector<std::uint64_t> bounds_;
};

}  // namespace

// The descriptor: of each part its number of units and its own descriptor.
ResolvedSource resolve_merged(const detail::SourceSpec& source, const ResolveOptions& options) {
  ResolvedSource merged;
  merged.identity = source.description;
  ByteWriter descriptors;
  ByteReader recorded(options.recorded, "the record of a merged source");
  for (const detail::SourceSpec& part : source.parts) {
    ResolveOptions how = options;
    how.recorded = {};
    if (!options.recorded.empty()) {
      recorded.get<std::uint64_t>();
      how.recorded = recorded.get_bytes();
    }
    ResolvedSource one = resolve_source(part, how);
    if (!how.recorded.empty() && one.recorded_identity != one.identity) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: there are new files, and merge() numbers the units of its sources one behind the "
                              "other: --fresh begins anew with all files, or take the new ones away",
                              part.description));
    }
    for (GoneFile& file : one.gone) {
      const Interval units = file.units;
      merged.gone.push_back(
          {std::move(file.path), make_interval(merged.units + units.first.value(), merged.units + units.last.value())});
    }
    descriptors.put(one.units);
    descriptors.put_bytes(one.descriptor);
    merged.units += one.units;
    merged.identity += fmt::format("\n{} units: {}", one.units, one.identity);
    if (merged.advice.empty()) merged.advice = std::move(one.advice);
  }
  merged.descriptor = descriptors.take();
  merged.recorded_identity = merged.identity;
  merged.recorded_units = merged.units;
  return merged;
}

std::unique_ptr<detail::UnitInput> open_merged(const detail::SourceSpec& source, ByteView descriptor, SliceCache* cache,
                                               const std::shared_ptr<detail::RunPlace>& place) {
  ByteReader in(descriptor, "the setup of a merged source");
  std::vector<std::unique_ptr<detail::UnitInput>> parts;
  std::vector<std::uint64_t> bounds{0};
  for (const detail::SourceSpec& part : source.parts) {
    bounds.push_back(bounds.back() + in.get<std::uint64_t>());
    parts.push_back(open_input(part, in.get_bytes(), cache, place));
  }
  in.expect_done();
  return std::make_unique<MergedInput>(std::move(parts), std::move(bounds));
}

}  // namespace kiln::flow
