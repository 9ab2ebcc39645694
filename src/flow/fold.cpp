#include "flow/fold.hpp"

#include <algorithm>

namespace kiln::flow {

std::uint64_t count_units(const detail::Forest& forest) {
  std::uint64_t units = 0;
  for (const Interval& interval : forest.units()) units += interval.size();
  return units;
}

void Fold::tell(std::size_t reduce, const detail::ReduceSink& sink) const {
  const detail::Forest& forest = of(reduce);
  if (const auto value = forest.value()) sink.tell_so_far(*value, count_units(forest));
}

Bytes Fold::join(std::span<const Bytes> partials) const {
  if (std::all_of(partials.begin(), partials.end(), [](const Bytes& bytes) { return bytes.empty(); })) return {};
  StageHarvest joined(sinks_);
  for (const Bytes& bytes : partials) {
    if (!bytes.empty()) joined.admit(bytes);
  }
  ByteWriter out;
  joined.encode(out);
  return out.take();
}

}  // namespace kiln::flow
