#include "store/reign.hpp"

#include "store/entry_file.hpp"
#include "store/journal.hpp"
#include "store/journal_files.hpp"
#include "store/owner.hpp"
#include "store/run_reader.hpp"
#include "store/small_file.hpp"

#include <exception>

namespace kiln::store {

std::optional<Epoch> last_epoch(const std::filesystem::path& run_directory) {
  const JournalListing listing = list_journal(run_directory, JournalOptions().numbers_per_folder);
  if (listing.entries.empty()) return std::nullopt;
  const auto header = peek_header(listing.entries.rbegin()->second);
  return header ? std::optional(header->epoch) : std::nullopt;
}

std::optional<EndEntry> launch_end(const std::filesystem::path& run_directory, const std::string& launch_id) {
  const std::uint64_t per_folder = JournalOptions().numbers_per_folder;
  const JournalListing listing = list_journal(run_directory, per_folder);
  if (listing.entries.empty()) return std::nullopt;
  const auto& [number, path] = *listing.entries.rbegin();
  const auto header = peek_header(path);
  if (!header || header->type != EntryType::end) return std::nullopt;
  try {
    const EntryFile file = open_entry(run_directory, number, per_folder);
    const auto end = std::get<EndEntry>(file.entry().body);
    if (end.launch_id == launch_id) return end;
  } catch (const std::exception&) {  // damaged: the run is closed once more
  }
  return std::nullopt;
}

bool are_of_one_launch(const std::filesystem::path& run_directory, Epoch one, Epoch other) {
  try {
    const std::string* first = nullptr;
    const RunReader run = RunReader::open(run_directory);
    for (const auto& entry : run.launches()) {
      if (entry.epoch != one && entry.epoch != other) continue;
      if (first != nullptr && *first != entry.body.launch_id) return false;
      first = &entry.body.launch_id;
    }
  } catch (const std::exception&) {  // it is written just now, or cannot be read: nothing says that they are not
  }
  return true;
}

std::string owning_launch(const std::filesystem::path& run_directory) {
  const auto text = read_small_file(run_directory / "owner.json");
  const auto owner = text ? parse_owner(*text) : std::nullopt;
  return owner ? owner->launch_id : "";
}

}  // namespace kiln::store
