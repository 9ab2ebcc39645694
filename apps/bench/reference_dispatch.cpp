/// The limit that kiln's dispatch is compared with: a hand-written coordinator and its workers. Rank 0 sends messages
/// of UNITS_A_MESSAGE payloads of 64 bytes and gets 16 bytes of result for each unit; two messages are under way to
/// each worker, so none waits for the next. No faults are survived, nothing is kept on disk.
///
///     mpirun -n RANKS kiln_bench_reference UNITS UNITS_A_MESSAGE        prints: units U seconds S

#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr std::size_t kPayload = 64;
constexpr std::size_t kResult = 16;
constexpr std::size_t kDistinct = 1 << 20;  // payloads in memory; unit u has payload u modulo this
constexpr int kAhead = 2;
constexpr int kWork = 1, kDone = 2, kStop = 3;

struct Header {
  std::uint64_t first = 0, count = 0;
};

struct Size {
  std::uint64_t units = 0, a_message = 0;
};

std::vector<std::byte> make_payloads() {
  std::vector<std::byte> payloads(kDistinct * kPayload);
  for (std::size_t i = 0; i < kDistinct; ++i) std::memcpy(&payloads[i * kPayload], &i, sizeof i);
  return payloads;
}

void fill(std::vector<std::byte>& message, const std::vector<std::byte>& payloads, Header header) {
  message.resize(sizeof header + header.count * kPayload);
  std::memcpy(message.data(), &header, sizeof header);
  std::byte* to = message.data() + sizeof header;
  for (std::uint64_t done = 0; done < header.count;) {
    const std::uint64_t from = (header.first + done) % kDistinct;
    const std::uint64_t run = std::min(header.count - done, kDistinct - from);
    std::memcpy(to + done * kPayload, &payloads[from * kPayload], run * kPayload);
    done += run;
  }
}

// A message that is under way; it is received before the next one from this buffer is asked for.
struct Outgoing {
  std::vector<std::byte> message;
  MPI_Request request = MPI_REQUEST_NULL;

  void send(const std::vector<std::byte>& payloads, Header header, int to, int tag) {
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    fill(message, payloads, header);
    MPI_Isend(message.data(), static_cast<int>(message.size()), MPI_BYTE, to, tag, MPI_COMM_WORLD, &request);
  }
};

double coordinate(const Size& size, int workers) {
  const std::vector<std::byte> payloads = make_payloads();
  std::vector<std::byte> results(size.units * kResult);
  std::vector<std::byte> answer(sizeof(Header) + size.a_message * kResult);
  std::vector<Outgoing> outgoing(static_cast<std::size_t>(workers * kAhead));
  std::vector<std::size_t> sent(static_cast<std::size_t>(workers));
  std::uint64_t next = 0, done = 0;
  const auto send_next = [&](int worker) {
    const Header header{next, std::min(size.a_message, size.units - next)};
    if (header.count == 0) return;
    const auto index = static_cast<std::size_t>(worker - 1);
    outgoing[index * kAhead + sent[index]++ % kAhead].send(payloads, header, worker, kWork);
    next += header.count;
  };
  const double begin = MPI_Wtime();
  for (int ahead = 0; ahead < kAhead; ++ahead) {
    for (int worker = 1; worker <= workers; ++worker) send_next(worker);
  }
  while (done < size.units) {
    MPI_Status status;
    MPI_Recv(answer.data(), static_cast<int>(answer.size()), MPI_BYTE, MPI_ANY_SOURCE, kDone, MPI_COMM_WORLD, &status);
    send_next(status.MPI_SOURCE);
    Header header;
    std::memcpy(&header, answer.data(), sizeof header);
    std::memcpy(&results[header.first * kResult], answer.data() + sizeof header, header.count * kResult);
    done += header.count;
  }
  const double seconds = MPI_Wtime() - begin;
  for (Outgoing& one : outgoing) MPI_Wait(&one.request, MPI_STATUS_IGNORE);
  for (int worker = 1; worker <= workers; ++worker) MPI_Send(nullptr, 0, MPI_BYTE, worker, kStop, MPI_COMM_WORLD);
  return seconds;
}

void work(const Size& size) {
  std::vector<std::byte> message(sizeof(Header) + size.a_message * kPayload);
  std::array<std::vector<std::byte>, kAhead> answers;
  std::array<MPI_Request, kAhead> requests;
  requests.fill(MPI_REQUEST_NULL);
  for (std::size_t turn = 0;; turn = (turn + 1) % kAhead) {
    MPI_Status status;
    MPI_Recv(message.data(), static_cast<int>(message.size()), MPI_BYTE, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    if (status.MPI_TAG == kStop) break;
    MPI_Wait(&requests[turn], MPI_STATUS_IGNORE);
    std::vector<std::byte>& answer = answers[turn];
    Header header;
    std::memcpy(&header, message.data(), sizeof header);
    answer.resize(sizeof header + header.count * kResult);
    std::memcpy(answer.data(), &header, sizeof header);
    for (std::uint64_t i = 0; i < header.count; ++i) {
      std::memcpy(answer.data() + sizeof header + i * kResult, message.data() + sizeof header + i * kPayload, kResult);
    }
    MPI_Isend(answer.data(), static_cast<int>(answer.size()), MPI_BYTE, 0, kDone, MPI_COMM_WORLD, &requests[turn]);
  }
  MPI_Waitall(kAhead, requests.data(), MPI_STATUSES_IGNORE);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  Size size;
  if (argc == 3) size = {std::strtoull(argv[1], nullptr, 10), std::strtoull(argv[2], nullptr, 10)};
  if (size.units == 0 || size.a_message == 0 || ranks < 2) {
    std::fprintf(stderr, "usage: mpirun -n RANKS(>1) kiln_bench_reference UNITS UNITS_A_MESSAGE\n");
    MPI_Finalize();
    return 2;
  }
  if (rank == 0) {
    const double seconds = coordinate(size, ranks - 1);
    std::printf("units %llu seconds %.6f\n", static_cast<unsigned long long>(size.units), seconds);
  } else {
    work(size);
  }
  MPI_Finalize();
  return 0;
}
