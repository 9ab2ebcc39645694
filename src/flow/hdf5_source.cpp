#include "flow/hdf5_source.hpp"

#include "base/quantity.hpp"
#include "base/start_directory.hpp"
#include "base/text.hpp"
#include "store/dataset_reader.hpp"
#include "units/dataset_slices.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace kiln::flow {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ExitCode::bad_input, text); }

std::string name_of(const units::DatasetSlices& slices) {
  return fmt::format("dataset '{}' of {}", for_message(slices.dataset), for_message(slices.path, 400));
}

// Before it is opened: what is written to it while it is looked at shows at the next start.
void ask_system(units::DatasetSlices& slices) {
  struct stat status {};
  if (stat(from_start(slices.path).c_str(), &status) != 0) {
    refuse(fmt::format("cannot read {}: {}; check the path", for_message(slices.path, 400), std::strerror(errno)));
  }
  slices.file_size = static_cast<std::uint64_t>(status.st_size);
  slices.modified = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

void expect_memory(const units::DatasetSlices& slices) {
  const std::uint64_t rows = std::min(slices.unit_rows, slices.rows());
  const std::uint64_t bytes = rows * slices.row_values() * column_width(slices.element);
  const std::uint64_t memory =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  if (bytes <= memory / 2) return;
  refuse(fmt::format(
      "{}: a unit of {} rows takes {}, more than half of this machine's memory ({}); give fewer rows a unit",
      name_of(slices), rows, format_size(bytes), format_size(memory)));
}

// A chunk in several units is read, and unpacked, by several workers; with eight chunks in a unit it does not matter
// much.
std::string advice_on(const units::DatasetSlices& slices, const store::DatasetReader& reader) {
  const std::uint64_t chunk = reader.chunk_rows(), rows = slices.unit_rows;
  if (chunk <= 1 || !reader.packed() || rows % chunk == 0 || rows / 8 >= chunk || rows >= slices.rows()) return "";
  const std::uint64_t better = std::max<std::uint64_t>(1, (rows + chunk / 2) / chunk) * chunk;
  return fmt::format(
      "{} is stored in compressed chunks of {} rows: units of {} rows instead of {} would unpack each once",
      name_of(slices), chunk, better, rows);
}

void expect_same(const units::DatasetSlices& recorded, const units::DatasetSlices& now) {
  if (recorded == now) return;
  const char* change = "was written to or replaced";
  if (recorded.dimensions != now.dimensions) change = "has another shape";
  if (recorded.unit_rows != now.unit_rows) change = "is read with another number of rows a unit";
  refuse(fmt::format(
      "{} {} since this run began; put the old file back, time of change included (cp -p), or begin anew in "
      "another run directory (--out)",
      name_of(now), change));
}

std::string identity_of(const units::DatasetSlices& slices) {
  std::string shape;
  for (const std::uint64_t n : slices.dimensions) shape += fmt::format("{}{}", shape.empty() ? "" : "x", n);
  return fmt::format("hdf5 '{}' '{}', type {}, {}, {} rows a unit, {} bytes, changed {}", slices.path, slices.dataset,
                     static_cast<int>(slices.element), shape, slices.unit_rows, slices.file_size, slices.modified);
}

}  // namespace

ResolvedSource resolve_hdf5(const detail::SourceSpec& source, const ResolveOptions& options) {
  if (source.unit_size == 0) throw Error(ExitCode::usage, "hdf5: units of 0 rows; give 1 or more");
  if (source.files.size() != 1) throw Error(ExitCode::usage, "hdf5: a source is one file");
  units::DatasetSlices slices;
  slices.path = source.files.front();
  slices.dataset = source.dataset;
  for (const std::string& name : {slices.path, slices.dataset}) {
    if (name.empty() || name.find('\0') != std::string::npos) {
      refuse(fmt::format("hdf5: '{}' names no file or dataset", for_message(name)));
    }
  }
  slices.element = source.element;
  slices.unit_rows = source.unit_size;
  ask_system(slices);
  const store::DatasetReader reader(slices.path, slices.dataset, source.element, source.rank);
  slices.dimensions = reader.dimensions();
  if (!units::fits(slices.dimensions, column_width(slices.element))) {
    refuse(fmt::format("{} claims more values than can be counted; the file is damaged", name_of(slices)));
  }
  expect_memory(slices);
  ResolvedSource resolved;
  if (!options.recorded.empty()) {
    ByteReader in(options.recorded, "the recorded source in HDF5");
    expect_same(units::DatasetSlices::decode(in), slices);
    resolved.recorded_identity = identity_of(slices);
    resolved.recorded_units = slices.units();
  }
  ByteWriter out;
  slices.encode(out);
  resolved.advice = advice_on(slices, reader);
  resolved.units = slices.units();
  resolved.descriptor = out.take();
  resolved.identity = identity_of(slices);
  return resolved;
}

}  // namespace kiln::flow
