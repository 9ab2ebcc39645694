#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Random graphs of steps, held to the plainest of models: item by item, list by list.
namespace kiln {
namespace {

using ::testing::SizeIs;
using Item = std::pair<std::uint64_t, std::uint64_t>;  // number, and what steps have added to it
using Items = std::vector<Item>;
using Branch = Stream<detail::BranchSource<Item&&>>;

/// A stream of the graph, and what the model has of it, unit by unit.
struct Pipe {
  Branch stream;
  std::vector<Items> model;
};

struct Trouble {
  std::uint64_t fails = 0, rejects = 0;  // of so many numbers, that of this remainder; 0: none
};

bool is_hit(std::uint64_t number, std::uint64_t every) { return every != 0 && number % every == every - 1; }

/// What a step does to an item: throws, drops, doubles, or changes it.
Items step_of(std::uint64_t kind, const Trouble& trouble, const Item& item) {
  if (is_hit(item.first, trouble.fails)) throw std::runtime_error("fails");
  if (is_hit(item.first, trouble.rejects)) throw Rejected("rejected");
  if (kind == 0 && item.first % 3 == 1) return {};
  if (kind == 1) return {item, {item.first, item.second + 1}};
  return {{item.first, item.second * 3 + kind}};
}

class RandomGraph {
 public:
  RandomGraph(std::uint64_t seed, std::uint64_t units, bool troubled)
      : random_(seed), units_(units), troubled_(troubled) {
    pipes_.push_back(source());
    const std::size_t steps = 2 + random_() % 8;
    for (std::size_t i = 0; i < steps; ++i) grow();
    settle();
  }

  /// All pipes as tables t0, t1, …
  auto job() const {
    auto targets = pipes_.front().stream.rows("t0").targets();
    for (std::size_t i = 1; i < pipes_.size(); ++i) {
      const auto more = pipes_[i].stream.rows("t" + std::to_string(i)).targets();
      targets.insert(targets.end(), more.begin(), more.end());
    }
    return Job<>(targets, std::vector<std::size_t>(targets.size(), 1));
  }
  /// Of a pipe, without the units that failed and the records that were rejected.
  Items expected(std::size_t pipe) const {
    Items all;
    for (const Items& unit : pipes_[pipe].model) all.insert(all.end(), unit.begin(), unit.end());
    return all;
  }
  std::size_t pipes() const { return pipes_.size(); }
  std::size_t failed() const { return failed_; }
  std::size_t rejected() const { return rejected_; }

 private:
  /// A number of items for each unit, more than a chunk for some. One record a unit.
  static Items items_of(std::uint64_t unit) {
    std::mt19937_64 random(unit + 77);
    Items items;
    const std::uint64_t count = unit % 7 == 5 ? 1500 : random() % 6;
    for (std::uint64_t i = 0; i < count; ++i) items.emplace_back(random() % 100'000, 0);
    return items;
  }
  Pipe source() {
    Pipe pipe{Flow("graph")
                  .range(units_)
                  .flat_map([](std::uint64_t unit) { return items_of(unit); })
                  .template split<1>([](const Item&) { return 0; })[0],
              {}};
    for (std::uint64_t unit = 0; unit < units_; ++unit) pipe.model.push_back(items_of(unit));
    return pipe;
  }

  Trouble trouble() {
    if (!troubled_ || random_() % 3 != 0) return {};
    return {5'000 + random_() % 9'000, 3'000 + random_() % 5'000};
  }

  void grow() {
    const std::size_t at = random_() % pipes_.size();
    switch (random_() % 4) {
      case 0:
        return copy(at);
      case 1:
        return split(at);
      case 2:
        return merge(at);
      default:
        return step(at);
    }
  }

  void step(std::size_t at) {
    const std::uint64_t kind = random_() % 4;
    const Trouble trouble = this->trouble();
    pipes_[at].stream = pipes_[at]
                            .stream.flat_map([kind, trouble](const Item& item) { return step_of(kind, trouble, item); })
                            .template split<1>([](const Item&) { return 0; })[0];
    for (std::size_t unit = 0; unit < units_; ++unit) {
      Items next;
      for (const Item& item : pipes_[at].model[unit]) {
        try {
          const Items more = step_of(kind, trouble, item);
          next.insert(next.end(), more.begin(), more.end());
        } catch (const Rejected&) {
          bad_[unit] = std::max(bad_[unit], 1);
        } catch (const std::exception&) {
          bad_[unit] = 2;
        }
      }
      pipes_[at].model[unit] = next;
    }
  }
  void copy(std::size_t at) {
    const auto copies = pipes_[at].stream.template copy<3>();
    const auto own = [](const auto& stream) { return stream.template split<1>([](const Item&) { return 0; })[0]; };
    const Pipe old = pipes_[at];
    pipes_[at].stream = own(copies[0]);
    pipes_.push_back({own(copies[2]), old.model});  // nobody reads the second
  }
  void split(std::size_t at) {
    const std::uint64_t by = 2 + random_() % 3;
    const auto parts = pipes_[at].stream.split([by](const Item& item) { return (item.first + item.second) % by == 0; });
    const Pipe old = pipes_[at];
    Pipe rest{parts[1], std::vector<Items>(units_)};
    pipes_[at] = {parts[0], std::vector<Items>(units_)};
    for (std::size_t unit = 0; unit < units_; ++unit) {
      for (const Item& item : old.model[unit]) {
        ((item.first + item.second) % by == 0 ? pipes_[at] : rest).model[unit].push_back(item);
      }
    }
    pipes_.push_back(rest);
  }
  void merge(std::size_t at) {
    if (pipes_.size() < 2) return;
    const std::size_t other = (at + 1 + random_() % (pipes_.size() - 1)) % pipes_.size();
    pipes_[at].stream = pipes_[at].stream.merge(pipes_[other].stream);
    for (std::size_t unit = 0; unit < units_; ++unit) {
      auto& into = pipes_[at].model[unit];
      into.insert(into.end(), pipes_[other].model[unit].begin(), pipes_[other].model[unit].end());
    }
    pipes_.erase(pipes_.begin() + static_cast<std::ptrdiff_t>(other));
  }
  /// A unit is one record: what rejects it, rejects all of it.
  void settle() {
    for (const auto& [unit, how] : bad_) {
      (how == 2 ? failed_ : rejected_) += 1;
      for (Pipe& pipe : pipes_) pipe.model[unit].clear();
    }
  }

  std::mt19937_64 random_;
  std::uint64_t units_;
  bool troubled_;
  std::vector<Pipe> pipes_;
  std::map<std::size_t, int> bad_;  // 1: its record is rejected; 2: it fails
  std::size_t failed_ = 0, rejected_ = 0;
};

void expect_model(bool troubled) {
  std::size_t failed = 0, rejected = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const RandomGraph graph(seed, 40, troubled);
    const auto job = graph.job();
    EXPECT_THAT(job.stages().stages, SizeIs(1));
    for (const std::uint64_t batch : {1U, 7U, 1000U}) {
      const auto result = testing::run(job, {.batch = batch});
      EXPECT_EQ(result.counts.failed, graph.failed()) << "seed " << seed;
      EXPECT_EQ(result.counts.rejected, graph.rejected()) << "seed " << seed;
      for (std::size_t i = 0; i < graph.pipes(); ++i) {
        ASSERT_EQ(result.rows<Item>("t" + std::to_string(i)), graph.expected(i))
            << "seed " << seed << " table " << i << " batch " << batch << "\n"
            << job.plan().description;
      }
    }
    failed += graph.failed();
    rejected += graph.rejected();
  }
  if (troubled) {
    EXPECT_GT(failed, 5U);
    EXPECT_GT(rejected, 5U);
  }
}

TEST(RandomGraphs, GiveWhatTheModelDoes) { expect_model(false); }
TEST(RandomGraphs, WithUnitsThatFailAndRecordsThatAreRejected) { expect_model(true); }

}  // namespace
}  // namespace kiln
