#pragma once

#include <kiln/detail/stage.hpp>
#include <kiln/ids.hpp>
#include <kiln/random.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace kiln {

/// Thrown by a step about the record it was given: a line that does not parse, say. The record is set aside with its
/// place and this reason, nothing of it reaches a sink, and the unit goes on with the next one. Any other exception
/// fails the whole unit.
class Rejected : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a step may ask for while a unit runs: the last argument of a step that takes one. Valid during the call.
class Unit {
 public:
  explicit Unit(const detail::StageHost& host, std::uint64_t stream = 0)
      : host_(&host), random_(host.seed, host.stage, 0, stream) {}

  /// 0 … N-1, given by the source.
  std::uint64_t id() const { return id_; }
  /// 1, then one more for each retry.
  std::uint32_t attempt() const { return host_->attempt; }
  /// The unit's own random numbers: the same on every attempt, rank and number of ranks. All steps of a unit draw from
  /// one sequence.
  Random& random() { return random_; }
  /// Another sequence of the unit, 1 … 2^64-1, from its beginning: for a step that draws as many numbers as it likes
  /// without moving what the others get.
  Random random(std::uint64_t stream) const { return {host_->seed, host_->stage, id_, stream}; }
  /// A folder of the unit's own on this node, made on the first call and removed after the unit. Throws
  /// std::system_error.
  std::string scratch() const { return host_->scratch(UnitId(id_)); }
  /// The run shall end now: what the unit gives is not kept any more, and the sooner it returns the better.
  bool cancelled() const { return host_->cancelled(); }

  /// For the engine: the next unit begins.
  void begin(UnitId unit) {
    id_ = unit.value();
    random_.restart(id_);
  }

 private:
  const detail::StageHost* host_;
  std::uint64_t id_ = 0;
  Random random_;
};

}  // namespace kiln
