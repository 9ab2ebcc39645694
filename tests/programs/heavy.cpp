// Steps by key over more data than there is memory for. Prints a number that depends on what came, and where it
// matters on its order; writes the most memory that each rank has had into the file `peaks`.
#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

std::uint64_t mixed(std::uint64_t word) {
  word = (word ^ word >> 32U) * 0x9e3779b97f4a7c15U;
  word = (word ^ word >> 29U) * 0xbf58476d1ce4e5b9U;
  return word ^ word >> 32U;
}
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 1;
  for (const char one : text) hash = hash * 0x100000001b3U + static_cast<unsigned char>(one);
  return mixed(hash);
}

/// An item of 100 bytes: a key that is random, and filling.
std::string item_of(std::uint64_t number) {
  std::string text = std::to_string(mixed(number));
  text.resize(100, static_cast<char>('a' + number % 26));
  return text;
}

struct Asked {
  std::string what = "nothing", hold;
  std::uint64_t units = 1000, items = 1000;

  std::uint64_t number(std::uint64_t unit, std::uint64_t item) const { return unit * items + item; }
  /// The run waits here for a file.
  void wait() const {
    if (hold.empty()) return;
    std::ofstream("notes", std::ios::app) << hold + "\n";
    while (!std::filesystem::exists(hold)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
};

using Sum = kiln::Sum<std::uint64_t>;
using Pair = std::pair<std::string, std::uint64_t>;

auto pairs(const Asked& asked, std::uint64_t keys) {
  return kiln::Flow(asked.what).range(asked.units).flat_map<Pair>([asked, keys](std::uint64_t unit, auto& emit) {
    for (std::uint64_t i = 0; i < asked.items; ++i) {
      const std::uint64_t number = asked.number(unit, i);
      emit({item_of(keys == 0 ? number : number % keys), number});
    }
  });
}

/// The values of a group, or items of a range, in their order.
template <class Range>
std::uint64_t in_order(const Asked& asked, Range& range) {
  std::uint64_t hash = 1, count = 0;
  for (const auto& one : range) {
    if (++count == 1000) asked.wait();
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(one)>, std::uint64_t>) {
      hash = mixed(hash + one);
    } else {
      hash = mixed(hash + hash_of(one));
    }
  }
  return hash;
}

std::uint64_t run(kiln::Session& session, const Asked& asked) {
  const auto of_pair = [](const Pair& pair) { return mixed(hash_of(pair.first) + pair.second); };
  if (asked.what == "distinct") {
    return session.run(pairs(asked, 0).reduce_by_key(std::plus<>{}).map(of_pair).reduce(Sum{})).value;
  }
  if (asked.what == "group") {
    return session
        .run(pairs(asked, 1)
                 .group_by_key()
                 .map([asked](kiln::Group<std::string, std::uint64_t>& group) { return in_order(asked, group); })
                 .reduce(Sum{}))
        .value;
  }
  if (asked.what == "sort") {
    return session
        .run(pairs(asked, 0)
                 .map([](const Pair& pair) { return pair.first; })
                 .sort()
                 .ranges()
                 .map([asked](auto& range) { return mixed(range.first() + in_order(asked, range)); })
                 .reduce(Sum{}))
        .value;
  }
  if (asked.what == "join") {
    const auto right =
        kiln::Flow("right").range(1000).map([](std::uint64_t unit) { return Pair(item_of(unit), unit); });
    return session
        .run(pairs(asked, 2000)
                 .join_by_key(right)
                 .map([](const std::pair<std::string, std::pair<std::uint64_t, std::uint64_t>>& pair) {
                   return mixed(hash_of(pair.first) + mixed(pair.second.first) + pair.second.second);
                 })
                 .reduce(Sum{}))
        .value;
  }
  return session.run(kiln::Flow("nothing").range(10).reduce(kiln::Count{})).value;
}

void note_peak() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) std::ofstream("peaks", std::ios::app) << line + "\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  Asked asked;
  kiln::Program program("heavy", "More data by key than memory.");
  program.option("--what", asked.what, "nothing, distinct, group, sort, join");
  program.option("--units", asked.units, "how many").option("--items", asked.items, "of a unit");
  program.option("--hold", asked.hold, "where it is held").only_shown("--hold");
  const int code = kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    const std::uint64_t value = run(session, asked);
    session.at_root("print", [&] { std::printf("%llu\n", static_cast<unsigned long long>(value)); });
    return 0;
  });
  note_peak();
  return code;
}
