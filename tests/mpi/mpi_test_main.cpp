#include "mpi_test_main.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace {
std::unique_ptr<kiln::net::MpiTransport> the_transport;  // MPI is initialised once a process
}

kiln::net::MpiTransport& transport() { return *the_transport; }

// Failures of all ranks are gathered over the transport itself; rank 0 prints, its exit code speaks for all.
int main(int argc, char** argv) {
  const char* piece = std::getenv("KILN_TEST_PIECE");
  the_transport = std::make_unique<kiln::net::MpiTransport>(
      argc, argv, piece == nullptr ? kiln::net::MpiTransport::kPieceBytes : std::stoul(piece));
  testing::InitGoogleTest(&argc, argv);
  const int rank = transport().rank().value();
  if (rank != 0) {
    delete testing::UnitTest::GetInstance()->listeners().Release(
        testing::UnitTest::GetInstance()->listeners().default_result_printer());
  }
  int failed = RUN_ALL_TESTS() == 0 ? 0 : 1;
  const char* fail_on = std::getenv("KILN_TEST_FAIL_ON");
  if (fail_on != nullptr && std::to_string(rank) == fail_on) failed = 1;

  if (rank != 0) {
    kiln::ByteWriter report;
    report.put(failed);
    transport().send(kiln::Rank(0), report.take());
  }
  for (int heard = 1; rank == 0 && heard < transport().size();) {
    if (const auto report = transport().receive()) {
      kiln::ByteReader in(report->bytes, "a report");
      if (in.get<int>() != 0) {
        ++failed;
        std::fprintf(stderr, "tests failed on rank %d\n", report->from.value());
      }
      ++heard;
    }
  }
  while (transport().unsent() != 0) {
  }
  the_transport.reset();
  return rank == 0 && failed != 0 ? 1 : 0;
}
