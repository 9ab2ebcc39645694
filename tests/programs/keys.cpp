// Steps by key, of which files that it waits for hold the stage that emits, or the one behind it.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

void note(const std::string& text) { std::ofstream("notes", std::ios::app) << text + "\n"; }

/// Where the run is held: until there is a file of that name.
void hold(const std::string& name) {
  note(name);
  while (!std::filesystem::exists(name)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

struct Held {
  std::string where;
  std::uint64_t units;
  void in_unit(const std::string& what, std::uint64_t unit) const {
    if (where.find(what) != std::string::npos && unit + 1 == units) hold(what);
  }
  void in(const std::string& what, const std::string& key) const {
    if (where.find(what) != std::string::npos && key == "k17") hold(what);
  }
};

/// A key and a value that is no sum of powers of two.
template <class Emit>
void emit_of(std::uint64_t unit, std::uint64_t keys, Emit& emit) {
  std::uint64_t state = unit * 0x9e3779b97f4a7c15U + 1;
  for (int i = 0; i < 200; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t number = (state >> 33U) % (1 + (state >> 20U) % keys);
    emit({"k" + std::to_string(number), 1.0 / static_cast<double>(1 + (state >> 40U))});
  }
}

/// All items in order, and the greatest; how many units failed.
std::uint64_t sort(kiln::Session& session, const Held& held, std::uint64_t keys) {
  const auto items = kiln::Flow("keys")
                         .range(held.units)
                         .flat_map<std::pair<std::string, double>>([held, keys](std::uint64_t unit, auto& emit) {
                           held.in_unit("emitting", unit);
                           emit_of(unit, keys, emit);
                         });
  const auto sorted = items.sort([](const auto& item) { return std::pair(item.first.size(), item.second); });
  const auto all = session.run(sorted
                                   .map([held](const std::pair<std::string, double>& item) {
                                     held.in("ranges", item.first);
                                     return item;
                                   })
                                   .rows("sorted"));
  const auto top = session.run(items.top_k(300, [](const auto& item) { return item.second; }).rows("top"));
  return all.counts.failed + all.failed_before + top.counts.failed + top.failed_before;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t units = 300, keys = 5000;
  Held held;
  kiln::Program program("keys", "Sums by key.");
  program.option("--units", units, "how many").option("--keys", keys, "how many");
  program.option("--hold", held.where, "where it is held").only_shown("--hold");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    held.units = units;
    const auto source = [&held, keys] {
      return kiln::Flow("keys")
          .range(held.units)
          .flat_map<std::pair<std::string, double>>([held, keys](std::uint64_t unit, auto& emit) {
            held.in_unit("map", unit);
            emit_of(unit, keys, emit);
          });
    };
    const auto items = source();
    // Along the tree over the units: other bits, were the order another.
    auto report = session.run(items.reduce_by_key([](double a, double b) { return a + b; })
                                  .filter([held](const std::pair<std::string, double>& item) {
                                    held.in("shards", item.first);
                                    if (item.first == "k17" && std::filesystem::exists("bad")) {
                                      throw std::runtime_error("k17 is bad");
                                    }
                                    return true;
                                  })
                                  .rows("sums"));
    std::uint64_t failed = report.counts.failed + report.failed_before;
    report = session.run(items.map([](const auto& item) { return std::pair(item.first, 1); })
                             .reduce_by_key(std::plus<>{})
                             .rows("counts"));
    failed += report.counts.failed + report.failed_before;
    report = session.run(items.group_by_key()
                             .map([](kiln::Group<std::string, double>& group) {
                               double folded = 0;
                               for (const double value : group) folded = folded / 2 + value;
                               return std::pair(group.key, folded);
                             })
                             .rows("groups"));
    failed += report.counts.failed + report.failed_before;
    const auto counts =
        items.map([](const auto& item) { return std::pair(item.first, 1); }).reduce_by_key(std::plus<>{});
    report =
        session.run(source()
                        .filter([](const auto& item) { return item.second < 1.2e-7; })
                        .join_by_key(counts)
                        .map([held](const std::pair<std::string, std::pair<double, std::int64_t>>& item) {
                          held.in("pairs", item.first);
                          return std::pair(item.first, item.second.first * static_cast<double>(item.second.second));
                        })
                        .rows("pairs"));
    failed += report.counts.failed + report.failed_before;
    failed += sort(session, held, keys);
    const auto distinct = session.run(
        items.map([](const auto& item) { return item.first.size(); }).distinct().reduce(kiln::Count{}, "lengths"));
    session.at_root("print", [&] { std::printf("%llu lengths\n", static_cast<unsigned long long>(distinct.value)); });
    return failed == 0 ? 0 : 1;
  });
}
