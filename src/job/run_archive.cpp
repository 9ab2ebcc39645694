#include "job/run_archive.hpp"

#include "base/start_directory.hpp"

#include <fstream>

namespace kiln::job {

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
