#include "noop_work.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

namespace kiln::bench {

void NoopSource::append_payloads(Interval units, ByteWriter& out) const {
  const std::uint64_t count = units.size();
  std::byte* ends = out.extend(count * sizeof(std::uint32_t));
  for (std::uint64_t i = 1; i <= count; ++i, ends += sizeof(std::uint32_t)) {
    const auto end = static_cast<std::uint32_t>(i * kPayload);
    std::memcpy(ends, &end, sizeof end);
  }
  std::byte* payload = out.extend(count * kPayload);
  for (std::uint64_t unit = units.first.value(); unit < units.last.value(); ++unit, payload += kPayload) {
    std::memcpy(payload, &unit, sizeof unit);
    std::memset(payload + sizeof unit, 0, kPayload - sizeof unit);
  }
}

const Tables& NoopRunner::tables() const {
  static const Tables kTables = {{"",
                                  {{"number", ColumnType::u64, "", "the first 8 bytes of the payload"},
                                   {"rest", ColumnType::u64, "", "the next 8 bytes"}}}};
  return kTables;
}

void NoopRunner::run(const exec::Work& work, Interval claimed, exec::Results& results) {
  using Clock = std::chrono::steady_clock;
  const units::PayloadReader payloads(work.units, work.payloads.view());
  numbers_.resize(claimed.size());
  rest_.resize(claimed.size());
  std::size_t row = 0;
  for (UnitId unit = claimed.first; unit < claimed.last; unit = unit.next(), ++row) {
    if (unit_time_ > Duration::zero()) {
      for (const auto end = Clock::now() + unit_time_; Clock::now() < end;) {
      }
    }
    std::array<std::uint64_t, 2> result = {};
    std::memcpy(result.data(), payloads.payload(unit).data(), sizeof result);
    numbers_[row] = result[0];
    rest_[row] = result[1];
  }
  Rows& rows = results.rows();
  rows.begin_rows(claimed);
  rows.put_column<std::uint64_t>(numbers_);
  rows.put_column<std::uint64_t>(rest_);
  results.succeeded(claimed);
}

// What is claimed cannot be taken back: about 5 ms of work, or all of a usual batch where units do nothing.
std::uint64_t NoopRunner::claim(double unit_seconds) const {
  if (unit_time_ == Duration::zero() || unit_seconds <= 0) return 1024;
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(0.005 / unit_seconds), 1, 1024);
}

}  // namespace kiln::bench
