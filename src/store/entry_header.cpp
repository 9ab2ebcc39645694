#include "store/entry_header.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace kiln::store {
namespace {

constexpr std::array<char, 8> kMagic = {'K', 'I', 'L', 'N', 'E', 'N', 'T', '1'};
// Where things stand in the block; docs/journal-format.md holds the same table.
constexpr std::size_t kFieldBytes = 72;             // magic to unpacked
constexpr std::size_t kTextAt = 80;                 // a line for people
constexpr std::size_t kCheckAt = kHeaderBytes - 8;  // checksum of all before it

}  // namespace

const char* name_of(EntryType type) {
  switch (type) {
    case EntryType::epoch:
      return "epoch";
    case EntryType::source:
      return "source";
    case EntryType::commit:
      return "commit";
    case EntryType::reopen:
      return "reopen";
    case EntryType::compaction:
      return "compaction";
    case EntryType::voided:
      return "void";
    case EntryType::end:
      return "end";
    case EntryType::plan:
      return "plan";
    case EntryType::stage_end:
      return "stage end";
    case EntryType::root:
      return "at_root";
    case EntryType::given:
      return "given";
    case EntryType::merged:
      return "merged";
    case EntryType::tombstone:
      return "tombstone";
    case EntryType::segment:
      return "segment";
    case EntryType::so_far:
      return "so far";
  }
  return "unknown";
}

void write_header(const EntryHeader& header, Bytes& file) {
  ByteWriter out;
  out.put_raw(kMagic.data(), kMagic.size());
  out.put(header.format);
  out.put(static_cast<std::uint32_t>(header.type));
  out.put(header.number.value());
  out.put(header.last.value());
  out.put(header.epoch.value());
  out.put(header.stage.value());
  out.put(header.round);
  out.put(std::uint32_t{0});
  out.put(header.length);
  out.put(header.checksum);
  out.put(header.unpacked);
  const std::string text = fmt::format("\nkiln {} entry {} of epoch {}; an HDF5 file begins at byte {}\n",
                                       name_of(header.type), header.number.value(), header.epoch.value(), kHeaderBytes);
  std::fill_n(file.begin(), kHeaderBytes, std::byte{0});
  std::memcpy(file.data(), out.view().data(), out.size());
  std::memcpy(file.data() + kTextAt, text.data(), std::min(text.size(), kCheckAt - kTextAt));
  const std::uint64_t check = checksum(ByteView(file).first(kCheckAt));
  std::memcpy(file.data() + kCheckAt, &check, sizeof check);
}

EntryHeader read_header(ByteView file) {
  if (file.size() < kHeaderBytes) throw Damage(fmt::format("cut off after {} bytes", file.size()));
  if (std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0) throw Damage("not an entry (magic differs)");
  std::uint64_t check = 0;
  std::memcpy(&check, file.data() + kCheckAt, sizeof check);
  if (check != checksum(file.first(kCheckAt))) throw Damage("checksum of the header differs");
  ByteReader in(file.subspan(kMagic.size(), kFieldBytes - kMagic.size()), "header");
  const auto format = in.get<std::uint32_t>();
  if (format > kEntryFormat) {
    throw Error(ExitCode::run_directory,
                fmt::format("the journal has an entry of format {}, this kiln knows up to {}: use a newer kiln", format,
                            kEntryFormat));
  }
  EntryHeader header;
  header.format = format;
  header.type = static_cast<EntryType>(in.get<std::uint32_t>());
  header.number = EntryNumber(in.get<std::uint64_t>());
  header.last = EntryNumber(in.get<std::uint64_t>());
  header.epoch = Epoch(in.get<std::uint32_t>());
  header.stage = StageId(in.get<std::uint32_t>());
  header.round = in.get<std::uint32_t>();
  in.get<std::uint32_t>();
  header.length = in.get<std::uint64_t>();
  header.checksum = in.get<std::uint64_t>();
  header.unpacked = in.get<std::uint64_t>();
  return header;
}

}  // namespace kiln::store
