#include "store/h5.hpp"
#include "store/h5_check.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

namespace kiln::store::h5 {
namespace {

// Where a chunk begins: all columns of it.
struct Place {
  hsize_t at[2] = {0, 0};
};

H5Z_filter_t filter(const Handle& creation, unsigned index) {
  unsigned flags = 0, config = 0;
  std::size_t none = 0;
  return check(H5Pget_filter2(creation.id(), index, &flags, &none, nullptr, 0, nullptr, &config), "ask for a filter");
}

}  // namespace

std::uint64_t packed_chunk_rows(const Handle& dataset, Type type) {
  const Lock lock;
  const Handle creation(check(H5Dget_create_plist(dataset.id()), "ask for a dataset's form"));
  if (check(H5Pget_layout(creation.id()), "ask for a layout") != H5D_CHUNKED || dataset_type(dataset) != type) return 0;
  hsize_t rows[2] = {0, 0};
  const auto dims = shape(dataset);
  const int rank = check(H5Pget_chunk(creation.id(), 2, rows), "ask for a chunk's shape");
  if (static_cast<std::size_t>(rank) != dims.size() || (rank == 2 && rows[1] != dims[1])) return 0;
  const unsigned shuffles = width(type) > 1 ? 1 : 0;
  if (check(H5Pget_nfilters(creation.id()), "ask for filters") != static_cast<int>(shuffles + 1)) return 0;
  if (shuffles == 1 && filter(creation, 0) != H5Z_FILTER_SHUFFLE) return 0;
  return filter(creation, shuffles) == H5Z_FILTER_DEFLATE ? rows[0] : 0;
}

void write_chunk(const Handle& dataset, std::uint64_t row, ByteView packed) {
  const Lock lock;
  const Place place{{row, 0}};
  check(H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, 0, place.at, packed.size(), packed.data()), "write a chunk");
}

Bytes read_chunk(const Handle& dataset, std::uint64_t row, std::size_t most) {
  const Lock lock;
  const Place place{{row, 0}};
  hsize_t size = 0;
  check(H5Dget_chunk_storage_size(dataset.id(), place.at, &size), "ask for a chunk's size");
  if (size == 0 || size > most) {
    throw Error(ExitCode::internal, fmt::format("HDF5: the chunk of row {} claims {} bytes", row, size));
  }
  Bytes packed(size);
  std::uint32_t left_out = 0;
  check(H5Dread_chunk(dataset.id(), H5P_DEFAULT, place.at, &left_out, packed.data()), "read a chunk");
  if (left_out != 0) {
    throw Error(ExitCode::internal, fmt::format("HDF5: the chunk of row {} was stored without its filters", row));
  }
  return packed;
}

}  // namespace kiln::store::h5
