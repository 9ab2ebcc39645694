#include "store/h5.hpp"
#include "store/h5_check.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::store::h5 {
namespace {

constexpr std::size_t kCompactBytes = 8192;  // below it a dataset lies inside its own header

hid_t native(Type type) {
  switch (type) {
    case Type::u8:
      return H5T_NATIVE_UINT8;
    case Type::i8:
      return H5T_NATIVE_INT8;
    case Type::u16:
      return H5T_NATIVE_UINT16;
    case Type::i16:
      return H5T_NATIVE_INT16;
    case Type::u32:
      return H5T_NATIVE_UINT32;
    case Type::i32:
      return H5T_NATIVE_INT32;
    case Type::u64:
      return H5T_NATIVE_UINT64;
    case Type::i64:
      return H5T_NATIVE_INT64;
    case Type::f32:
      return H5T_NATIVE_FLOAT;
    case Type::f64:
      return H5T_NATIVE_DOUBLE;
    case Type::text:
    case Type::other:
      break;
  }
  throw Error(ExitCode::internal, "HDF5: not a type of numbers");
}

Type number_type(hid_t type) {
  for (const Type known :
       {Type::u8, Type::i8, Type::u16, Type::i16, Type::u32, Type::i32, Type::u64, Type::i64, Type::f32, Type::f64}) {
    if (H5Tequal(type, native(known)) > 0) return known;
  }
  return Type::other;
}

Handle dataset_space(const Handle& dataset) {
  return Handle(check(H5Dget_space(dataset.id()), "ask for a dataset's shape"));
}

std::vector<std::uint64_t> shape_of(const Handle& space) {
  const int rank = check(H5Sget_simple_extent_ndims(space.id()), "ask for a dataset's shape");
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space.id(), dims.data(), nullptr), "ask for a dataset's shape");
  return {dims.begin(), dims.end()};
}

struct Slab {
  Handle on_disk, in_memory;
  std::uint64_t values = 0;
};

Slab select(const Handle& dataset, std::uint64_t first, std::uint64_t count) {
  Slab slab{dataset_space(dataset), {}, count};
  const auto dims = shape_of(slab.on_disk);
  if (dims.empty() || dims.size() > 2 || first > dims[0] || count > dims[0] - first) {
    throw Error(ExitCode::internal, fmt::format("HDF5: rows {} to {} are not in the dataset", first, first + count));
  }
  const hsize_t start[2] = {first, 0};
  const hsize_t counts[2] = {count, dims.size() == 2 ? dims[1] : 0};
  check(H5Sselect_hyperslab(slab.on_disk.id(), H5S_SELECT_SET, start, nullptr, counts, nullptr), "select rows");
  const int rank = static_cast<int>(dims.size());
  slab.in_memory = Handle(check(H5Screate_simple(rank, counts, nullptr), "make a shape"));
  if (rank == 2) slab.values *= dims[1];
  return slab;
}

void expect_bytes(const Slab& slab, Type type, std::size_t bytes) {
  if (bytes != slab.values * width(type)) {
    throw Error(ExitCode::internal,
                fmt::format("HDF5: {} values of {} bytes are not {} bytes", slab.values, width(type), bytes));
  }
}

Handle fixed_text_type(std::size_t size) {
  Handle type(check(H5Tcopy(H5T_C_S1), "make a text type"));
  check(H5Tset_size(type.id(), std::max<std::size_t>(size, 1)), "make a text type");
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8), "make a text type");
  check(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), "make a text type");
  return type;
}

Handle dataset_properties(Type type, std::uint64_t rows, const DatasetOptions& options, std::uint64_t columns) {
  Handle creation(check(H5Pcreate(H5P_DATASET_CREATE), "make a property list"));
  check(H5Pset_obj_track_times(creation.id(), 0), "switch times off");
  const int rank = columns > 0 ? 2 : 1;
  if (options.chunk_rows > 0 && (rows > 0 || options.grows)) {
    const hsize_t chunk[2] = {options.grows ? options.chunk_rows : std::min(options.chunk_rows, rows), columns};
    check(H5Pset_chunk(creation.id(), rank, chunk), "set chunks");
    if (options.deflate > 0) {
      if (width(type) > 1) check(H5Pset_shuffle(creation.id()), "set shuffle");
      check(H5Pset_deflate(creation.id(), static_cast<unsigned>(options.deflate)), "set deflate");
    }
  } else if (const std::uint64_t values = columns > 0 ? rows * columns : rows;
             values > 0 && type != Type::text && values < kCompactBytes / width(type)) {
    check(H5Pset_layout(creation.id(), H5D_COMPACT), "set the layout");
  }
  return creation;
}

}  // namespace

std::size_t width(Type type) {
  switch (type) {
    case Type::u8:
    case Type::i8:
      return 1;
    case Type::u16:
    case Type::i16:
      return 2;
    case Type::u32:
    case Type::i32:
    case Type::f32:
      return 4;
    case Type::u64:
    case Type::i64:
    case Type::f64:
      return 8;
    case Type::text:
    case Type::other:
      break;
  }
  return 0;
}

Handle make_type(Type type) {
  if (type != Type::text) return Handle(check(H5Tcopy(native(type)), "make a type"));
  Handle text(check(H5Tcopy(H5T_C_S1), "make a text type"));
  check(H5Tset_size(text.id(), H5T_VARIABLE), "make a text type");
  check(H5Tset_cset(text.id(), H5T_CSET_UTF8), "make a text type");
  return text;
}

Handle create_dataset(const Handle& parent, const std::string& path, Type type, std::uint64_t rows,
                      DatasetOptions options, std::uint64_t columns) {
  const Lock lock;
  const hsize_t dims[2] = {rows, columns};
  const hsize_t most[2] = {H5S_UNLIMITED, columns};
  const Handle space(
      check(H5Screate_simple(columns > 0 ? 2 : 1, dims, options.grows ? most : nullptr), "make a shape"));
  const Handle creation = dataset_properties(type, rows, options, columns);
  const Handle links(check(H5Pcreate(H5P_LINK_CREATE), "make a property list"));
  check(H5Pset_create_intermediate_group(links.id(), 1), "make groups on the way");
  check(H5Pset_char_encoding(links.id(), H5T_CSET_UTF8), "set UTF-8");
  const Handle stored = make_type(type);
  return Handle(
      check(H5Dcreate2(parent.id(), path.c_str(), stored.id(), space.id(), links.id(), creation.id(), H5P_DEFAULT),
            "create dataset", path));
}

Handle open_dataset(const Handle& parent, const std::string& path) {
  const Lock lock;
  return Handle(check(H5Dopen2(parent.id(), path.c_str(), H5P_DEFAULT), "open dataset", path));
}

void resize(const Handle& dataset, std::uint64_t rows) {
  const Lock lock;
  std::vector<std::uint64_t> dims = shape_of(dataset_space(dataset));
  if (dims.empty()) throw Error(ExitCode::internal, "HDF5: a dataset without dimensions does not grow");
  dims[0] = rows;
  const std::vector<hsize_t> wanted(dims.begin(), dims.end());
  check(H5Dset_extent(dataset.id(), wanted.data()), "resize dataset");
}

std::vector<std::uint64_t> shape(const Handle& dataset) {
  const Lock lock;
  return shape_of(dataset_space(dataset));
}

Type dataset_type(const Handle& dataset) {
  const Lock lock;
  const Handle type(check(H5Dget_type(dataset.id()), "ask for a type"));
  if (check(H5Tget_class(type.id()), "ask for a type") == H5T_STRING) return Type::text;
  return number_type(type.id());
}

void write_raw(const Handle& dataset, Type type, std::uint64_t first, std::uint64_t count, ByteView values) {
  const Lock lock;
  const Slab slab = select(dataset, first, count);
  expect_bytes(slab, type, values.size());
  if (count == 0) return;
  check(H5Dwrite(dataset.id(), native(type), slab.in_memory.id(), slab.on_disk.id(), H5P_DEFAULT, values.data()),
        "write rows");
}

void read_raw(const Handle& dataset, Type type, std::uint64_t first, std::uint64_t count, std::span<std::byte> values) {
  const Lock lock;
  const Slab slab = select(dataset, first, count);
  expect_bytes(slab, type, values.size());
  if (count == 0) return;
  check(H5Dread(dataset.id(), native(type), slab.in_memory.id(), slab.on_disk.id(), H5P_DEFAULT, values.data()),
        "read rows");
}

void write_texts(const Handle& dataset, std::uint64_t first, std::span<const std::string> texts) {
  const Lock lock;
  const Slab slab = select(dataset, first, texts.size());
  if (texts.empty()) return;
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  const Handle type = make_type(Type::text);
  check(H5Dwrite(dataset.id(), type.id(), slab.in_memory.id(), slab.on_disk.id(), H5P_DEFAULT, pointers.data()),
        "write texts");
}

std::vector<std::string> read_texts(const Handle& dataset, std::uint64_t first, std::uint64_t count) {
  const Lock lock;
  const Slab slab = select(dataset, first, count);
  std::vector<std::string> texts;
  if (count == 0) return texts;
  std::vector<char*> pointers(count, nullptr);
  const Handle type = make_type(Type::text);
  check(H5Dread(dataset.id(), type.id(), slab.in_memory.id(), slab.on_disk.id(), H5P_DEFAULT, pointers.data()),
        "read texts");
  texts.reserve(count);
  for (const char* text : pointers) texts.emplace_back(text == nullptr ? "" : text);
  check(H5Dvlen_reclaim(type.id(), slab.in_memory.id(), H5P_DEFAULT, pointers.data()), "free texts");
  return texts;
}

std::uint64_t checked_size(const Handle& dataset, std::size_t value_width, std::uint64_t limit) {
  std::uint64_t values = 1;
  for (const std::uint64_t dim : shape(dataset)) {
    if (dim != 0 && values > limit / value_width / dim) {
      throw Error(ExitCode::internal, fmt::format("HDF5: a dataset claims more than {} bytes", limit));
    }
    values *= dim;
  }
  return values;
}

void write_text_values(const Handle& parent, const std::string& path, std::span<const std::string> texts) {
  const Handle dataset = create_dataset(parent, path, Type::text, texts.size());
  write_texts(dataset, 0, texts);
}

void write_attribute_raw(const Handle& object, const std::string& name, Type type, ByteView value) {
  const Lock lock;
  const Handle space(check(H5Screate(H5S_SCALAR), "make a shape"));
  if (value.size() != width(type)) throw Error(ExitCode::internal, "HDF5: an attribute holds one value");
  const Handle attribute(
      check(H5Acreate2(object.id(), name.c_str(), native(type), space.id(), H5P_DEFAULT, H5P_DEFAULT),
            "create attribute", name));
  check(H5Awrite(attribute.id(), native(type), value.data()), "write attribute", name);
}

void read_attribute_raw(const Handle& object, const std::string& name, Type type, std::span<std::byte> value) {
  const Lock lock;
  const Handle attribute(check(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT), "open attribute", name));
  const Handle space(check(H5Aget_space(attribute.id()), "ask for a shape"));
  if (value.size() != width(type) || H5Sget_simple_extent_npoints(space.id()) != 1) {
    throw Error(ExitCode::internal, fmt::format("HDF5: attribute '{}' does not hold one value", name));
  }
  check(H5Aread(attribute.id(), native(type), value.data()), "read attribute", name);
}

void write_attribute(const Handle& object, const std::string& name, std::string_view text) {
  const Lock lock;
  const Handle type = fixed_text_type(text.size());
  const Handle space(check(H5Screate(H5S_SCALAR), "make a shape"));
  const Handle attribute(check(H5Acreate2(object.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
                               "create attribute", name));
  std::string padded(text);
  if (padded.empty()) padded.push_back('\0');
  check(H5Awrite(attribute.id(), type.id(), padded.data()), "write attribute", name);
}

void write_readable_attribute(const Handle& object, const std::string& name, const std::string& text) {
  const Lock lock;
  const Handle type = make_type(Type::text);
  const Handle space(check(H5Screate(H5S_SCALAR), "make a shape"));
  const Handle attribute(check(H5Acreate2(object.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
                               "create attribute", name));
  const char* pointer = text.c_str();
  check(H5Awrite(attribute.id(), type.id(), &pointer), "write attribute", name);
}

std::string read_text_attribute(const Handle& object, const std::string& name) {
  const Lock lock;
  const Handle attribute(check(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT), "open attribute", name));
  const Handle type(check(H5Aget_type(attribute.id()), "ask for a type"));
  const Handle space(check(H5Aget_space(attribute.id()), "ask for a shape"));
  if (H5Tget_class(type.id()) != H5T_STRING || H5Sget_simple_extent_npoints(space.id()) != 1) {
    throw Error(ExitCode::internal, fmt::format("HDF5: attribute '{}' is not a text", name));
  }
  if (H5Tis_variable_str(type.id()) > 0) {
    const Handle memory = make_type(Type::text);
    char* pointer = nullptr;
    check(H5Aread(attribute.id(), memory.id(), &pointer), "read attribute", name);
    std::string text(pointer == nullptr ? "" : pointer);
    check(H5Dvlen_reclaim(memory.id(), space.id(), H5P_DEFAULT, &pointer), "free a text");
    return text;
  }
  std::string text(H5Tget_size(type.id()), '\0');
  check(H5Aread(attribute.id(), type.id(), text.data()), "read attribute", name);
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

bool has_attribute(const Handle& object, const std::string& name) {
  const Lock lock;
  return check(H5Aexists(object.id(), name.c_str()), "look for attribute", name) > 0;
}

}  // namespace kiln::store::h5
