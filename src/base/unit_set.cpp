#include <kiln/detail/unit_set.hpp>

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <iterator>

namespace kiln::detail {

bool UnitSet::overlaps(Interval units) const {
  if (units.empty()) return false;
  const auto behind = starts_.lower_bound(units.last.value());
  return behind != starts_.begin() && std::prev(behind)->second > units.first.value();
}

void UnitSet::add(Interval units) {
  if (units.empty()) return;
  std::uint64_t first = units.first.value();
  std::uint64_t last = units.last.value();
  if (overlaps(units)) {
    throw Error(ExitCode::internal, fmt::format("units {} to {} have given results twice", first, last - 1));
  }
  const auto behind = starts_.lower_bound(last);
  if (behind != starts_.end() && behind->first == last) {
    last = behind->second;
    starts_.erase(behind);
  }
  const auto at = starts_.lower_bound(first);
  if (at != starts_.begin() && std::prev(at)->second == first) {
    std::prev(at)->second = last;
  } else {
    starts_.emplace_hint(at, first, last);
  }
}

void UnitSet::add(const UnitSet& other) {
  for (const auto& [first, last] : other.starts_) add(make_interval(first, last));
}

std::vector<Interval> UnitSet::intervals() const {
  std::vector<Interval> all;
  all.reserve(starts_.size());
  for (const auto& [first, last] : starts_) all.push_back(make_interval(first, last));
  return all;
}

void UnitSet::encode(ByteWriter& out) const {
  out.put<std::uint64_t>(starts_.size());
  for (const auto& [first, last] : starts_) {
    out.put(first);
    out.put(last);
  }
}

UnitSet UnitSet::decode(ByteReader& in) {
  UnitSet set;
  const std::uint64_t count = in.get_count(2 * sizeof(std::uint64_t));
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto first = in.get<std::uint64_t>();
    const auto last = in.get<std::uint64_t>();
    if (first >= last || (i > 0 && first <= before)) {
      throw Error(ExitCode::internal, fmt::format("partial results: interval {} to {} is out of order", first, last));
    }
    set.starts_.emplace_hint(set.starts_.end(), first, last);
    before = last;
  }
  return set;
}

}  // namespace kiln::detail
