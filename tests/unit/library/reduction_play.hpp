#pragma once

#include <kiln/detail/fold.hpp>

#include "unit/library/naive_tree.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace kiln::testing {

/// What units give, drawn from a seed: some give nothing, some several items, some fail in the first attempt.
template <class M>
struct Play {
  using Value = typename M::value_type;
  enum class Kind : std::uint8_t { one, nothing, several, fails };
  struct UnitItems {
    Kind kind = Kind::one;
    std::vector<Value> values;
  };

  /// `make(unit, number of the item, draw)`: an item, as a value.
  template <class Make>
  Play(std::uint64_t seed, std::uint64_t units, Make make) : draw(seed) {
    for (std::uint64_t unit = 0; unit < units; ++unit) {
      const std::uint64_t kind = draw.below(12);
      UnitItems one{kind == 0 ? Kind::nothing : kind == 1 ? Kind::several : kind == 2 ? Kind::fails : Kind::one, {}};
      const std::uint64_t items = one.kind == Kind::nothing ? 0 : one.kind == Kind::several ? 1 + draw.below(9) : 1;
      for (std::uint64_t i = 0; i < items; ++i) one.values.push_back(make(unit, i, draw));
      given.push_back(std::move(one));
    }
  }

  /// What must come out, by the definition of the tree; `with_failed`: after those that failed ran again.
  std::optional<Value> expected(const M& monoid, bool with_failed) const {
    std::map<std::uint64_t, Value> leaves;
    for (std::uint64_t unit = 0; unit < given.size(); ++unit) {
      if (given[unit].kind == Kind::fails && !with_failed) continue;
      std::map<std::uint64_t, Value> inside;
      for (const Value& value : given[unit].values) inside.emplace(inside.size(), value);
      if (auto leaf = naive_value(monoid, inside)) leaves.emplace(unit, std::move(*leaf));
    }
    return naive_value(monoid, leaves);
  }

  detail::TreeForest<M> fold(const M& monoid, Interval units) const {
    detail::TreeFold<M, Value> fold(monoid, units.first);
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
      const UnitItems& one = given[unit.value()];
      if (one.kind == Kind::fails) {
        fold.drop();
      } else if (one.kind == Kind::one) {
        fold.push_value(one.values.front());
      } else if (one.kind == Kind::nothing) {
        fold.push_empty();
      } else {
        for (const Value& value : one.values) fold.collect_value(value);
        fold.close();
      }
    }
    detail::TreeForest<M> forest(monoid);
    fold.finish(forest);
    return forest;
  }

  /// Cuts the units into batches, runs them on some ranks, some of them twice, and collects what the ranks hold in any
  /// order, some of it twice.
  detail::TreeForest<M> run(const M& monoid) {
    std::vector<detail::TreeForest<M>> ranks;
    for (std::uint64_t rank = 1 + draw.below(8); rank > 0; --rank) ranks.emplace_back(monoid);
    std::vector<Interval> batches;
    for (std::uint64_t first = 0; first < given.size();) {
      const std::uint64_t last = std::min<std::uint64_t>(given.size(), first + 1 + draw.below(1 + draw.below(64)));
      batches.push_back(make_interval(first, last));
      if (draw.one_in(8)) batches.push_back(make_interval(first, last));
      first = last;
    }
    std::shuffle(batches.begin(), batches.end(), draw.engine());
    std::vector<Bytes> sent;
    for (const Interval& batch : batches) {
      auto& rank = ranks[draw.below(ranks.size())];
      auto forest = fold(monoid, batch);
      rank.absorb(forest);
      if (!draw.one_in(6)) continue;
      sent.push_back(encoded(rank));
      if (draw.one_in(3)) continue;  // it holds on to what it sent
      rank = detail::TreeForest<M>(monoid);
    }
    for (auto& rank : ranks) sent.push_back(encoded(rank));
    std::shuffle(sent.begin(), sent.end(), draw.engine());
    detail::TreeForest<M> all(monoid);
    for (const Bytes& bytes : sent) {
      ByteReader in(bytes, "test");
      all.admit(in);
    }
    return all;
  }

  /// The units that failed run again, in any order.
  void run_failed(const M& monoid, detail::TreeForest<M>& all) {
    std::vector<std::uint64_t> failed;
    for (std::uint64_t unit = 0; unit < given.size(); ++unit) {
      if (given[unit].kind == Kind::fails) failed.push_back(unit);
    }
    std::shuffle(failed.begin(), failed.end(), draw.engine());
    for (const std::uint64_t unit : failed) {
      given[unit].kind = Kind::one;
      auto forest = fold(monoid, make_interval(unit, unit + 1));
      all.absorb(forest);
    }
  }

  Draw draw;
  std::vector<UnitItems> given;
};

}  // namespace kiln::testing
