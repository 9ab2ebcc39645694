#include "job/doctor_trial.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/scratch_folder.hpp"
#include "store/file_ops.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

namespace kiln::job {
namespace {

constexpr const char* kCheck = "trial";
constexpr std::uint32_t kUnitsAWorker = 100, kFewestUnits = 100, kMostUnits = 2000;

struct Span {
  std::uint64_t units = 0;
  std::set<std::string> hosts;
  double seconds = 0;  ///< from the first start to the last end
};

Span span_of(const std::filesystem::path& run_directory) {
  const store::RunReader run = store::RunReader::open(run_directory);
  const auto start = run.column("units/start"), seconds = run.column("units/seconds"), host = run.column("units/host");
  Span span;
  double first = std::numeric_limits<double>::max(), last = 0;
  run.for_each(store::RunReader::Which::all, [&](const store::UnitRecord& unit) {
    if (!unit.done || unit.rows == nullptr || !start || !seconds) return;
    const auto begin = unit.rows->at<double>(*start, unit.row);
    first = std::min(first, begin);
    last = std::max(last, begin + unit.rows->at<double>(*seconds, unit.row));
    if (host) span.hosts.emplace(unit.rows->text_at(*host, unit.row));
    ++span.units;
  });
  if (span.units != 0) span.seconds = std::max(1e-3, last - first);
  return span;
}

// The last line that says something.
std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const std::size_t at = text.rfind('\n');
  return for_message(text.substr(at == std::string::npos ? 0 : at + 1), 200);
}

}  // namespace

Finding judge_failed_trial(const exec::ProgramEnd& end, const std::string& deadline) {
  const std::string advice = "see what it says by hand: echo true | kiln run -v --out /tmp/trial.kiln -";
  if (end.error != 0)
    return bad(kCheck, fmt::format("kiln itself could not be started: {}", std::strerror(end.error)), advice);
  if (end.cancelled) return note(kCheck, "the test run was stopped", "run kiln doctor again");
  if (end.late) {
    return bad(kCheck, fmt::format("the test run did not end within {}", deadline),
               "ranks may not reach each other (a firewall, a wrong interface): export "
               "OMPI_MCA_btl_tcp_if_include=NAME with a name that `ip -br addr` shows; mpirun -n 2 hostname must work");
  }
  const std::string how = end.exit_code ? fmt::format("exit code {}", *end.exit_code) : "a signal";
  const std::string said = last_line(end.output);
  return bad(kCheck, fmt::format("the test run ended with {}{}", how, said.empty() ? "" : ": " + said), advice);
}

Finding examine_trial(const Trial& trial) {
  const std::uint32_t units = std::clamp(trial.workers * kUnitsAWorker, kFewestUnits, kMostUnits);
  try {
    const ScratchFolder folder(trial.directory);
    const std::filesystem::path tasks = folder.path() / "tasks.txt", run = folder.path() / "trial.kiln";
    {
      std::ofstream file(tasks);
      for (std::uint32_t i = 0; i < units; ++i) file << "true\n";
    }
    const auto begin = std::chrono::steady_clock::now();
    const exec::ProgramEnd end = exec::run_program(
        {trial.program, "run", "--quiet", "-n", std::to_string(trial.workers), "--out", run.string(), tasks.string()},
        trial.environment, trial.deadline, trial.cancelled);
    const double all = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!end.well()) return judge_failed_trial(end, format_duration(trial.deadline));
    const Span span = span_of(run);
    if (span.units != units) {
      return bad(kCheck, fmt::format("the test run kept {} of {} results", span.units, units), "please report it");
    }
    return good(kCheck,
                fmt::format("a test run over MPI: {} workers on {} host(s) and a coordinator ran {} "
                            "commands in {}, {:.0f} a second; {} with start and end",
                            trial.workers, span.hosts.size(), units, format_duration(from_seconds(span.seconds)),
                            static_cast<double>(units) / span.seconds, format_duration(from_seconds(all))));
  } catch (const Error& error) {
    return bad(kCheck, fmt::format("the test run could not be judged: {}", for_message(error.what(), 300)),
               "name a directory that can be written: kiln doctor DIR");
  }
}

}  // namespace kiln::job
