#include "job/run_printing.hpp"

#include "base/log.hpp"
#include "base/start_directory.hpp"
#include "job/print_rows.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>

namespace kiln::job {

std::filesystem::path print_file(const std::filesystem::path& run_directory, const std::string& launch_id) {
  return run_directory / fmt::format("{}{}", store::kPrintPrefix, launch_id);
}

std::filesystem::path next_print_file(const std::filesystem::path& run_directory, const std::string& launch_id) {
  const std::filesystem::path first = print_file(run_directory, launch_id);
  std::uint64_t place = 0;
  std::error_code unknown;
  while (std::filesystem::exists(from_start(observe::print_file_at(first, place)), unknown)) ++place;
  return observe::print_file_at(first, place);
}

RunPrinting::RunPrinting(const Facts& facts, const Schema& schema, observe::ProgressDisplay* display)
    : schema_(schema), keep_(facts.keep), feed_(facts.file, schema, facts.units) {
  if (facts.launched) return;
  observe::Printer::Options options;
  options.file = facts.file;
  options.mode = facts.mode;
  options.display = display;
  options.remove_at_once = true;
  printer_.emplace(options, [](const std::string& text) { log::warning("{}", text); });
}

void RunPrinting::settled(Bytes& rows, bool succeeded) {
  if (rows.empty()) return;
  const bool kept = keep_ == exec::KeepOutput::all || (keep_ == exec::KeepOutput::failed && !succeeded);
  if (kept) {
    feed_.take(rows);
  } else {
    Bytes lean = without_outputs(rows, schema_);
    lean.swap(rows);
    feed_.take(std::move(lean));
  }
}

bool RunPrinting::busy() {
  if (feed_.busy()) return true;
  if (!printer_) return false;
  printer_->no_more();
  return !printer_->finished();
}

void RunPrinting::abandon() {
  if (printer_) printer_->abandon();
}

}  // namespace kiln::job
