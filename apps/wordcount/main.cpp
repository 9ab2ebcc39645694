// wordcount: how often each word is in some files, the most frequent first. docs/programs/wordcount.md
#include "text.hpp"
#include "words.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

/// Of the text that it makes itself.
constexpr std::size_t kOwnBytes = std::size_t{8} << 20;
constexpr std::size_t kMostTop = 1000;

struct Word {
  std::string word;
  std::uint64_t count = 0;
  bool operator==(const Word&) const = default;
};
KILN_COLUMNS(Word, word, count)

/// The most frequent first; equally frequent ones by their bytes.
auto by_count(const Word& one) { return std::pair(kiln::descending(one.count), one.word); }

void split_words(std::string_view text, auto& emit) {
  wordcount::for_each_word(text, [&](const char* word, std::size_t size) { emit({std::string_view(word, size), 1}); });
}

/// Of a word and its count; that of all words does not depend on their order.
std::uint64_t sum_of(const Word& one) {
  std::uint64_t sum = one.count;
  for (const char byte : one.word) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;  // FNV-1a
  return sum;
}

/// What the words of a text come to.
struct Found {
  std::uint64_t words = 0, different = 0, sum = 0;
  std::vector<Word> first;  // the most frequent
  bool operator==(const Found&) const = default;
};

/// Counted in the plainest way.
Found count_plainly(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::unordered_map<std::string, std::uint64_t> counts;
  for (std::string word; in >> word;) ++counts[word];
  Found found{0, counts.size(), 0, {}};
  for (const auto& [word, count] : counts) {
    found.first.push_back({word, count});
    found.words += count;
    found.sum += sum_of(found.first.back());
  }
  std::sort(found.first.begin(), found.first.end(),
            [](const Word& a, const Word& b) { return a.count != b.count ? a.count > b.count : a.word < b.word; });
  found.first.resize(std::min(found.first.size(), kMostTop));
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files{""};
  std::size_t top = 10;
  kiln::Program program("wordcount", "Counts the words of text files: what is between white space, byte by byte.");
  program.option("--top", top, "print so many of the most frequent words, " + std::to_string(kMostTop) + " at most")
      .only_shown("--top");
  program.files(files, "text files, also packed by gzip or zstd; without any, a text is made beside the run directory");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    if (top > kMostTop) {
      throw kiln::Error(kiln::ExitCode::usage,
                        "--top takes 0 to " + std::to_string(kMostTop) + "; all words are in results.h5");
    }
    const bool own = files == std::vector<std::string>{""};
    if (own) {
      files = {session.beside("text-" + std::to_string(session.seed()) + ".txt")};
      session.at_root("make the text", [&] { wordcount::write_text(session.seed(), kOwnBytes, files.front()); });
    }
    const auto words = kiln::Flow("words")
                           .text(files, {.words = true})
                           .flat_map<std::pair<std::string_view, std::uint64_t>>(
                               [](const kiln::Text& text, auto& emit) { split_words(text, emit); })
                           .reduce_by_key(std::plus<>{})
                           .map([](std::pair<std::string, std::uint64_t>&& one) {
                             return Word{std::move(one.first), one.second};
                           });
    const auto [all, frequent] = words.copy<2>();
    using Sum = kiln::Sum<std::uint64_t>;
    const auto report = session.run(kiln::together(
        all.sort(by_count).into(kiln::to_rows("results"), kiln::to_reduce(Sum{}, &Word::count, "words"),
                                kiln::to_reduce(kiln::Count{}, "different"), kiln::to_reduce(Sum{}, sum_of, "sum")),
        frequent.top_k(kMostTop, [](const Word& one) { return std::pair(one.count, kiln::descending(one.word)); })
            .reduce(kiln::Collect<Word>{}, "top")));

    Found found;
    std::tie(found.words, found.different, found.sum, found.first) = report.values;
    const bool right = !own || found == count_plainly(files.front());
    const std::uint64_t too_long = report.counts.rejected + report.rejected_before;
    session.at_root("print", [&] {
      std::printf("%llu words, %llu different ones\n", static_cast<unsigned long long>(found.words),
                  static_cast<unsigned long long>(found.different));
      for (std::size_t i = 0; i < std::min(top, found.first.size()); ++i) {
        std::printf("%10llu ", static_cast<unsigned long long>(found.first[i].count));
        std::fwrite(found.first[i].word.data(), 1, found.first[i].word.size(), stdout);
        std::printf("\n");
      }
      if (own) std::printf("check: %s\n", right ? "good" : "NOT GOOD");
      if (too_long != 0) {
        std::printf("NOT counted: %llu of more than 64 MiB (kiln results --table rejected)\n",
                    static_cast<unsigned long long>(too_long));
      }
    });
    return right && too_long == 0 ? report.exit_code() : 1;
  });
}
