#include "store/so_far.hpp"

#include "base/start_directory.hpp"
#include "store/entry_file.hpp"
#include "store/file_ops.hpp"
#include "store/program_tables.hpp"
#include "store/small_file.hpp"

#include <kiln/error.hpp>

#include <system_error>
#include <utility>

namespace kiln::store {

void write_so_far(const std::filesystem::path& run_directory, Epoch epoch, const SoFar& so_far,
                  const std::vector<PlanEntry::Reduce>& reduces) {
  const Entry entry{EntryNumber(0), epoch, so_far.stage, so_far.round, so_far.state};
  const Bytes bytes = encode_so_far(entry, [&](const h5::Handle& file) {
    for (std::uint32_t place = 0; place < reduces.size(); ++place) {
      if (!so_far.state.values.at(place)) continue;
      const ReducedValue value{so_far.stage, place, &reduces[place], &so_far.state, true, true};
      write_reduced_value(file, "reduced/" + reduces[place].name, value, [] {});
    }
  });
  // Not fsynced: what a crash of the machine takes is missed by nobody, and what it cuts is told by the checksum.
  write_replaced(run_directory / kSoFarName, as_text(bytes), Durable::no);
}

std::optional<SoFar> read_so_far(const std::filesystem::path& run_directory) {
  try {
    const EntryFile file(run_directory / kSoFarName);
    if (file.header().type != EntryType::so_far) return std::nullopt;
    Entry entry = file.entry();
    return SoFar{entry.stage, entry.round, std::get<StageEndEntry>(std::move(entry.body))};
  } catch (const Damage&) {
    return std::nullopt;
  } catch (const Error&) {  // not there, or of a newer kiln
    return std::nullopt;
  }
}

void remove_so_far(const std::filesystem::path& run_directory) noexcept {
  try {
    std::error_code ignored;
    std::filesystem::remove(from_start(run_directory / kSoFarName), ignored);
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace kiln::store
