// Preloaded, this kills ranks inside a collective or as they write: KILL_AT="RANK FUNCTION K" raises SIGKILL in that
// rank when it calls that function (of MPI, or link, rename, fsync) for the K-th time (1, 2, …), before the call is
// made, or with a fourth word ("after") behind it; with KILL_WITH=STOP it is SIGSTOP. With KILL_ONCE=FILE only where
// there is no such file, which is made then. KILL_AT="RANK count FILE" notes in the file that rank's calls of all
// these, and kills nobody. Several orders, for different ranks, have semicolons between them. The functions are known
// by their names alone; handles of Open MPI are pointers.
#include <dlfcn.h>
#include <fcntl.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace {

struct Order {
  std::string rank, function, after, count;
  int call = 0;
  Order() {
    const char* const all = std::getenv("KILL_AT");
    const char* const own = std::getenv("OMPI_COMM_WORLD_RANK");
    std::istringstream orders(all == nullptr || own == nullptr ? "" : all);
    for (std::string text; std::getline(orders, text, ';');) {
      std::istringstream words(text);
      words >> rank >> function;
      function == "count" ? words >> count : words >> call >> after;
      if (rank == own) return;
    }
    function.clear();
    count.clear();
  }
};

const Order& the_order() {
  static const Order order;
  return order;
}

void strike_if_due(const char* function, int calls, bool after) {
  const Order& order = the_order();
  if (order.function != function || calls != order.call || order.after.empty() == after) return;
  const char* const once = std::getenv("KILL_ONCE");
  if (once != nullptr && open(once, O_CREAT | O_EXCL | O_WRONLY, 0600) < 0) return;
  raise(std::getenv("KILL_WITH") == nullptr ? SIGKILL : SIGSTOP);
}

// Any thread.
template <class... Arguments>
int pass_as(const char* name, const char* symbol, std::atomic<int>& calls, Arguments... arguments) {
  const int call = ++calls;
  if (const std::string& file = the_order().count; !file.empty()) std::ofstream(file, std::ios::app) << name << '\n';
  strike_if_due(name, call, false);
  const int code = reinterpret_cast<int (*)(Arguments...)>(dlsym(RTLD_NEXT, symbol))(arguments...);
  strike_if_due(name, call, true);
  return code;
}

template <class... Arguments>
int pass(const char* name, std::atomic<int>& calls, Arguments... arguments) {
  return pass_as(name, name, calls, arguments...);
}

}  // namespace

extern "C" {
int link(const char* from, const char* to) noexcept {
  static std::atomic<int> calls = 0;
  return pass("link", calls, from, to);
}
int rename(const char* from, const char* to) noexcept {
  static std::atomic<int> calls = 0;
  return pass("rename", calls, from, to);
}
int fsync(int file) {
  static std::atomic<int> calls = 0;
  return pass("fsync", calls, file);
}
int MPI_Init_thread(int* count, char*** words, int required, int* provided) {
  static std::atomic<int> calls = 0;
  return pass("MPI_Init_thread", calls, count, words, required, provided);
}
int MPI_Comm_create_group(void* from, void* group, int tag, void** to) {
  static std::atomic<int> calls = 0;
  return pass("MPI_Comm_create_group", calls, from, group, tag, to);
}
int MPIX_Comm_shrink(void* from, void** to) {  // its stand-in in an MPI that survives deaths
  static std::atomic<int> calls = 0;
  return pass_as("MPI_Comm_create_group", "MPIX_Comm_shrink", calls, from, to);
}
int MPI_Ireduce(const void* from, void* to, int count, void* type, void* op, int root, void* comm, void** request) {
  static std::atomic<int> calls = 0;
  return pass("MPI_Ireduce", calls, from, to, count, type, op, root, comm, request);
}
int MPI_Ibcast(void* buffer, int count, void* type, int root, void* comm, void** request) {
  static std::atomic<int> calls = 0;
  return pass("MPI_Ibcast", calls, buffer, count, type, root, comm, request);
}
int MPI_Iallgather(const void* from, int count, void* type, void* to, int counts, void* types, void* comm,
                   void** request) {
  static std::atomic<int> calls = 0;
  return pass("MPI_Iallgather", calls, from, count, type, to, counts, types, comm, request);
}
int MPI_Igatherv(const void* from, int count, void* type, void* to, const int* counts, const int* places, void* types,
                 int root, void* comm, void** request) {
  static std::atomic<int> calls = 0;
  return pass("MPI_Igatherv", calls, from, count, type, to, counts, places, types, root, comm, request);
}
}
