#include "store/dataset_reader.hpp"

#include "base/start_directory.hpp"
#include "base/text.hpp"
#include "store/h5_check.hpp"
#include "store/h5_type.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kiln::store {
namespace {

constexpr std::size_t kSmallestCache = std::size_t{1} << 20;  // HDF5's own default
constexpr std::size_t kLargestCache = std::size_t{64} << 20;
constexpr std::size_t kCacheSlots = 12'421;  // a prime, about 100 for each chunk that fits

[[noreturn]] void refuse(const std::string& text) { throw Error(ExitCode::bad_input, text); }

std::string numbers(H5T_class_t kind, std::size_t size, bool is_signed) {
  if (kind == H5T_FLOAT) return fmt::format("{}-bit floats", 8 * size);
  return fmt::format("{} {}-bit integers", is_signed ? "signed" : "unsigned", 8 * size);
}

// What a dataset holds, in words.
std::string describe(hid_t type) {
  const H5T_class_t kind = h5::check(H5Tget_class(type), "ask for a type");
  switch (kind) {
    case H5T_INTEGER:
    case H5T_FLOAT:
      return numbers(kind, H5Tget_size(type), kind == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2);
    case H5T_STRING:
      return "texts";
    case H5T_COMPOUND:
      return "records of several fields";
    case H5T_ENUM:
      return "an enumeration (h5py writes bool so)";
    case H5T_VLEN:
      return "lists";
    case H5T_ARRAY:
      return "arrays";
    default:
      return "something else than numbers";
  }
}

// Whether values of `type` are those of `wanted` but for the order of their bytes.
bool same_numbers(hid_t type, hid_t wanted) {
  const H5T_class_t kind = H5Tget_class(type);
  return kind == H5Tget_class(wanted) && H5Tget_size(type) == H5Tget_size(wanted) &&
         H5Tget_precision(type) == H5Tget_precision(wanted) &&
         (kind != H5T_INTEGER || H5Tget_sign(type) == H5Tget_sign(wanted));
}

std::string dimensions_text(const std::vector<std::uint64_t>& dimensions) {
  std::string text;
  for (const std::uint64_t dimension : dimensions) text += fmt::format("{}{}", text.empty() ? "" : " x ", dimension);
  return dimensions.empty() ? "a single value" : text;
}

// The members of a file's root, for somebody who mistyped a name.
std::string held_by(const h5::Handle& file) {
  constexpr std::size_t kShown = 8;
  const std::vector<std::string> names = h5::members(file);
  std::string text = names.empty() ? "nothing" : "";
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", for_message(names[i], 60));
  }
  return names.size() > kShown ? text + ", …" : text;
}

h5::Handle open_data_file(const std::filesystem::path& path, const std::string& shown) {
  struct stat status {};
  if (stat(from_start(path).c_str(), &status) != 0) {
    refuse(fmt::format("cannot read {}: {}; check the path", shown, std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) refuse(fmt::format("{} is a directory, not an HDF5 file", shown));
  try {
    return h5::open_file(path);
  } catch (const Error& error) {
    refuse(
        fmt::format("{} cannot be read as an HDF5 file: {}; check its permissions and that it was written to its end",
                    shown, error.what()));
  }
}

}  // namespace

DatasetReader::DatasetReader(const std::filesystem::path& file, const std::string& dataset, ColumnType element,
                             std::uint32_t rank)
    : shown_(for_message(file.native(), 400)), type_(h5_type_of(element)), width_(h5::width(type_)) {
  if (width_ == 0) refuse(fmt::format("{}: only datasets of numbers can be read, not of texts", shown_));
  const h5::Lock lock;
  file_ = open_data_file(file, shown_);
  open(dataset);
  const h5::Handle found(h5::check(H5Dget_type(dataset_.id()), "ask for a type", dataset));
  const h5::Handle wanted = h5::make_type(type_);
  if (!same_numbers(found.id(), wanted.id())) {
    refuse(fmt::format("{} holds {}; the program reads {}. Change the type in the program, or write the dataset anew",
                       shown_, describe(found.id()), describe(wanted.id())));
  }
  dimensions_ = h5::shape(dataset_);
  if (dimensions_.empty() || (rank != 0 && dimensions_.size() != rank)) {
    const std::string expected = rank == 0 ? "one or more" : fmt::format("{}", rank);
    refuse(fmt::format("{} has {} dimensions ({}); the program reads {}", shown_, dimensions_.size(),
                       dimensions_text(dimensions_), expected));
  }
  ask_for_chunks();
  if (chunk_.empty()) return;
  // All chunks of a band of rows stay unpacked, so that two units which share them unpack them once.
  std::size_t band = width_ * chunk_.front();
  for (std::size_t i = 1; i < chunk_.size() && band < kLargestCache; ++i) {
    band *= std::max<std::uint64_t>(1, (dimensions_[i] + chunk_[i] - 1) / chunk_[i]) * chunk_[i];
  }
  const h5::Handle access(h5::check(H5Pcreate(H5P_DATASET_ACCESS), "make a property list"));
  h5::check(H5Pset_chunk_cache(access.id(), kCacheSlots, std::clamp(band, kSmallestCache, kLargestCache), 1.0),
            "set the cache");
  dataset_.close();
  dataset_ = h5::Handle(h5::check(H5Dopen2(file_.id(), dataset.c_str(), access.id()), "open dataset", dataset));
}

void DatasetReader::open(const std::string& dataset) {
  bool there = false;
  try {
    there = h5::exists(file_, dataset);
    if (there) dataset_ = h5::open_dataset(file_, dataset);
  } catch (const Error& error) {
    refuse(fmt::format("'{}' in {} cannot be read as a dataset: {}", for_message(dataset), shown_, error.what()));
  }
  if (!there) refuse(fmt::format("{} has no dataset '{}'; it holds {}", shown_, for_message(dataset), held_by(file_)));
  shown_ = fmt::format("dataset '{}' of {}", for_message(dataset), shown_);
}

void DatasetReader::ask_for_chunks() {
  const h5::Handle creation(h5::check(H5Dget_create_plist(dataset_.id()), "ask how a dataset is stored"));
  if (H5Pget_layout(creation.id()) != H5D_CHUNKED) return;
  std::vector<hsize_t> shape(dimensions_.size());
  h5::check(H5Pget_chunk(creation.id(), static_cast<int>(shape.size()), shape.data()), "ask for chunks");
  chunk_.assign(shape.begin(), shape.end());
  packed_ = h5::check(H5Pget_nfilters(creation.id()), "ask for filters") > 0;
}

void DatasetReader::read(std::uint64_t first, std::uint64_t rows, std::span<std::byte> values) const {
  Box start(dimensions_.size(), 0), count = dimensions_;
  start[0] = first;
  count[0] = rows;
  std::uint64_t bytes = width_;
  for (const std::uint64_t n : count) bytes *= n;
  if (first > dimensions_[0] || rows > dimensions_[0] - first || bytes != values.size()) {
    throw Error(ExitCode::internal,
                fmt::format("{}: rows {} to {} are not {} bytes of it", shown_, first, first + rows, values.size()));
  }
  if (bytes == 0) return;
  try {
    read_box(std::move(start), std::move(count), values);
  } catch (const Error& error) {
    throw Error(ExitCode::internal,
                fmt::format("cannot read rows {} to {} of {}: {}", first, first + rows, shown_, error.what()));
  }
}

// Cuts along the first axis on which there is something to cut: in C order the parts lie one behind the other.
void DatasetReader::read_box(Box start, Box count, std::span<std::byte> values) const {
  const auto axis = static_cast<std::size_t>(
      std::find_if(count.begin(), count.end(), [](std::uint64_t n) { return n > 1; }) - count.begin());
  if (values.size() <= h5::kPiece || axis == count.size()) return read_piece(start, count, values);
  const std::uint64_t end = start[axis] + count[axis];
  const std::size_t each = values.size() / count[axis];
  const std::uint64_t chunk = chunk_.empty() ? 1 : chunk_[axis];
  const std::uint64_t most = std::max<std::uint64_t>(1, h5::kPiece / each);
  while (start[axis] < end) {
    std::uint64_t border = std::min(end, start[axis] + most);
    // A chunk that two pieces share would be unpacked twice where it is larger than the cache.
    if (const std::uint64_t whole = border - border % chunk; border < end && whole > start[axis]) border = whole;
    count[axis] = border - start[axis];
    read_box(start, count, values.first(count[axis] * each));
    values = values.subspan(count[axis] * each);
    start[axis] = border;
  }
}

void DatasetReader::read_piece(const Box& start, const Box& count, std::span<std::byte> values) const {
  const h5::Lock lock;
  const std::vector<hsize_t> from(start.begin(), start.end()), size(count.begin(), count.end());
  const h5::Handle on_disk(h5::check(H5Dget_space(dataset_.id()), "ask for a dataset's shape"));
  h5::check(H5Sselect_hyperslab(on_disk.id(), H5S_SELECT_SET, from.data(), nullptr, size.data(), nullptr),
            "select rows");
  const h5::Handle in_memory(
      h5::check(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), "make a shape"));
  const h5::Handle type = h5::make_type(type_);
  h5::check(H5Dread(dataset_.id(), type.id(), in_memory.id(), on_disk.id(), H5P_DEFAULT, values.data()), "read rows");
}

}  // namespace kiln::store
