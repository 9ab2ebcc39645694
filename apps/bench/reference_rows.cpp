/// The limit that the library's rows are compared with: the same columns written once with bare HDF5, in the form in
/// which results.h5 has them (chunks of 65,536 rows, shuffled, deflated at level 1), and synced.
///
///     kiln_bench_reference_rows FILE ROWS        prints: units U seconds S
#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr hsize_t kChunk = 65'536, kPiece = 16 * kChunk;

hid_t create(hid_t file, const char* name, hid_t type, hsize_t rows) {
  const hid_t space = H5Screate_simple(1, &rows, nullptr);
  const hid_t form = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = std::min(kChunk, rows);
  H5Pset_chunk(form, 1, &chunk);
  H5Pset_shuffle(form);
  H5Pset_deflate(form, 1);
  const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, form, H5P_DEFAULT);
  H5Pclose(form);
  H5Sclose(space);
  return dataset;
}

bool write(hid_t dataset, hid_t type, hsize_t first, hsize_t count, const void* values) {
  const hid_t target = H5Dget_space(dataset), source = H5Screate_simple(1, &count, nullptr);
  H5Sselect_hyperslab(target, H5S_SELECT_SET, &first, nullptr, &count, nullptr);
  const bool good = H5Dwrite(dataset, type, source, target, H5P_DEFAULT, values) >= 0;
  H5Sclose(source);
  H5Sclose(target);
  return good;
}

double value(int column, std::uint64_t unit) {
  const auto x = static_cast<double>(unit);
  return column == 0 ? x : column == 1 ? 0.5 * x : column == 2 ? x * x : -x;
}

bool write_all(hid_t file, hsize_t rows) {
  const char* const names[] = {"a", "b", "c", "d"};
  hid_t columns[4];
  for (int i = 0; i < 4; ++i) columns[i] = create(file, names[i], H5T_NATIVE_DOUBLE, rows);
  const hid_t units = create(file, "unit", H5T_NATIVE_UINT64, rows);
  std::vector<double> values;
  std::vector<std::uint64_t> ids;
  bool good = true;
  for (hsize_t first = 0; first < rows && good; first += kPiece) {
    const hsize_t count = std::min(kPiece, rows - first);
    ids.resize(count);
    for (hsize_t i = 0; i < count; ++i) ids[i] = first + i;
    good = write(units, H5T_NATIVE_UINT64, first, count, ids.data());
    values.resize(count);
    for (int column = 0; column < 4; ++column) {
      for (hsize_t i = 0; i < count; ++i) values[i] = value(column, first + i);
      good = good && write(columns[column], H5T_NATIVE_DOUBLE, first, count, values.data());
    }
  }
  for (const hid_t column : columns) H5Dclose(column);
  H5Dclose(units);
  return good;
}

bool sync(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  const bool good = file >= 0 && fsync(file) == 0;
  if (file >= 0) close(file);
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const hsize_t rows = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (rows == 0) {
    std::fprintf(stderr, "usage: kiln_bench_reference_rows FILE ROWS\n");
    return 2;
  }
  const auto begun = std::chrono::steady_clock::now();
  const hid_t file = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const bool good = file >= 0 && write_all(file, rows) && H5Fclose(file) >= 0 && sync(argv[1]);
  if (!good) {
    std::fprintf(stderr, "%s could not be written\n", argv[1]);
    return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  std::printf("units %llu seconds %.6f\n", static_cast<unsigned long long>(rows), seconds);
  return 0;
}
