#pragma once

#include <kiln/detail/stage.hpp>
#include "exec/harvest.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kiln::flow {

using Forests = std::vector<std::unique_ptr<detail::Forest>>;

/// The forests of a stage's reduce sinks, in the order of its plan. Encoded (docs/file-format.md, "Partial results"):
/// one forest after the other. What throws leaves it unusable; what the user's op throws comes as kiln::Error (bad
/// input).
class StageHarvest : public exec::Harvest {
 public:
  /// `place`: where put_down() puts what steps by key hold; null: it does nothing. `most_held`: how much that is
  /// to be; 0: any.
  explicit StageHarvest(const std::vector<detail::ReduceSink>& sinks, std::shared_ptr<detail::RunPlace> place = nullptr,
                        std::size_t most_held = 0);

  Forests& forests() { return forests_; }
  const Forests& forests() const { return forests_; }

  /// `later` must be a StageHarvest of the same plan.
  void absorb(exec::Harvest& later) override;
  std::size_t bytes() const override;
  void encode(ByteWriter& out) const override;
  bool may_ride() const override;
  void put_down() override;
  /// Whether all that is large in it are counts: Forest::count_length().
  bool joinable() const override;
  /// encode() without the counts; and takes it, with zeros for them. Throws as admit().
  void encode_beside(ByteWriter& out) const;
  void admit_beside(ByteReader& in);
  /// Takes what encode() wrote. Throws kiln::Error (internal) where it is damaged or has units that are here already.
  void admit(ByteView encoded);
  /// Of each sink: the value of all units that are here.
  std::vector<std::optional<Bytes>> values() const;

 private:
  static constexpr std::size_t kMostBeside = std::size_t{1} << 20;

  Forests forests_;
  std::vector<std::string> names_;
  std::shared_ptr<detail::RunPlace> place_;  // this may outlive whoever made it
};

}  // namespace kiln::flow
