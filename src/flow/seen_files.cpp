#include "flow/seen_files.hpp"

#include "base/text.hpp"
#include "flow/file_facts.hpp"
#include "units/dataset_slices.hpp"
#include "units/line_files.hpp"

#include <fmt/core.h>

#include <utility>

namespace kiln::flow {

std::vector<std::string> SeenFiles::note(const detail::SourceSpec& source, ByteView descriptor) {
  using Kind = detail::SourceSpec::Kind;
  std::vector<std::string> changed;
  ByteReader in(descriptor, "the files of a source");
  if (source.kind == Kind::lines || source.kind == Kind::records) {
    const auto files = units::LineFiles::decode(in);
    for (const units::LineFile& file : files.files()) note(file.path, {file.size, file.checksum}, changed);
  } else if (source.kind == Kind::hdf5) {
    const auto slices = units::DatasetSlices::decode(in);
    note(slices.path, {slices.file_size, static_cast<std::uint64_t>(slices.modified)}, changed);
  } else if (source.kind == Kind::merged) {
    for (const detail::SourceSpec& part : source.parts) {
      in.get<std::uint64_t>();  // its units
      for (std::string& line : note(part, in.get_bytes())) changed.push_back(std::move(line));
    }
  }
  return changed;
}

void SeenFiles::note(const std::string& path, Facts now, std::vector<std::string>& changed) {
  const auto [found, is_new] = files_.try_emplace(checksum(as_bytes(path)), now);
  if (is_new) return;
  const Facts before = std::exchange(found->second, now);
  if (before.size == now.size && before.mark == now.mark) return;
  changed.push_back(fmt::format("{} changed since an earlier stage began: it is {}", for_message(path, 400),
                                change_of(before.size, now.size)));
}

}  // namespace kiln::flow
