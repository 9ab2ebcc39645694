#include "store/stage_identity.hpp"

#include <fmt/core.h>

namespace kiln::store {

std::uint64_t identity_of(const PlanEntry& plan) {
  ByteWriter out;
  out.put_text(plan.description);
  out.put_text(plan.build);
  out.put(plan.inputs);
  out.put(plan.units);
  out.put(plan.before);
  return checksum(out.view());
}

std::uint64_t chain_after(const PlanEntry& plan, const StageEndEntry& end) {
  ByteWriter out;
  out.put(plan.identity);
  for (const auto& value : end.values) {
    out.put(static_cast<std::uint8_t>(value.has_value()));
    if (value) out.put_bytes(*value);
  }
  return checksum(out.view());
}

std::string difference(const PlanEntry& old, const PlanEntry& now) {
  if (old.identity == now.identity) return "";
  if (old.build != now.build) return "the program is another one (it was built anew, or another was started)";
  if (old.before != now.before) return "a stage before it has changed or gave another value";
  if (old.description != now.description) return std::string(kPlanChanged);
  if (old.units != now.units) return fmt::format("it has {} units now, not {}", now.units, old.units);
  return "its declared inputs (kiln::inputs) have changed";
}

}  // namespace kiln::store
