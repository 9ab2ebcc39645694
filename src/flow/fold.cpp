#include "flow/fold.hpp"

#include <algorithm>

namespace kiln::flow {

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
