#include "job/run_archive.hpp"

#include <fstream>

namespace kiln::job {

void append_event(const store::RunDirectory& directory, const std::string& line) {
  std::ofstream file(directory.file("events.jsonl"), std::ios::app | std::ios::binary);
  file << line << '\n';
}

}  // namespace kiln::job
