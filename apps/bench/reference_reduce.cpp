/// The limits that the library's reductions are compared with.
///
///     mpirun -n RANKS kiln_bench_reference_reduce sum UNITS          the pairwise sum of 1 / (unit + 1), a share a
///     rank mpirun -n RANKS kiln_bench_reference_reduce histogram BINS     MPI_Reduce of so many 64-bit counts mpirun
///     -n RANKS kiln_bench_reference_reduce uneven UNITS MICROSECONDS    units that compute, dealt out in turn
///
/// Prints: units U seconds S
#include "uneven_work.hpp"

#include <mpi.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr std::uint64_t kLeaves = 16;

double leaves(std::uint64_t first) {
  double values[kLeaves];
  for (std::uint64_t i = 0; i < kLeaves; ++i) values[i] = 1.0 / (static_cast<double>(first + i) + 1);
  for (std::uint64_t width = kLeaves / 2; width > 0; width /= 2) {
    for (std::uint64_t i = 0; i < width; ++i) values[i] = values[2 * i] + values[2 * i + 1];
  }
  return values[0];
}

/// Of [first, last), a multiple of kLeaves units: a binary counter over blocks.
double pairwise_sum(std::uint64_t first, std::uint64_t last) {
  double stack[64];
  int height = 0;
  std::uint64_t blocks = 0;
  for (std::uint64_t unit = first; unit < last; unit += kLeaves) {
    stack[height++] = leaves(unit);
    for (std::uint64_t count = ++blocks; (count & 1U) == 0; count >>= 1U) {
      --height;
      stack[height - 1] += stack[height];
    }
  }
  double sum = 0;
  while (height > 0) sum = stack[--height] + sum;
  return sum;
}

double time_sum(std::uint64_t units, int rank, int ranks) {
  const auto r = static_cast<std::uint64_t>(rank), n = static_cast<std::uint64_t>(ranks);
  const std::uint64_t blocks = units / kLeaves;
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  const double mine = pairwise_sum(blocks * r / n * kLeaves, blocks * (r + 1) / n * kLeaves);
  double all = 0;
  MPI_Reduce(&mine, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - begin;
  if (rank == 0 && !(all > 0)) std::fprintf(stderr, "no sum\n");  // it must be computed
  return seconds;
}

double time_uneven(std::uint64_t units, double microseconds, int rank, int ranks) {
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  double mine = 0, all = 0;
  for (auto unit = static_cast<std::uint64_t>(rank); unit < units; unit += static_cast<std::uint64_t>(ranks)) {
    mine += kiln::bench::uneven_work(unit, microseconds);
  }
  MPI_Reduce(&mine, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - begin;
  if (rank == 0 && !(all > 0)) std::fprintf(stderr, "no sum\n");  // it must be computed
  return seconds;
}

double time_histogram(std::uint64_t bins) {
  std::vector<std::uint64_t> counts(bins, 1), sum(bins);
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  MPI_Reduce(counts.data(), sum.data(), static_cast<int>(bins), MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  return MPI_Wtime() - begin;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const std::uint64_t size = argc >= 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
  const double microseconds = argc >= 4 ? std::strtod(argv[3], nullptr) : 10;
  if (size == 0) {
    std::fprintf(stderr,
                 "usage: mpirun -n RANKS kiln_bench_reference_reduce sum|histogram|uneven SIZE [MICROSECONDS]\n");
    MPI_Finalize();
    return 2;
  }
  const double seconds = std::strcmp(argv[1], "sum") == 0      ? time_sum(size, rank, ranks)
                         : std::strcmp(argv[1], "uneven") == 0 ? time_uneven(size, microseconds, rank, ranks)
                                                               : time_histogram(size);
  if (rank == 0) std::printf("units %llu seconds %.6f\n", static_cast<unsigned long long>(size), seconds);
  MPI_Finalize();
  return 0;
}
