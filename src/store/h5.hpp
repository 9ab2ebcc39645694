#pragma once

#include <kiln/detail/bytes.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// A thin, checked face of HDF5's C API. Each function takes the process-wide lock for its own time; every return code
/// is checked and a failure throws kiln::Error (internal, or run_directory where a file cannot be opened) whose text
/// holds HDF5's own reasons. Only bytes whose checksum was verified may be opened: HDF5 1.10 can crash on others.
/// hdf5.h itself is seen by the .cpp files of this layer only.
namespace kiln::store::h5 {

using Id = std::int64_t;  ///< HDF5's hid_t

/// Holds the one lock of the process through which all HDF5 calls go, for several calls in a row. May be nested.
/// Nobody may hold it while moving more than kPiece bytes: a commit must not wait behind a long read.
class Lock {
 public:
  Lock();
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
};

/// The most that one call should move: callers cut longer transfers into pieces of this size. Bytes.
inline constexpr std::size_t kPiece = std::size_t{8} << 20;

/// Owns one HDF5 object. Closing never throws; call close() where an error of closing matters.
class Handle {
 public:
  Handle() = default;
  explicit Handle(Id id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();

  Id id() const { return id_; }
  bool valid() const { return id_ >= 0; }
  /// Closes now; throws where HDF5 reports an error (a full disk shows here for files on disk).
  void close();

 private:
  Id id_ = -1;
};

/// Type of the values of a dataset or attribute.
enum class Type : std::uint8_t { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64, text, other };
std::size_t width(Type type);  ///< bytes; 0 for text and other

template <class T>
constexpr Type type_of() {
  if constexpr (std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::byte>) {
    return Type::u8;
  } else if constexpr (std::is_same_v<T, std::int8_t>) {
    return Type::i8;
  } else if constexpr (std::is_same_v<T, std::uint16_t>) {
    return Type::u16;
  } else if constexpr (std::is_same_v<T, std::int16_t>) {
    return Type::i16;
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    return Type::u32;
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    return Type::i32;
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return Type::u64;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return Type::i64;
  } else if constexpr (std::is_same_v<T, float>) {
    return Type::f32;
  } else {
    static_assert(std::is_same_v<T, double>, "no HDF5 type for this");
    return Type::f64;
  }
}

// ---- Files

/// A new file in memory, never on disk.
class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  const Handle& root() const { return file_; }
  /// Closes the file (no handle of an object in it may be open) and returns its bytes as they would be on disk, with
  /// `space` zero bytes in front. Called at most once.
  Bytes finish(std::size_t space = 0);

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;  // outlives file_
  Handle file_;
};
/// Opens verified bytes for reading. They are copied.
Handle open_image(ByteView bytes);
/// Opens a verified file for reading, without HDF5's file locking. A user block in front is skipped.
Handle open_file(const std::filesystem::path& path);
/// A new file on disk (an older one is replaced), in the format of HDF5 1.8, which every reader knows.
Handle create_file(const std::filesystem::path& path);
/// Everything written goes to the system (not yet to the disk: fsync is the caller's).
void flush(const Handle& file);

// ---- Groups. Paths may hold '/'; missing groups on the way are made.

Handle create_group(const Handle& parent, const std::string& path);
Handle open_group(const Handle& parent, const std::string& path);
bool exists(const Handle& parent, const std::string& path);
/// Names of the members of a group, ascending.
std::vector<std::string> members(const Handle& group);

// ---- Datasets

struct DatasetOptions {
  std::uint64_t chunk_rows = 0;  ///< 0: in one piece; compact (inside the header) where small
  int deflate = 0;               ///< level 1..9 with shuffle, 0 for none; needs chunk_rows
  bool grows = false;            ///< see resize(); needs chunk_rows
};

/// A dataset of `rows` values, or of `rows` x `columns` values where columns > 0. Type::text makes variable-length
/// UTF-8 strings.
Handle create_dataset(const Handle& parent, const std::string& path, Type type, std::uint64_t rows,
                      DatasetOptions options = {}, std::uint64_t columns = 0);
Handle open_dataset(const Handle& parent, const std::string& path);
/// Gives a dataset that grows another number of rows.
void resize(const Handle& dataset, std::uint64_t rows);
std::vector<std::uint64_t> shape(const Handle& dataset);
Type dataset_type(const Handle& dataset);

/// Rows [first, first + count) of a 1-D dataset (or 2-D, all columns: bytes hold count * columns values), as packed
/// values of `type`, which must have the kind of the dataset's type.
void write_raw(const Handle& dataset, Type type, std::uint64_t first, std::uint64_t count, ByteView values);
void read_raw(const Handle& dataset, Type type, std::uint64_t first, std::uint64_t count, std::span<std::byte> values);
/// Rows [first, first + texts.size()) of a dataset of texts. A text must not hold a NUL (kiln::to_utf8 sees to it).
void write_texts(const Handle& dataset, std::uint64_t first, std::span<const std::string> texts);
std::vector<std::string> read_texts(const Handle& dataset, std::uint64_t first, std::uint64_t count);

/// Chunks past HDF5's filters, which ChunkCodec stands in for. Rows of the dataset's chunks where they hold values of
/// `type`, shuffled (if these are longer than a byte) and deflated and nothing else; 0 where it is not so.
std::uint64_t packed_chunk_rows(const Handle& dataset, Type type);
/// The chunk that begins at `row`, as its filters would leave it.
void write_chunk(const Handle& dataset, std::uint64_t row, ByteView packed);
/// The same read back. Throws where it is longer than `most` bytes or was stored without its filters.
Bytes read_chunk(const Handle& dataset, std::uint64_t row, std::size_t most);

/// Creates and writes a whole 1-D dataset.
template <class T>
void write_values(const Handle& parent, const std::string& path, std::span<const T> values,
                  DatasetOptions options = {}) {
  const Handle dataset = create_dataset(parent, path, type_of<T>(), values.size(), options);
  if (!values.empty()) write_raw(dataset, type_of<T>(), 0, values.size(), std::as_bytes(values));
}
template <class T>
void write_values(const Handle& parent, const std::string& path, const std::vector<T>& values,
                  DatasetOptions options = {}) {
  write_values(parent, path, std::span<const T>(values), options);
}
/// Creates and writes a whole 2-D dataset; values.size() is a multiple of columns.
template <class T>
void write_table(const Handle& parent, const std::string& path, std::span<const T> values, std::uint64_t columns,
                 DatasetOptions options = {}) {
  const std::uint64_t rows = values.size() / columns;
  const Handle dataset = create_dataset(parent, path, type_of<T>(), rows, options, columns);
  if (rows != 0) write_raw(dataset, type_of<T>(), 0, rows, std::as_bytes(values));
}

/// Number of values in a dataset (product of its shape). Throws where it cannot fit into `limit` bytes.
std::uint64_t checked_size(const Handle& dataset, std::size_t width, std::uint64_t limit);

/// A whole dataset of any rank, flat. Throws where it would need more than `limit` bytes (say, the file's length):
/// a size read from a file is not believed.
template <class T>
std::vector<T> read_values(const Handle& parent, const std::string& path, std::uint64_t limit) {
  const Handle dataset = open_dataset(parent, path);
  std::vector<T> values(checked_size(dataset, sizeof(T), limit));
  const auto dims = shape(dataset);
  if (!values.empty()) read_raw(dataset, type_of<T>(), 0, dims[0], std::as_writable_bytes(std::span(values)));
  return values;
}
/// Creates and writes a whole dataset of texts.
void write_text_values(const Handle& parent, const std::string& path, std::span<const std::string> texts);

// ---- Attributes, of a file's root, a group or a dataset

void write_attribute_raw(const Handle& object, const std::string& name, Type type, ByteView value);
void read_attribute_raw(const Handle& object, const std::string& name, Type type, std::span<std::byte> value);
template <class T>
  requires std::is_arithmetic_v<T>
void write_attribute(const Handle& object, const std::string& name, T value) {
  write_attribute_raw(object, name, type_of<T>(), std::as_bytes(std::span(&value, 1)));
}
template <class T>
  requires std::is_arithmetic_v<T>
T read_attribute(const Handle& object, const std::string& name) {
  T value{};
  read_attribute_raw(object, name, type_of<T>(), std::as_writable_bytes(std::span(&value, 1)));
  return value;
}
/// UTF-8 text, stored with its own fixed length: small, but h5py shows it as bytes. NULs are not kept apart from the
/// end: escape them before.
void write_attribute(const Handle& object, const std::string& name, std::string_view text);
/// UTF-8 text without NUL, stored with variable length: h5py shows it as str; costs 4 KiB the first time in a file.
void write_readable_attribute(const Handle& object, const std::string& name, const std::string& text);
/// A text attribute of either kind.
std::string read_text_attribute(const Handle& object, const std::string& name);
bool has_attribute(const Handle& object, const std::string& name);

}  // namespace kiln::store::h5
