#include "bench.hpp"
#include "keyed_data.hpp"
#include "reference_keyed.hpp"
#include "words.hpp"

#include <fmt/core.h>
#include <malloc.h>
#include <time.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <kiln/detail/keyed/emitted.hpp>
#include <kiln/detail/keyed/groups.hpp>
#include <kiln/detail/keyed/join.hpp>
#include <kiln/detail/keyed/merged_entries.hpp>
#include <kiln/error.hpp>
#include <kiln/monoids/sum.hpp>
#include <kiln/unordered.hpp>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kiln::bench {
namespace {

using detail::kHashShards;

/// Seconds of the processor: others may use this machine, too.
double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <class F>
double seconds_of(F&& f) {
  const double begin = processor_seconds();
  f();
  return processor_seconds() - begin;
}

constexpr std::size_t kUnit = std::size_t{1} << 20;   // bytes of text
constexpr std::size_t kMuch = std::size_t{64} << 20;  // bytes at which a forest is written

/// What a worker holds, and writes when it holds much; here to memory.
template <class Forest>
class Held {
 public:
  explicit Held(std::function<std::unique_ptr<Forest>()> make) : make_(std::move(make)), forest_(make_()) {}
  Forest& forest() { return *forest_; }
  /// Between units.
  void look() {
    if (forest_->bytes() >= kMuch) put_down();
  }
  void put_down() {
    for (RunReference& run : detail::decode_runs(*forest_->value()).runs) runs_.push_back(std::move(run));
    forest_ = make_();
  }
  /// f(entries of a shard), merged.
  template <class F>
  void read(std::uint32_t shard, F&& f) const {
    std::vector<std::unique_ptr<detail::RunReader>> open;
    std::vector<detail::RunReader*> readers;
    for (const RunReference& run : runs_) {
      for (const detail::RunPiece& piece : run.pieces) {
        if (piece.shard == shard) open.push_back(detail::read_memory(run, piece));
      }
    }
    for (const auto& one : open) readers.push_back(one.get());
    detail::MergedEntries<typename Forest::Format> entries(readers);
    f(entries);
  }

 private:
  using RunReference = detail::RunReference;

  std::function<std::unique_ptr<Forest>()> make_;
  std::unique_ptr<Forest> forest_;
  std::vector<RunReference> runs_;
};

Digest count_words(std::string_view text) {
  using Forest = detail::CombinedForest<std::string, Count, int>;
  Held<Forest> held([] { return std::make_unique<Forest>(Count{}); });
  std::uint64_t unit = 0;
  while (!text.empty()) {
    std::size_t end = std::min(kUnit, text.size());
    while (end < text.size() && !wordcount::is_space(text[end])) ++end;
    Forest& forest = held.forest();
    forest.begin_unit(UnitId(unit++));
    wordcount::for_each_word(text.substr(0, end), [&](const char* word, std::size_t size) {
      forest.emit({word, size}, 1);
    });
    forest.end_unit();
    text.remove_prefix(end);
    held.look();
  }
  held.put_down();
  Digest digest;
  for (std::uint32_t shard = 0; shard < kHashShards; ++shard) {
    held.read(shard, [&](auto& entries) {
      detail::for_each_group<Forest::Format>(entries, [&](std::string_view, auto& values) {
        std::uint64_t count = 0;
        for (const std::uint64_t value : values) count += value;
        digest.add(count * count);
      });
    });
  }
  return digest;
}

using RowForest = detail::AppendedForest<std::uint64_t, double>;
using RowFormat = RowForest::Format;

Held<RowForest> emit_rows(std::span<const Row> rows) {
  Held<RowForest> held([] { return std::make_unique<RowForest>(); });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RowForest& forest = held.forest();
    forest.begin_unit(UnitId(i));
    forest.emit(rows[i].key, rows[i].value);
    forest.end_unit();
    if (i % 65'536 == 0) held.look();
  }
  held.put_down();
  return held;
}

Digest group_rows(std::span<const Row> rows) {
  const Held<RowForest> held = emit_rows(rows);
  Digest digest;
  for (std::uint32_t shard = 0; shard < kHashShards; ++shard) {
    held.read(shard, [&](auto& entries) {
      detail::for_each_group<RowFormat>(entries, [&](std::string_view, auto& values) {
        double sum = 0;
        for (const double value : values) sum += value;
        digest.add(std::bit_cast<std::uint64_t>(sum));
      });
    });
  }
  return digest;
}

Digest join_rows(std::span<const Row> left, std::span<const Row> right) {
  const Held<RowForest> lefts = emit_rows(left), rights = emit_rows(right);
  Digest digest;
  for (std::uint32_t shard = 0; shard < kHashShards; ++shard) {
    lefts.read(shard, [&](auto& one_side) {
      rights.read(shard, [&](auto& other_side) {
        detail::join_entries<RowFormat, RowFormat>(
            one_side, other_side, [&](std::string_view key, double one, double other) {
              digest.add(detail::KeyTraits<std::uint64_t>::decode(key) ^ std::bit_cast<std::uint64_t>(one + other));
            });
      });
    });
  }
  return digest;
}

/// The sums of the keys, in units of a thousand rows. `f(entries, give)`: reads a shard, give(sum) of each key.
template <class Forest, class M, class F>
Digest sum_rows(const M& monoid, std::span<const Row> rows, F&& f) {
  constexpr std::size_t kRows = 1000;
  Held<Forest> held([&] { return std::make_unique<Forest>(monoid); });
  for (std::size_t first = 0; first < rows.size(); first += kRows) {
    Forest& forest = held.forest();
    forest.begin_unit(UnitId(first / kRows));
    for (const Row& row : rows.subspan(first, std::min(kRows, rows.size() - first))) forest.emit(row.key, row.value);
    forest.end_unit();
    held.look();
  }
  held.put_down();
  Digest digest;
  for (std::uint32_t shard = 0; shard < kHashShards; ++shard) {
    held.read(shard,
              [&](auto& entries) { f(entries, [&](double sum) { digest.add(std::bit_cast<std::uint64_t>(sum)); }); });
  }
  return digest;
}

Digest sum_in_order(std::span<const Row> rows) {
  using Forest = detail::LiftedForest<std::uint64_t, Sum<double>, double>;
  const Sum<double> monoid;
  return sum_rows<Forest>(monoid, rows, [&](auto& entries, auto give) {
    detail::fold_groups<Forest::Format>(monoid, entries, [&](std::string_view, double sum) { give(sum); });
  });
}

Digest sum_in_any_order(std::span<const Row> rows) {
  using M = detail::Unordered<Sum<double>>;
  using Forest = detail::CombinedForest<std::uint64_t, M, double>;
  return sum_rows<Forest>(M({}), rows, [&](auto& entries, auto give) {
    detail::for_each_group<Forest::Format>(entries, [&](std::string_view, auto& values) {
      double sum = 0;
      for (const double value : values) sum += value;
      give(sum);
    });
  });
}

void expect_same(bool same, const char* what) {
  if (!same) throw Error(ExitCode::internal, fmt::format("{}: kiln and the reference differ", what));
}

/// Both in turn; the first round also shows that they do the same.
template <class Own, class Reference>
Line compare(const Settings& settings, const char* what, Own own, Reference reference) {
  expect_same(own() == reference(), what);
  const auto times =
      in_turn(settings.rounds(), {[&] { return seconds_of(own); }, [&] { return seconds_of(reference); }});
  return {what, times[0], times[1], " s", Bound::at_most, 1.3};
}

/// What the order of reduce_by_key costs where values are many and keys few, and kiln::unordered() saves.
void compare_orders(const Settings& settings, Lines& lines) {
  auto rows = random_rows(settings.quick ? 50'000 : 5'000'000, settings.quick ? 1000 : 100'000);
  for (Row& row : rows)
    row.value = std::floor(row.value * 0x1p20) * 0x1p-20;  // sums have no rounding: all are the same
  const Digest expected = reference_group(rows);
  expect_same(sum_in_order(rows) == expected && sum_in_any_order(rows) == expected, "sums by key");
  const auto times = in_turn(settings.rounds(), {[&] { return seconds_of([&] { sum_in_order(rows); }); },
                                                 [&] { return seconds_of([&] { sum_in_any_order(rows); }); },
                                                 [&] { return seconds_of([&] { reference_group(rows); }); }});
  lines.push_back({"sum 5 M doubles by 100,000 keys, in the order of units", times[0], times[2], " s"});
  lines.push_back({"the same in any order (kiln::unordered)", times[1], times[2], " s"});
}

/// Nanoseconds a key of 3 to 12 bytes.
Line compare_hashes(const Settings& settings) {
  const std::string text = zipf_text(settings.quick ? 1 << 20 : 16 << 20, 20'000, 9);
  std::vector<std::string_view> words;
  wordcount::for_each_word(text, [&](const char* word, std::size_t size) {
    if (size >= 3 && size <= 12) words.emplace_back(word, size);
  });
  std::uint64_t sum = 0;
  const auto nanoseconds = [&](auto hash) {
    const double seconds = seconds_of([&] {
      for (const std::string_view word : words) sum += hash(word);
    });
    return seconds * 1e9 / static_cast<double>(words.size());
  };
  const auto times = in_turn(
      settings.rounds(),
      {[&] { return nanoseconds(detail::hash_bytes); },
       [&] { return nanoseconds([](std::string_view word) { return XXH3_64bits(word.data(), word.size()); }); }});
  expect_same(sum != 0, "hash");
  return {"hash of a key of 3 to 12 bytes, against XXH3", times[0], times[1], " ns", Bound::at_most, 1};
}

}  // namespace

Lines keyed_bench(const Settings& settings) {
  // Memory is touched for the first time before anything is measured, as by a rank that has worked for a while: what
  // the system takes for that differs more than what is compared.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  Lines lines{compare_hashes(settings)};
  const auto count = [&](const char* what, std::size_t bytes, std::uint32_t words, std::size_t longest) {
    const std::string text = zipf_text(settings.quick ? bytes / 100 : bytes, words, longest);
    lines.push_back(compare(
        settings, what, [&] { return count_words(text); }, [&] { return reference_word_count(text); }));
  };
  count("word count, 256 MiB of 100,000 words", std::size_t{256} << 20, 100'000, 9);
  count("word count, 200 MiB with 1.3 M words", std::size_t{200} << 20, 1'700'000, 22);
  const std::size_t many = settings.quick ? 100'000 : 10'000'000;
  const auto rows = random_rows(many, many / 10);
  lines.push_back(compare(
      settings, "group 10 M rows by 1 M keys", [&] { return group_rows(rows); },
      [&] { return reference_group(rows); }));
  std::vector<Row> right;
  for (std::uint64_t key = 0; key < many / 10; ++key) right.push_back({key, static_cast<double>(key) * 0.5});
  lines.push_back(compare(
      settings, "join 10 M rows with 1 M keys", [&] { return join_rows(rows, right); },
      [&] { return reference_join(rows, right); }));
  compare_orders(settings, lines);
  return lines;
}

}  // namespace kiln::bench
