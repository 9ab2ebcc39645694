#pragma once

#include "base/time.hpp"
#include "exec/executor.hpp"
#include "units/source.hpp"

#include <cstdint>
#include <vector>

namespace kiln::bench {

/// Units with a payload of 64 bytes each: the unit's number, then zeros.
class NoopSource final : public units::Source {
 public:
  static constexpr std::uint32_t kPayload = 64;

  explicit NoopSource(std::uint64_t units) : units_(units) {}
  std::uint64_t size() const override { return units_; }
  std::uint64_t payload_bytes(UnitId) const override { return kPayload; }
  std::uint64_t most_payload_bytes() const override { return kPayload; }
  void append_payloads(Interval units, ByteWriter& out) const override;

 private:
  std::uint64_t units_;
};

/// Reads each unit's payload, spins for `unit_time` and gives 16 bytes of result: two columns of 8 bytes.
class NoopRunner final : public exec::Runner {
 public:
  explicit NoopRunner(Duration unit_time) : unit_time_(unit_time) {}
  const Tables& tables() const override;
  void run(const exec::Work& work, Interval claimed, exec::Results& results) override;
  std::uint64_t claim(double unit_seconds) const override;
  void cancel() override {}  // its units are over before anybody could
  void signal() override {}

 private:
  Duration unit_time_;
  std::vector<std::uint64_t> numbers_, rest_;  // the results' columns; kept from run to run
};

}  // namespace kiln::bench
