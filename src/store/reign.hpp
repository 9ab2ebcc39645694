#pragma once

#include "store/entry.hpp"

#include <filesystem>
#include <optional>
#include <string>

/// What a rank that is about to take over looks at before it does, without reading the whole journal.
namespace kiln::store {

/// The epoch of the journal's last entry; nothing where there is none that can be read.
std::optional<Epoch> last_epoch(const std::filesystem::path& run_directory);

/// The journal's last entry, where it says that this launch has ended: then nothing is to be taken over.
std::optional<EndEntry> launch_end(const std::filesystem::path& run_directory, const std::string& launch_id);

/// Whether both epochs are of one launch, as far as the journal can be read and says. Reads all of it.
bool are_of_one_launch(const std::filesystem::path& run_directory, Epoch one, Epoch other);

/// The launch that writes the run, as owner.json says; "" where it does not.
std::string owning_launch(const std::filesystem::path& run_directory);

}  // namespace kiln::store
