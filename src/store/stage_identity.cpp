#include "store/stage_identity.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::store {

namespace {

constexpr std::string_view kBefore = " of ";
constexpr std::size_t kDigestSize = kBefore.size() + 16;

// " of 0123456789abcdef", as flow::resolve_shards appends one for each list.
bool ends_with_digest(std::string_view line) {
  if (line.size() < kDigestSize) return false;
  const std::string_view end = line.substr(line.size() - kDigestSize);
  return end.starts_with(kBefore) &&
         end.find_first_not_of("0123456789abcdef", kBefore.size()) == std::string_view::npos;
}

}  // namespace

std::string description_for_people(const PlanEntry& plan) {
  std::string_view rest = plan.description;
  std::string text;
  for (bool of_source = false; !rest.empty(); of_source = true) {  // the first line is of the plan
    const std::size_t size = std::min(rest.size(), rest.find('\n'));
    std::string_view line = rest.substr(0, size);
    while (of_source && ends_with_digest(line)) line.remove_suffix(kDigestSize);
    text += line;
    if (size < rest.size()) text += '\n';
    rest.remove_prefix(std::min(rest.size(), size + 1));
  }
  return text;
}

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
