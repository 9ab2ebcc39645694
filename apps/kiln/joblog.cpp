#include "joblog.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <iterator>

namespace kiln::cli {
namespace {

std::size_t place_of(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  return static_cast<std::size_t>(found - fields.begin());
}

template <class T>
T at(RowValues values, std::size_t place, T otherwise) {
  const auto* const value = place < values.size() ? std::get_if<T>(&values[place]) : nullptr;
  return value == nullptr ? otherwise : *value;
}

}  // namespace

Joblog::Joblog(const std::vector<Field>& fields)
    : unit_(place_of(fields, "unit")),
      host_(place_of(fields, "host")),
      start_(place_of(fields, "start")),
      seconds_(place_of(fields, "seconds")),
      stdout_(place_of(fields, "stdout")),
      exit_code_(place_of(fields, "exit_code")),
      signal_(place_of(fields, "signal")),
      status_(place_of(fields, "status")),
      command_(place_of(fields, "command")) {}

std::string Joblog::header() { return "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"; }

void Joblog::append_row(std::string& out, RowValues values) const {
  std::int64_t exit_code = at<std::int64_t>(values, exit_code_, -1);
  std::int64_t signal = std::max<std::int64_t>(0, at<std::int64_t>(values, signal_, 0));
  if (at<std::string_view>(values, status_, {}) == "timeout") {  // as GNU Parallel writes those
    exit_code = -1;
    if (signal == 0) signal = SIGTERM;
  } else if (signal != 0) {
    exit_code = 0;
  }
  const auto host = at<std::string_view>(values, host_, {});
  fmt::format_to(std::back_inserter(out), "{}\t{}\t{:.3f}\t{:10.3f}\t0\t{}\t{}\t{}\t",
                 at<std::uint64_t>(values, unit_, 0) + 1, host.empty() ? ":" : host, at<double>(values, start_, 0.0),
                 at<double>(values, seconds_, 0.0), at<std::string_view>(values, stdout_, {}).size(), exit_code,
                 signal);
  const auto begin = out.size();
  out += at<std::string_view>(values, command_, {});
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), '\n', '\0');
  out += '\n';
}

}  // namespace kiln::cli
