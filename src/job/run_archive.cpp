#include "job/run_archive.hpp"

#include "base/start_directory.hpp"

#include <fstream>

namespace kiln::job {

// What it ran in a stage before is of no use to this one.
protocol::ProcessEnd StoreArchive::how_ended(Rank rank) {
  const auto mark = store_.find_crash_mark(rank);
  if (!mark) return {};
  return {true, mark->stage == store_.stages().stage() ? mark->units : Interval{}};
}

void StoreArchive::write_status(const std::string& text) {
  store_.check_reign();
  store_.directory().write_replaced("status.json", text);
}

void StoreArchive::write_event(const std::string& line) {
  store_.check_reign();
  std::ofstream file(from_start(store_.directory().file("events.jsonl")), std::ios::app | std::ios::binary);
  file << line << '\n';
}

bool StoreArchive::may_recover(const Error& error) const {
  return dynamic_cast<const store::StorageError*>(&error) != nullptr;
}

}  // namespace kiln::job
