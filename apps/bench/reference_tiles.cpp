/// What the program "tiles" is compared with: the same tiles in a fixed split, each rank its share of consecutive
/// tiles, row by row or column by column.
///
///     mpirun -n RANKS kiln_bench_reference_tiles rows|columns        prints: units U seconds S
#include "mandelbrot.hpp"

#include <mpi.h>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const bool by_columns = argc == 2 && std::strcmp(argv[1], "columns") == 0;
  const mandelbrot::View view;
  const std::uint64_t across = view.across(), tiles = across * across;
  const auto r = static_cast<std::uint64_t>(rank), n = static_cast<std::uint64_t>(ranks);
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  unsigned long long inside = 0, all = 0;
  for (std::uint64_t i = tiles * r / n; i < tiles * (r + 1) / n; ++i) {
    inside += mandelbrot::render(view, by_columns ? i % across * across + i / across : i).inside;
  }
  MPI_Reduce(&inside, &all, 1, MPI_UNSIGNED_LONG_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - begin;
  if (rank == 0)
    std::printf("units %llu seconds %.6f inside %llu\n", static_cast<unsigned long long>(tiles), seconds, all);
  MPI_Finalize();
  return 0;
}
