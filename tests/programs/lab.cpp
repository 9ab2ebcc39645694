// Two stages, and whatever can go wrong in them: `--case` says what does. What changes between launches of one run is
// told by files in the working directory.
#include <kiln/kiln.hpp>

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

bool exists(const char* name) { return std::filesystem::exists(name); }

void note(const std::string& text) { std::ofstream("notes", std::ios::app) << text + "\n"; }

void wait_for(const char* name) {
  while (!exists(name)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

bool is_second_rank() {
  const char* const rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return rank != nullptr && std::string_view(rank) == "1";
}

/// Uses up the stack.
[[gnu::noinline]] std::uint64_t deeper(std::uint64_t depth) {
  volatile char room[4096];
  room[depth % sizeof room] = 1;
  return depth == UINT64_MAX ? 0 : deeper(depth + 1) + static_cast<std::uint64_t>(room[depth % sizeof room]);
}

double value_of(const std::string& what, std::uint64_t i, kiln::Unit& unit) {
  if (what == "throws" && i == 7 && exists("bad")) throw std::runtime_error("seven is bad");
  if (what == "throws" && exists(("bad-" + std::to_string(i)).c_str())) throw std::runtime_error("a bad one, too");
  if (what == "segv" && i == 7 && exists("bad")) std::raise(SIGSEGV);
  if (what == "doomed" && i == 90 && exists("bad")) {
    wait_for("go");
    std::raise(SIGSEGV);
  }
  if (what == "overflow" && i == 7 && exists("bad")) return static_cast<double>(deeper(i));
  if (what == "exit" && i == 7 && exists("bad")) std::exit(3);
  if (what == "rejects" && i % 10 == 3) throw kiln::Rejected("ends with three");
  if (what == "rejects" && i == 80) wait_for("go");
  if (what == "nan" && i == 5) return std::numeric_limits<double>::quiet_NaN();
  if (what == "stubborn" && i == 90) wait_for("go");
  // Whoever comes first waits: until he hears that it is in vain, or for ever.
  if ((what == "straggler" || what == "deaf") && i == 90 && std::filesystem::create_directory("first")) {
    const auto ends = [&] { return exists("go") || (what == "straggler" && unit.cancelled()); };
    while (!ends()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (unit.cancelled()) note("cancelled");
  }
  if (what == "impure") {
    static std::uint64_t calls = 0;
    return static_cast<double>(++calls);
  }
  if (what == "scratch") {
    std::ofstream(unit.scratch() + "/file") << i;
    note(unit.scratch());
  }
  return 1.0 / (1.0 + static_cast<double>(i));
}

struct Row {
  std::uint64_t id;
  double value;
};
KILN_COLUMNS(Row, id, value)

using Counts = std::vector<std::uint64_t>;

/// Many MiB a unit, all held by the workers.
void run_big(kiln::Session& session, std::uint64_t units) {
  const auto add = [](Counts a, const Counts& b) {
    if (exists("bad") && a.front() == 4 && b.front() == 5) throw std::runtime_error("cannot be joined");
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  };
  const auto job = kiln::Flow("big").range(units).map([](std::uint64_t i) { return Counts(1 << 18, i); }).reduce(add);
  const auto report = session.run(job);
  session.at_root("print", [&] {
    std::printf("%zu %llu\n", report.value.size(), static_cast<unsigned long long>(report.value.back()));
  });
}

void run_order(kiln::Session& session, const std::string& what) {
  auto units = kiln::Flow("order").range(20).map([](std::uint64_t i) {
    note(std::to_string(i));
    for (int j = 0; j < 1000; ++j) std::this_thread::yield();  // others could begin now
    note(std::to_string(i));
    return i;
  });
  if (what == "priority") units = units.priority([](std::uint64_t i) { return i / 5 == 2 ? 1 : 0; });
  if (what == "recent") units = units.recent_first();
  if (what == "one-at-a-time") units = units.in_flight(1);
  session.run(units.reduce(std::plus<>{}));
}

/// A merge that throws where units 39 and 40 come together, or at the stage's end throws or fills the disk: 100 units
/// are three whole trees, which only the value joins.
int run_bad_merge(kiln::Session& session, std::uint64_t n) {
  const auto latest = [](std::uint64_t a, std::uint64_t b) {
    if (exists("bad") && a == 39) throw std::runtime_error("cannot be joined");
    const bool at_the_end = b == 99 && (a == 63 || a == 95);
    if (exists("bad-end") && at_the_end) throw std::runtime_error("cannot be joined");
    if (exists("filling") && at_the_end) std::ofstream("full");
    return std::max(a, b);
  };
  const auto report = session.run(kiln::Flow("merge").range(n).reduce(latest, "latest"));
  session.at_root("print", [&] { std::printf("%llu\n", static_cast<unsigned long long>(report.value)); });
  return report.exit_code();
}

/// The second rank comes to the second stage when the others have ended it, and to the next call before rank 0 has.
void run_late(kiln::Session& session) {
  const auto count = [](std::uint64_t) { return std::uint64_t{1}; };
  const auto first = session.run(kiln::Flow("first").range(10).map(count).reduce(std::plus<>{}));
  if (is_second_rank()) wait_for("ended");
  const auto second = session.run(kiln::Flow("second").range(20).map(count).reduce(std::plus<>{}));
  std::ofstream(is_second_rank() ? "came" : "ended") << "";
  session.at_root("print", [&] {
    wait_for("came");
    std::printf("%llu %llu\n", static_cast<unsigned long long>(first.value),
                static_cast<unsigned long long>(second.value));
  });
}

/// In the first stage one rank never leaves a unit; in the second all wait, and say who they are.
void run_held_up(kiln::Session& session) {
  const auto first = session.run(kiln::Flow("first")
                                     .range(20)
                                     .map([](std::uint64_t i) {
                                       if (i == 15 && std::filesystem::create_directory("first")) wait_for("never");
                                       return i;
                                     })
                                     .reduce(std::plus<>{}));
  const auto second = session.run(kiln::Flow("second")
                                      .range(4)
                                      .map([](std::uint64_t i) {
                                        note(std::to_string(getpid()));
                                        wait_for("go");
                                        return i;
                                      })
                                      .reduce(std::plus<>{}));
  session.at_root("print", [&] {
    std::printf("%llu %llu\n", static_cast<unsigned long long>(first.value),
                static_cast<unsigned long long>(second.value));
  });
}

int run(kiln::Session& session, const std::string& what, std::uint64_t n) {
  if (what == "late") return run_late(session), 0;
  if (what == "held-up") return run_held_up(session), 0;
  if (what == "big") return run_big(session, n), 0;
  if (what == "priority" || what == "recent" || what == "one-at-a-time") return run_order(session, what), 0;
  if (what == "merge") return run_bad_merge(session, n);
  if (what == "throw-one" && is_second_rank()) throw std::runtime_error("no good");
  if (what == "throw-all") throw std::runtime_error("no good at all");
  if (what == "early" && is_second_rank()) return 0;
  if (what == "differs" && is_second_rank()) ++n;
  const auto values = kiln::Flow("first").range(n).map([what](std::uint64_t i, kiln::Unit& unit) {
    return Row{i, value_of(what, i, unit)};
  });
  const auto first = session.run(values.into(kiln::to_rows("first"), kiln::to_reduce(std::plus<>{}, &Row::value)));
  const double sum = first.value;
  const auto shifted = [sum](std::uint64_t i) { return sum + static_cast<double>(i); };
  const auto second = session.run(kiln::Flow("second").range(10).map(shifted).reduce(std::plus<>{}));
  session.at_root("print", [&] {
    std::printf("%a %a rejected %llu failed %llu\n", sum, second.value,
                static_cast<unsigned long long>(first.counts.rejected),
                static_cast<unsigned long long>(first.counts.failed));
  });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string what = "plain";
  std::uint64_t units = 100;
  kiln::Program program("lab", "Tries things out.");
  program.option("--case", what, "what is to happen").option("--units", units, "how many");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) { return run(session, what, units); });
}
