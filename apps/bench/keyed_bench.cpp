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
#include <kiln/detail/keyed/groups.hpp>
#include <kiln/detail/keyed/join.hpp>
#include <kiln/detail/keyed/keyed_output.hpp>
#include <kiln/detail/keyed/ordered_shard.hpp>
#include <kiln/detail/keyed/shard_table.hpp>
#include <kiln/detail/keyed/splitters.hpp>
#include <kiln/error.hpp>
#include <kiln/monoids/sum.hpp>
#include <memory>
#include <string>

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

/// From the sink of a rank to its own shards.
template <class Shard>
void admit_own(detail::KeyedSink& sink, std::vector<Shard>& shards) {
  std::vector<detail::KeyedShard*> all;
  for (Shard& shard : shards) all.push_back(&shard);
  sink.take_own(all);
}

constexpr std::size_t kUnit = std::size_t{1} << 20;    // bytes of text
constexpr std::size_t kOften = std::size_t{64} << 20;  // bytes in a sink at which it is emptied

Digest count_words(detail::PiecePool& pool, std::string_view text) {
  detail::CombiningOutput<std::string, Count, int> output(pool, Count{});
  std::vector<detail::ShardTable<std::string, Count>> shards;
  for (std::uint32_t i = 0; i < kHashShards; ++i) shards.emplace_back(Count{});
  std::uint64_t unit = 0;
  while (!text.empty()) {
    std::size_t end = std::min(kUnit, text.size());
    while (end < text.size() && !wordcount::is_space(text[end])) ++end;
    output.begin_unit(UnitId(unit++));
    wordcount::for_each_word(text.substr(0, end), [&](const char* word, std::size_t size) {
      output.emit({word, size}, 1);
    });
    output.end_unit();
    text.remove_prefix(end);
    if (output.ready() >= kOften) admit_own(output, shards);
  }
  output.flush();
  admit_own(output, shards);
  Digest digest;
  for (auto& shard : shards) {
    shard.read({}, [&](std::string_view, std::uint64_t count) { digest.add(count * count); });
  }
  return digest;
}

template <class Output>
void emit_rows(detail::PiecePool& pool, std::span<const Row> rows,
               std::vector<detail::OrderedShard<typename Output::Format>>& shards) {
  Output output(pool);
  for (std::uint32_t i = 0; i < kHashShards; ++i) shards.emplace_back(pool);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    output.begin_unit(UnitId(i));
    output.emit(rows[i].key, rows[i].value);
    output.end_unit();
    if (i % 65'536 == 0 && output.ready() >= kOften) admit_own(output, shards);
  }
  admit_own(output, shards);
}

using RowOutput = detail::AppendingOutput<std::uint64_t, double, true>;
using RowFormat = RowOutput::Format;

Digest group_rows(detail::PiecePool& pool, std::span<const Row> rows) {
  std::vector<detail::OrderedShard<RowFormat>> shards;
  emit_rows<RowOutput>(pool, rows, shards);
  Digest digest;
  for (auto& shard : shards) {
    shard.read({}, [&](auto& entries) {
      detail::for_each_group<RowFormat>(entries, [&](std::string_view, auto& values) {
        double sum = 0;
        for (const double value : values) sum += value;
        digest.add(std::bit_cast<std::uint64_t>(sum));
      });
    });
    shard.clear();
  }
  return digest;
}

Digest join_rows(detail::PiecePool& pool, std::span<const Row> left, std::span<const Row> right) {
  std::vector<detail::OrderedShard<RowFormat>> sides[2];
  emit_rows<RowOutput>(pool, left, sides[0]);
  emit_rows<RowOutput>(pool, right, sides[1]);
  Digest digest;
  detail::JoinSide<RowFormat> side(std::size_t{1} << 24, [] { return std::make_unique<detail::MemoryRun>(); });
  for (std::uint32_t shard = 0; shard < kHashShards; ++shard) {
    sides[0][shard].read({}, [&](auto& lefts) {
      sides[1][shard].read({}, [&](auto& rights) {
        detail::join_entries<RowFormat, RowFormat>(
            lefts, rights, side, [&](std::string_view key, double one, double other) {
              digest.add(detail::KeyTraits<std::uint64_t>::decode(key) ^ std::bit_cast<std::uint64_t>(one + other));
            });
      });
    });
  }
  return digest;
}

void sort_records(detail::PiecePool& pool, std::span<const Record> records, std::vector<Record>& sorted) {
  using Key = std::array<unsigned char, 10>;
  using Rest = std::array<unsigned char, 90>;
  using Output = detail::SortingOutput<Key, Rest>;
  detail::SplitterSample sample(4096);
  detail::KeyTraits<Key>::Room room;
  for (std::size_t i = 0; i < records.size(); i += 1 + records.size() / 4096) {
    sample.add(detail::KeyTraits<Key>::encode(records[i].key, room), i);
  }
  Output output(pool, sample.choose(kHashShards));
  std::vector<detail::OrderedShard<Output::Format>> shards;
  for (std::uint32_t i = 0; i < kHashShards; ++i) shards.emplace_back(pool);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i % 10'000 == 0) {
      if (i != 0) output.end_unit();
      if (output.ready() >= kOften) admit_own(output, shards);
      output.begin_unit(UnitId(i / 10'000));
    }
    output.emit(records[i].key, records[i].rest);
  }
  output.end_unit();
  admit_own(output, shards);
  for (auto& shard : shards) {
    shard.read({}, [&](auto& entries) {
      for (; !entries.ended(); entries.next()) {
        Record record;
        std::copy_n(entries.at().key.data(), 10, reinterpret_cast<char*>(record.key.data()));
        std::copy_n(entries.at().value.data(), 90, reinterpret_cast<char*>(record.rest.data()));
        sorted.push_back(record);
      }
    });
    shard.clear();
  }
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

Line compare_sorts(const Settings& settings, detail::PiecePool& pool) {
  const auto records = random_records(settings.quick ? 20'000 : 5'000'000);
  std::vector<Record> own, reference;
  own.reserve(records.size());
  reference.reserve(records.size());
  const auto sort_own = [&] {
    own.clear();
    sort_records(pool, records, own);
    return own.front().key;
  };
  const auto sort_reference = [&] {
    reference.clear();
    reference_sort(records, reference);
    return reference.front().key;
  };
  Line line = compare(settings, "sort of 5 M records of 100 bytes", sort_own, sort_reference);
  expect_same(own.size() == reference.size() &&
                  std::equal(own.begin(), own.end(), reference.begin(),
                             [](const Record& a, const Record& b) { return a.key == b.key && a.rest == b.rest; }),
              "sort");
  return line;
}

}  // namespace

Lines keyed_bench(const Settings& settings) {
  // Memory is touched for the first time before anything is measured, as by a rank that has worked for a while: what
  // the system takes for that differs more than what is compared.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  detail::PiecePool pool;
  Lines lines{compare_hashes(settings)};
  const auto count = [&](const char* what, std::size_t bytes, std::uint32_t words, std::size_t longest) {
    const std::string text = zipf_text(settings.quick ? bytes / 100 : bytes, words, longest);
    lines.push_back(compare(
        settings, what, [&] { return count_words(pool, text); }, [&] { return reference_word_count(text); }));
  };
  count("word count, 256 MiB of 100,000 words", std::size_t{256} << 20, 100'000, 9);
  count("word count, 200 MiB with 1.3 M words", std::size_t{200} << 20, 1'700'000, 22);
  lines.push_back(compare_sorts(settings, pool));
  const std::size_t many = settings.quick ? 100'000 : 10'000'000;
  const auto rows = random_rows(many, many / 10);
  lines.push_back(compare(
      settings, "group 10 M rows by 1 M keys", [&] { return group_rows(pool, rows); },
      [&] { return reference_group(rows); }));
  std::vector<Row> right;
  for (std::uint64_t key = 0; key < many / 10; ++key) right.push_back({key, static_cast<double>(key) * 0.5});
  lines.push_back(compare(
      settings, "join 10 M rows with 1 M keys", [&] { return join_rows(pool, rows, right); },
      [&] { return reference_join(rows, right); }));
  return lines;
}

}  // namespace kiln::bench
