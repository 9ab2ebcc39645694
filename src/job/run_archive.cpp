#include "job/run_archive.hpp"

#include <fstream>

namespace kiln::job {

// Events are for people and tools that look on: what cannot be written is left out.
void RunArchive::write_event(const std::string& line) {
  std::ofstream file(store_.directory().file("events.jsonl"), std::ios::app | std::ios::binary);
  file << line << '\n';
}

}  // namespace kiln::job
