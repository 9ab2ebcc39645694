#include "store/source_copy.hpp"

#include "base/quantity.hpp"
#include "base/start_directory.hpp"
#include "store/file_ops.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <fstream>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "KILNSRC1";
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;

fs::path copy_path(const fs::path& run_directory, std::uint32_t version) {
  return run_directory / "source" / fmt::format("{}", version);
}

fs::path units_path(const fs::path& run_directory, std::uint32_t version) {
  return run_directory / "source" / fmt::format("{}.units", version);
}

template <class T>
void put_vector(ByteWriter& out, const std::vector<T>& values) {
  out.put(static_cast<std::uint64_t>(values.size()));
  out.put_raw(values.data(), values.size() * sizeof(T));
}

template <class T>
std::vector<T> get_vector(ByteReader& in) {
  std::vector<T> values(in.get_count(sizeof(T)));
  const ByteView raw = in.get_raw(values.size() * sizeof(T));
  if (!raw.empty()) std::memcpy(values.data(), raw.data(), raw.size());
  return values;
}

Bytes encode(const SourceEntry& entry) {
  ByteWriter out;
  out.put_raw(kMagic.data(), kMagic.size());
  out.put(entry.version);
  out.put(entry.fingerprint);
  out.put(entry.units);
  put_vector(out, entry.hashes);
  put_vector(out, entry.lines);
  out.put(checksum(out.view()));
  return out.take();
}

SourceEntry decode(ByteReader in) {
  in.get_raw(kMagic.size());
  SourceEntry entry;
  entry.version = in.get<std::uint32_t>();
  entry.fingerprint = in.get<std::uint64_t>();
  entry.units = in.get<std::uint64_t>();
  entry.hashes = get_vector<UnitHash>(in);
  entry.lines = get_vector<std::int64_t>(in);
  in.expect_done();
  return entry;
}

}  // namespace

void write_source_copy(const fs::path& run_directory, const SourceEntry& entry, ByteView copy) {
  write_replaced(copy_path(run_directory, entry.version), as_text(copy), Durable::yes);
  write_replaced(units_path(run_directory, entry.version), as_text(encode(entry)), Durable::yes);
}

Bytes read_source_copy(const fs::path& run_directory, const SourceEntry& entry) {
  const fs::path path = copy_path(run_directory, entry.version);
  const auto refuse = [&](std::string_view why) {
    throw Error(ExitCode::run_directory, fmt::format("{} {}. Give the task file itself: kiln run FILE --out {}",
                                                     path.string(), why, run_directory.string()));
  };
  try {
    Bytes bytes = read_file(path, kMostBytes);
    if (checksum(bytes) != entry.fingerprint) refuse("is damaged: its checksum is not that of the journal");
    return bytes;
  } catch (const StorageError& error) {
    refuse(error.error_number() == ENOENT ? "is missing" : "cannot be read");
  }
  throw Error(ExitCode::internal, "unreachable");
}

std::optional<std::string> newest_source_beginning(const fs::path& run_directory) {
  constexpr std::size_t kMostOfIt = std::size_t{256} * 1024;
  std::uint64_t newest = 0;
  std::error_code failed;
  for (fs::directory_iterator at(from_start(run_directory / "source"), failed), end; !failed && at != end;
       at.increment(failed)) {
    newest = std::max(newest, parse_count(at->path().filename().string()).value_or(0));
  }
  std::ifstream file(from_start(run_directory / "source" / std::to_string(newest)), std::ios::binary);
  if (newest == 0 || !file) return std::nullopt;
  std::string beginning(kMostOfIt, '\0');
  file.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  beginning.resize(static_cast<std::size_t>(file.gcount()));
  return beginning;
}

std::optional<SourceEntry> rebuild_source_entry(const fs::path& run_directory, std::uint32_t version) {
  try {
    const Bytes bytes = read_file(units_path(run_directory, version), kMostBytes);
    if (bytes.size() < kMagic.size() + sizeof(std::uint64_t)) return std::nullopt;
    const ByteView content = ByteView(bytes).first(bytes.size() - sizeof(std::uint64_t));
    std::uint64_t sum = 0;
    std::memcpy(&sum, bytes.data() + content.size(), sizeof sum);
    if (sum != checksum(content) || !as_text(content).starts_with(kMagic)) return std::nullopt;
    SourceEntry entry = decode(ByteReader(content, "source entry"));
    return entry.version == version ? std::optional(std::move(entry)) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace kiln::store
