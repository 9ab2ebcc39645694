/// kiln_bench_shuffle: steps by key as a user would write them, of the same data as kiln_bench_reference_shuffle.
///
///     kiln_bench_shuffle sort IN OUT | group ROWS KEYS | join ROWS KEYS | words FILE | exchange BYTES
///
/// Prints: entries N sum S seconds T peak P. T: from the stage's call until its value is there on rank 0; P: the most
/// memory that a worker has had, in bytes.
#include "flat_file.hpp"
#include "keyed_data.hpp"
#include "record.hpp"
#include "words.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using kiln::bench::Row;
using terasort::kRecord;
using Pair = std::pair<std::uint64_t, double>;

/// Of entries: how many, and the sum of what they give.
struct Digest {
  std::uint64_t entries = 0, sum = 0;
};
KILN_COLUMNS(Digest, entries, sum)
struct Add {
  using value_type = Digest;
  static constexpr bool exact = true;
  static std::string describe() { return "digest"; }
  static Digest lift(std::uint64_t one) { return {1, one}; }
  static Digest lift(const Digest& some) { return some; }
  static void merge(Digest& left, const Digest& right) {
    left.entries += right.entries;
    left.sum += right.sum;
  }
};

constexpr std::uint64_t kRowsOfUnit = 10'000;
constexpr std::size_t kBlob = std::size_t{64} << 10;

/// The most memory that this process has had.
std::uint64_t peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes << 10;
  }
  return 0;
}

auto rows_of(std::uint64_t rows, std::uint64_t keys) {
  return kiln::Flow("rows")
      .range((rows + kRowsOfUnit - 1) / kRowsOfUnit)
      .flat_map<Pair>([=](std::uint64_t unit, auto& emit) {
        for (std::uint64_t i = unit * kRowsOfUnit; i < std::min(rows, (unit + 1) * kRowsOfUnit); ++i) {
          const Row row = kiln::bench::row_at(i, keys);
          emit({row.key, row.value});
        }
      });
}

Digest group(kiln::Session& session, std::uint64_t rows, std::uint64_t keys) {
  return session
      .run(rows_of(rows, keys)
               .group_by_key()
               .map([](kiln::Group<std::uint64_t, double>& group) {
                 double sum = 0;
                 for (const double value : group) sum += value;
                 return std::bit_cast<std::uint64_t>(sum);
               })
               .reduce(Add{}))
      .value;
}

Digest join(kiln::Session& session, std::uint64_t rows, std::uint64_t keys) {
  const auto right =
      kiln::Flow("keys")
          .range((keys + kRowsOfUnit - 1) / kRowsOfUnit)
          .flat_map<Pair>([=](std::uint64_t unit, auto& emit) {
            for (std::uint64_t key = unit * kRowsOfUnit; key < std::min(keys, (unit + 1) * kRowsOfUnit); ++key) {
              emit({key, static_cast<double>(key) * 0.5});
            }
          });
  return session
      .run(rows_of(rows, keys)
               .join_by_key(right)
               .map([](const std::pair<std::uint64_t, std::pair<double, double>>& both) {
                 return both.first ^ std::bit_cast<std::uint64_t>(both.second.first + both.second.second);
               })
               .reduce(Add{}))
      .value;
}

Digest words(kiln::Session& session, const std::string& file) {
  return session
      .run(kiln::Flow("words")
               .text(file)
               .flat_map<std::pair<std::string_view, std::uint64_t>>([](const kiln::Text& text, auto& emit) {
                 wordcount::for_each_word(text.text, [&](const char* word, std::size_t size) {
                   emit({std::string_view(word, size), 1});
                 });
               })
               .reduce_by_key(std::plus<>{})
               .map([](const std::pair<std::string, std::uint64_t>& word) { return word.second * word.second; })
               .reduce(Add{}))
      .value;
}

Digest sort(kiln::Session& session, const std::string& in, const std::string& out) {
  session.at_root("make the sorted file", [&] { terasort::make_part(out); });
  const auto digest = session
                          .run(kiln::Flow("sort")
                                   .records(in, kRecord)
                                   .map([](const kiln::Record& given) {
                                     terasort::Record record;
                                     std::memcpy(record.data(), given.bytes.data(), kRecord);
                                     return record;
                                   })
                                   .sort(terasort::key_of)
                                   .ranges()
                                   .map([=](auto& range) {
                                     terasort::PartWriter to(out, range.first() * kRecord);
                                     std::uint64_t records = 0;
                                     for (const terasort::Record& record : range) {
                                       to.add(record.data(), kRecord);
                                       ++records;
                                     }
                                     to.finish();
                                     return Digest{records, 0};
                                   })
                                   .reduce(Add{}))
                          .value;
  session.at_root("name the sorted file", [&] { terasort::finish(out, digest.entries * kRecord); });
  return digest;
}

/// Large items, each to the other half of the shards: bytes that are moved, and nothing else.
Digest exchange(kiln::Session& session, std::uint64_t bytes) {
  using Blob = std::vector<std::uint8_t>;
  return session
      .run(kiln::Flow("exchange")
               .range(bytes / kBlob)
               .map([](std::uint64_t unit) { return Blob(kBlob, static_cast<std::uint8_t>(unit)); })
               .shard([](const Blob& blob) { return blob.front() % 64; }, kiln::by_number(64))
               .map([](const Blob& blob) {
                 return Digest{blob.size(), 0};
               })
               .reduce(Add{}))
      .value;
}

Digest run(kiln::Session& session, const std::vector<std::string>& words_given) {
  const auto number = [&](std::size_t at) { return std::strtoull(words_given.at(at).c_str(), nullptr, 10); };
  const std::string& what = words_given.front();
  if (what == "sort") return sort(session, words_given.at(1), words_given.at(2));
  if (what == "group") return group(session, number(1), number(2));
  if (what == "join") return join(session, number(1), number(2));
  if (what == "words") return words(session, words_given.at(1));
  if (what == "exchange") return exchange(session, number(1));
  return {};  // nothing: what a rank has anyway
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> given;
  kiln::Program program("kiln_bench_shuffle", "Steps by key, measured.");
  program.files(given, "sort IN OUT, group ROWS KEYS, join ROWS KEYS, words FILE, exchange BYTES, nothing", "WORD");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    session.run(kiln::Flow("begin").range(10).reduce(kiln::Count{}));  // all ranks are there
    const auto begin = std::chrono::steady_clock::now();
    const Digest digest = run(session, given);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::ofstream(session.directory() + ".peaks", std::ios::app) << std::to_string(peak()) + "\n";
    session.run(kiln::Flow("end").range(10).reduce(kiln::Count{}));  // all have written it
    session.at_root("print", [&] {
      std::uint64_t most = 0;
      std::ifstream peaks(session.directory() + ".peaks");
      for (std::uint64_t one = 0; peaks >> one;) most = std::max(most, one);
      std::printf("entries %llu sum %llu seconds %.6f peak %llu\n", static_cast<unsigned long long>(digest.entries),
                  static_cast<unsigned long long>(digest.sum), seconds, static_cast<unsigned long long>(most));
    });
    std::error_code ignored;
    session.at_root("clear away", [&] { std::filesystem::remove(session.directory() + ".peaks", ignored); });
    return 0;
  });
}
