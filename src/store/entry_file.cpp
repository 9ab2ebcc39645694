#include "store/entry_file.hpp"

#include "base/start_directory.hpp"
#include "store/entry_codec.hpp"
#include "store/entry_columns.hpp"
#include "store/file_ops.hpp"
#include "store/rows_codec.hpp"
#include "store/stage_codec.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>
#include <xxhash.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

namespace kiln::store {
namespace {

constexpr std::uint64_t kHeldBytes = std::uint64_t{16} << 20;  // longer files are not held in memory

void write_facts(const h5::Handle& file, const EntryHeader& header) {
  h5::write_attribute(file, "format_version", header.format);
  h5::write_attribute(file, "type", name_of(header.type));
  h5::write_attribute(file, "number", header.number.value());
  h5::write_attribute(file, "last", header.last.value());
  h5::write_attribute(file, "epoch", header.epoch.value());
  h5::write_attribute(file, "stage", header.stage.value());
  h5::write_attribute(file, "round", header.round);
}

Bytes finish(h5::MemoryFile& file, EntryHeader header) {
  Bytes bytes = file.finish(kHeaderBytes);
  header.length = bytes.size() - kHeaderBytes;
  header.checksum = checksum(ByteView(bytes).subspan(kHeaderBytes));
  write_header(header, bytes);
  return bytes;
}

void expect_length(const EntryHeader& header, std::uint64_t bytes) {
  if (bytes != kHeaderBytes + header.length) {
    throw Damage(fmt::format("{} bytes long instead of {}", bytes, kHeaderBytes + header.length));
  }
}

void expect_checksum(const EntryHeader& header, std::uint64_t sum) {
  if (sum != header.checksum) throw Damage("checksum differs");
}

EntryHeader verify(ByteView file) {
  const EntryHeader header = read_header(file);
  expect_length(header, file.size());
  expect_checksum(header, checksum(file.subspan(kHeaderBytes)));
  return header;
}

/// As verify, for a file too long to be held.
EntryHeader verify_on_disk(const std::filesystem::path& path, std::uint64_t size) {
  struct Open {
    int fd;
    ~Open() { ::close(fd); }
  };
  const int fd = ::open(from_start(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw StorageError(errno, "open", path);
  const Open file{fd};
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  Bytes buffer(std::size_t{4} << 20);
  std::uint64_t at = 0;
  EntryHeader header;
  while (at < size) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), size - at);
    std::size_t got = 0;
    while (got < wanted) {
      const ssize_t more = ::read(fd, buffer.data() + got, wanted - got);
      if (more < 0 && errno == EINTR) continue;
      if (more < 0) throw StorageError(errno, "read", path);
      if (more == 0) throw Damage("cut off while it was read");
      got += static_cast<std::size_t>(more);
    }
    ByteView piece(buffer.data(), got);
    if (at == 0) {
      header = read_header(piece);
      expect_length(header, size);
      piece = piece.subspan(kHeaderBytes);
    }
    XXH3_64bits_update(state.get(), piece.data(), piece.size());
    at += got;
  }
  expect_checksum(header, XXH3_64bits_digest(state.get()));
  return header;
}

EntryNumber carried_number(const std::string& name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) {
    throw Error(ExitCode::internal, fmt::format("a merged file of the journal carries '{}', not a number", name));
  }
  return EntryNumber(number);
}

// A dead letter that was written with its entry has no number yet: it is the entry's.
void number_dead_letters(EntryBody& body, EntryNumber number) {
  auto* commit = std::get_if<CommitEntry>(&body);
  if (commit == nullptr) return;
  for (CommitEntry::Dead& dead : commit->dead) {
    if (dead.number == EntryNumber()) dead.number = number;
  }
}

EntryHeader header_of(const Entry& entry, EntryType type, std::uint32_t format) {
  return {type, entry.number, entry.number, entry.epoch, entry.stage, entry.round, 0, 0, 0, format};
}

std::uint64_t bytes_of(const CommitEntry& commit) {
  std::uint64_t bytes = commit.rows.bytes();
  for (const MoreRows& more : commit.more) bytes += more.rows.bytes();
  for (const Bytes& partial : commit.partials) bytes += partial.size();
  return bytes;
}

}  // namespace

Bytes encode_entry(const Entry& entry, const Schema& schema) {
  const EntryHeader header = header_of(entry, type_of(entry.body), format_of(entry.body));
  h5::MemoryFile memory;
  write_facts(memory.root(), header);
  write_body(memory.root(), entry.body, schema);
  return finish(memory, header);
}

Bytes encode_segment(const Entry& entry, const Schema& schema) {
  const auto& commit = std::get<CommitEntry>(entry.body);
  EntryHeader header = header_of(entry, EntryType::segment, 2);
  header.unpacked = bytes_of(commit);
  h5::MemoryFile memory;
  write_facts(memory.root(), header);
  write_segment_body(memory.root(), commit, schema);
  return finish(memory, header);
}

Bytes encode_so_far(const Entry& entry, const std::function<void(const h5::Handle& file)>& add) {
  const EntryHeader header = header_of(entry, EntryType::so_far, format_of(entry.body));
  h5::MemoryFile memory;
  write_facts(memory.root(), header);
  write_body(memory.root(), entry.body, {});
  add(memory.root());
  return finish(memory, header);
}

Bytes encode_merged(const Merged& merged, const std::vector<Schema>& schemas) {
  EntryHeader header{EntryType::merged, merged.first, merged.last, merged.epoch, StageId(), 0, 0, 0, 0, 1};
  for (const Entry& part : merged.parts) header.format = std::max(header.format, format_of(part.body));
  for (const Carried& carried : merged.carried)
    header.format = std::max(header.format, read_header(carried.file).format);
  h5::MemoryFile memory;
  const h5::Handle& file = memory.root();
  write_facts(file, header);
  for (std::size_t i = 0; i < merged.parts.size(); ++i) {
    const h5::Handle group = h5::create_group(file, fmt::format("parts/{}", i));
    h5::write_attribute(group, "stage", merged.parts[i].stage.value());
    h5::write_attribute(group, "round", merged.parts[i].round);
    write_body(group, merged.parts[i].body, schemas.at(i));
  }
  for (const Carried& carried : merged.carried) {
    h5::write_values(file, fmt::format("carried/{:09}", carried.number.value()),
                     std::span<const std::byte>(carried.file));
  }
  return finish(memory, header);
}

EntryFile::EntryFile(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(from_start(path_), error);
  if (error) throw StorageError(error.value(), "examine", path_);
  try {
    if (size > kHeldBytes) {
      header_ = verify_on_disk(path_, size);
      file_ = h5::open_file(path_);
    } else {
      const Bytes bytes = read_file(path_);
      header_ = verify(bytes);
      if (header_.length > 0) file_ = h5::open_image(ByteView(bytes).subspan(kHeaderBytes));
    }
  } catch (const StorageError& storage) {
    if (storage.error_number() != EIO) throw;
    throw Damage("the disk cannot read it (I/O error)");
  }
}

EntryFile::EntryFile(ByteView bytes, std::filesystem::path path) : path_(std::move(path)), header_(verify(bytes)) {
  if (header_.length > 0) file_ = h5::open_image(bytes.subspan(kHeaderBytes));
}

Entry EntryFile::entry(bool rows) const {
  Entry entry{header_.number, header_.epoch, header_.stage, header_.round,
              read_body(file_, header_.type, rows, header_.length)};
  number_dead_letters(entry.body, entry.number);
  return entry;
}

Merged EntryFile::merged(bool rows) const {
  if (header_.type != EntryType::merged) throw Error(ExitCode::internal, path_.native() + " is not a merged file");
  Merged merged{header_.number, header_.last, header_.epoch, {}, {}};
  for (std::size_t i = 0; i < parts(); ++i) {
    const h5::Handle group = part_group(i);
    merged.parts.push_back({header_.number, header_.epoch, StageId(h5::read_attribute<std::uint32_t>(group, "stage")),
                            h5::read_attribute<std::uint32_t>(group, "round"),
                            read_body(group, EntryType::commit, rows, header_.length)});
  }
  if (!h5::exists(file_, "carried")) return merged;
  const h5::Handle group = h5::open_group(file_, "carried");
  for (const std::string& name : h5::members(group)) {
    const auto bytes = h5::read_values<std::byte>(group, name, header_.length);
    merged.carried.push_back({carried_number(name), Bytes(bytes.begin(), bytes.end())});
  }
  return merged;
}

std::size_t EntryFile::parts() const {
  if (header_.type == EntryType::commit || header_.type == EntryType::segment) return 1;
  if (header_.type != EntryType::merged || !h5::exists(file_, "parts")) return 0;
  return h5::members(h5::open_group(file_, "parts")).size();
}

h5::Handle EntryFile::part_group(std::size_t part) const {
  return h5::open_group(file_, header_.type == EntryType::merged ? fmt::format("parts/{}", part) : std::string("/"));
}

std::optional<h5::Handle> EntryFile::rows_group(RowsPlace place) const {
  const h5::Handle group = part_group(place.part);
  const std::string table = table_group(place.table);
  if (!table.empty() && !h5::exists(group, table)) return std::nullopt;
  const std::string path = table.empty() ? "rows" : table + "/rows";
  if (!h5::exists(group, path)) return std::nullopt;
  return h5::open_group(group, path);
}

std::uint64_t EntryFile::row_count(RowsPlace place) const {
  const auto group = rows_group(place);
  return group ? h5::shape(h5::open_dataset(*group, "unit")).at(0) : 0;
}

Schema EntryFile::schema(RowsPlace place) const {
  const auto group = rows_group(place);
  return group ? parse_schema(h5::read_text_attribute(*group, "schema")) : Schema();
}

std::uint64_t EntryFile::row_bytes(RowsPlace place) const {
  auto group = rows_group(place);
  return group ? RowsGroup(*std::move(group), header_.length).bytes() : 0;
}

std::vector<std::uint64_t> EntryFile::row_units(RowsPlace place, std::uint64_t first, std::uint64_t count) const {
  auto group = rows_group(place);
  if (count == 0 || !group) return {};
  return RowsGroup(*std::move(group), header_.length).units(first, count);
}

std::vector<std::uint64_t> EntryFile::row_numbers(RowsPlace place, std::string_view column, std::uint64_t first,
                                                  std::uint64_t count) const {
  auto group = rows_group(place);
  if (count == 0 || !group) return {};
  return RowsGroup(*std::move(group), header_.length).numbers(column, first, count);
}

Rows EntryFile::rows(RowsPlace place, std::uint64_t first, std::uint64_t count) const {
  auto group = rows_group(place);
  if (count == 0 || !group) return {};
  return RowsGroup(*std::move(group), header_.length).read(first, count);
}

std::size_t EntryFile::partials(std::size_t part) const {
  const h5::Handle group = part_group(part);
  return h5::exists(group, "partials_ends") ? h5::shape(h5::open_dataset(group, "partials_ends")).at(0) : 0;
}

Bytes EntryFile::partial(std::size_t part, std::size_t index) const {
  return read_blob(part_group(part), "partials", index, header_.length);
}

}  // namespace kiln::store
