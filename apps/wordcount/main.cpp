// wordcount: how often each word is in some files, the most frequent first. docs/programs/wordcount.md
#include "text.hpp"
#include "words.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <kiln/kiln.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

/// Of the text that it makes itself.
constexpr std::size_t kOwnBytes = std::size_t{8} << 20;

struct Word {
  std::string word;
  std::uint64_t count = 0;
};
KILN_COLUMNS(Word, word, count)

bool goes_before(const Word& a, const Word& b) { return a.count != b.count ? a.count > b.count : a.word < b.word; }

/// All words, the most frequent first; of equally frequent ones by their bytes.
struct ByCount {
  using value_type = std::vector<Word>;
  static constexpr bool exact = false;

  static std::string describe() { return "words by count"; }
  static value_type lift(const Word& word) { return {word}; }
  static void merge(value_type& left, value_type&& right) {
    const auto middle = static_cast<std::ptrdiff_t>(left.size());
    left.insert(left.end(), std::make_move_iterator(right.begin()), std::make_move_iterator(right.end()));
    std::inplace_merge(left.begin(), left.begin() + middle, left.end(), goes_before);
  }
  static void merge(value_type& left, const value_type& right) { merge(left, value_type(right)); }
};

void split_words(std::string_view text, auto& emit) {
  wordcount::for_each_word(text, [&](const char* word, std::size_t size) { emit({std::string_view(word, size), 1}); });
}

/// Whether a count in the plainest way finds the same.
bool is_right(const std::vector<Word>& words, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::unordered_map<std::string, std::uint64_t> counts;
  for (std::string word; in >> word;) ++counts[word];
  return counts.size() == words.size() &&
         std::all_of(words.begin(), words.end(), [&](const Word& one) { return counts[one.word] == one.count; }) &&
         std::is_sorted(words.begin(), words.end(), goes_before);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files{""};
  std::size_t top = 10;
  kiln::Program program("wordcount", "Counts the words of text files: what is between white space, byte by byte.");
  program.option("--top", top, "print so many of the most frequent words").only_shown("--top");
  program.files(files, "text files, also packed by gzip or zstd; without any, a text is made beside the run directory");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    const bool own = files == std::vector<std::string>{""};
    if (own) {
      const auto path = std::filesystem::path(session.directory()).parent_path() /
                        ("wordcount-" + std::to_string(session.seed()) + ".txt");
      session.at_root("make the text", [&] { wordcount::write_text(session.seed(), kOwnBytes, path); });
      files = {path.string()};
    }
    const auto words = kiln::Flow("words")
                           .text(files)
                           .flat_map<std::pair<std::string_view, std::uint64_t>>(
                               [](const kiln::Text& text, auto& emit) { split_words(text, emit); })
                           .reduce_by_key(std::plus<>{})
                           .map([](std::pair<std::string, std::uint64_t>&& one) {
                             return Word{std::move(one.first), one.second};
                           });
    const auto report = session.run(words.reduce(ByCount{}, "words"));

    std::uint64_t total = 0;
    for (const Word& one : report.value) total += one.count;
    const bool good = !own || is_right(report.value, files.front());
    session.at_root("print", [&] {
      std::printf("%llu words, %zu different ones\n", static_cast<unsigned long long>(total), report.value.size());
      for (std::size_t i = 0; i < std::min(top, report.value.size()); ++i) {
        const Word& one = report.value[i];
        std::printf("%10llu ", static_cast<unsigned long long>(one.count));
        std::fwrite(one.word.data(), 1, one.word.size(), stdout);
        std::printf("\n");
      }
      if (own) std::printf("check: %s\n", good ? "good" : "NOT GOOD");
    });
    return good ? report.exit_code() : 1;
  });
}
