#pragma once

#include <kiln/detail/bytes.hpp>
#include "schedule/interval_set.hpp"

#include <kiln/ids.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The file between the coordinator, which knows what units wrote, and whoever prints it (--print): what is not printed
/// yet waits on disk, not in memory, and a slow reader of the output holds nobody up. It lives as long as the launch;
/// writer and reader are one version of kiln.
namespace kiln::observe {

struct PrintFileHeader;

/// The name of the next file of a chain: `place` 0 is `path` itself. A coordinator that takes over writes a file of its
/// own, as the one before may have left a record half written.
std::filesystem::path print_file_at(const std::filesystem::path& path, std::uint64_t place);

/// One unit's outputs.
struct PrintedUnit {
  UnitId unit;
  std::string_view out, err;
  bool out_cut = false, err_cut = false;  ///< there was more than --output-limit
};

/// Appends to the file. One thread. Throws kiln::Error (stopped_early) where it cannot be written.
class PrintFileWriter {
 public:
  /// Makes the file. `units`: those that this launch has to do.
  PrintFileWriter(const std::filesystem::path& path, const schedule::IntervalSet& units);
  ~PrintFileWriter();
  PrintFileWriter(const PrintFileWriter&) = delete;
  PrintFileWriter& operator=(const PrintFileWriter&) = delete;

  void add(const PrintedUnit& unit);
  /// No more units come. Closes the file, so that it can be read on other nodes.
  void end();

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// Reads the file while it grows, and then the next ones of the chain; one that has a next one does not grow any more.
/// One thread.
class PrintFileReader {
 public:
  PrintFileReader() = default;
  ~PrintFileReader();
  PrintFileReader(const PrintFileReader&) = delete;
  PrintFileReader& operator=(const PrintFileReader&) = delete;

  /// False while the file is not there.
  bool open(const std::filesystem::path& path);
  bool is_open() const { return !descriptors_.empty(); }

  enum class Kind : std::uint32_t { begin = 1, unit = 2, end = 3 };
  struct Record {
    Kind kind = Kind::unit;
    UnitId unit;
    std::uint64_t place = 0;  ///< the file's place in the chain above the lower 48 bits
  };
  /// The next whole record, in the order of the file; nothing while there is none.
  std::optional<Record> next();
  /// What `begin` says; nothing where it cannot be read (yet).
  std::optional<schedule::IntervalSet> units(const Record& record);
  /// The unit at this place; nothing where it cannot be read (yet). Valid until the next call.
  std::optional<PrintedUnit> unit_at(std::uint64_t place);
  /// Gives the disk space of all records read so far back, where the file system can. All of them were printed.
  void forget();

 private:
  std::optional<Record> next_here();
  bool open_next();
  int descriptor_of(std::uint64_t place) const;
  std::optional<PrintFileHeader> header_at(std::uint64_t place);
  bool read_fully(std::uint64_t place, char* data, std::size_t size) const;
  bool is_whole(std::uint64_t place, const PrintFileHeader& header) const;
  bool read_body(std::uint64_t place, const PrintFileHeader& header);

  std::filesystem::path path_;
  std::vector<int> descriptors_;  // of the files of the chain; the last one grows
  std::uint64_t at_ = 0;          // of the next record, as a place
  std::uint64_t forgotten_ = 0;   // of the last file: the space before it is given back
  std::string body_;
};

}  // namespace kiln::observe
