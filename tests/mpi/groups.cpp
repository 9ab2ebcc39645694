// Ranks that die, or are stopped, before and while those that are left make a communicator, and in its collectives.
//   mpirun … mpi_groups FILE STEP…
// FILE is the ranks' common memory: it tells who has got where without MPI. A STEP names what happens to the highest
// ranks that live, and then the others (all of them, after `wake`) make a group and add up:
//   idle        one dies; the others know it
//   collective  one dies while the others are in a gather of the present group with it
//   making      two die: the second one when it has begun its part in the others' group without the first
//   asleep      one is stopped, and is left out as if it were dead
//   wake        the one that was stopped takes part again
//   lost        one dies when the group is made, and nobody has been told
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/mpi_collectives.hpp"
#include "net/mpi_transport.hpp"

namespace {

using kiln::Bytes;
using kiln::Rank;
using kiln::net::Collectives;

constexpr int kMostRanks = 16;
constexpr std::uint64_t kCounts = 3'000'000;  // several pieces

struct Common {
  std::array<std::atomic<int>, kMostRanks> at;      // the last line that the rank has passed
  std::array<std::atomic<bool>, kMostRanks> ended;  // it is about to be killed or stopped
  std::array<std::atomic<pid_t>, kMostRanks> pid;
  std::atomic<bool> failed;
  std::atomic<bool> woken;  // the one that was stopped is to go on, from here:
  std::atomic<int> line;
  std::atomic<std::uint64_t> number;
};

[[noreturn]] void fail(int rank, const std::string& what) {
  std::fprintf(stderr, "rank %d: %s\n", rank, what.c_str());
  _exit(3);
}

class Ranks {
 public:
  Ranks(Common& common, kiln::net::MpiTransport& transport)
      : common_(common), transport_(transport), self_(transport.rank().value()) {
    for (int rank = 0; rank < transport.size(); ++rank) living_.emplace_back(rank);
    common.pid.at(at(self_)) = getpid();
    meet();
    if (!collectives_.begins_with_all()) make();
  }

  void step(const std::string& what) {
    if (what == "idle") {
      lose(last());
    } else if (what == "collective") {
      const int victim = last();
      if (self_ != victim) collectives_.begin_gather(Bytes(1000, std::byte{1}));
      for (int i = 0; self_ != victim && i < 100; ++i) collectives_.poll();
      meet();  // all are in it but one
      if (self_ != victim && collectives_.poll()) fail(self_, "a gather is over that one has not come to");
      lose(victim);
    } else if (what == "making") {
      lose(last());
      stuck(last());
    } else if (what == "asleep") {
      asleep_ = last();
      lose(asleep_, SIGSTOP);
      if (self_ == asleep_) return;  // it has woken
    } else if (what == "wake") {
      wake();
    } else if (what == "lost") {
      make();
      lose(last());
    } else {
      fail(self_, "no such step: " + what);
    }
    make();
    add_up();
    meet();
    if (self_ == living_.front().value()) std::printf("%s: %zu ranks\n", what.c_str(), living_.size());
    std::fflush(stdout);
  }

 private:
  static std::size_t at(int rank) { return static_cast<std::size_t>(rank); }
  int last() const { return living_.back().value(); }
  template <class Condition>
  void wait(const char* what, const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      transport_.receive();  // the main thread of a rank never stands still
      if (std::chrono::steady_clock::now() > deadline) fail(self_, std::string("waits in vain: ") + what);
      usleep(200);
    }
  }

  // All that live have come here.
  void meet() {
    common_.at.at(at(self_)) = ++line_;
    wait("for the others", [&] {
      return std::ranges::all_of(living_, [&](Rank rank) { return common_.at.at(at(rank.value())) >= line_; });
    });
  }

  // Everybody knows.
  void lose(int victim, int signal = SIGKILL) {
    if (self_ == victim) {
      common_.ended.at(at(self_)) = true;
      kill(getpid(), signal);
      return;
    }
    wait("for a death", [&] {
      const bool ended = common_.ended.at(at(victim));
      return ended && (signal == SIGSTOP || is_gone(common_.pid.at(at(victim))));
    });
    std::erase(living_, Rank(victim));
    transport_.forget(Rank(victim));
    collectives_.abandon();
  }
  // A rank that was not waited for is a zombie of mpirun's for a moment.
  static bool is_gone(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    std::FILE* const file = std::fopen(path.c_str(), "r");
    if (file == nullptr) return true;
    std::array<char, 300> text{};
    const std::size_t size = std::fread(text.data(), 1, text.size() - 1, file);
    std::fclose(file);
    const std::string_view stat(text.data(), size);
    const std::size_t name = stat.rfind(')');
    return name == std::string_view::npos || stat.substr(name + 2, 1) == "Z" || stat.substr(name + 2, 1) == "X";
  }

  // It has begun its part; the others wait for it for ever, or hear that it cannot be made.
  void stuck(int victim) {
    ++number_;
    if (self_ == victim) {
      // Its own thread may be on its way, too.
      if (number_ % 2 == 0) collectives_.begin_group(living_, living_.front(), number_);
      common_.ended.at(at(self_)) = true;
      kill(getpid(), SIGKILL);
    }
    collectives_.begin_group(living_, living_.front(), number_);
    lose(victim);
  }

  // The first rank says where the others are.
  void wake() {
    if (self_ == asleep_) {
      wait("to be told", [&] { return common_.woken.load(); });
      line_ = common_.line;
      number_ = common_.number;
      return;
    }
    if (self_ == living_.front().value()) {
      common_.line = line_;
      common_.number = number_;
      common_.woken = true;
      kill(common_.pid.at(at(asleep_)), SIGCONT);
    }
    living_.emplace_back(asleep_);
  }

  // As the coordinator has it done: all know of it, make it, and use it when all have it. A failure is tried again.
  void make() {
    for (int tries = 0; tries < 3; ++tries) {
      meet();
      ++number_;
      if (self_ == living_.front().value()) common_.failed = false;
      meet();
      collectives_.begin_group(living_, living_.front(), number_);
      std::optional<bool> made;
      wait("for a group", [&] { return (made = collectives_.group_made()).has_value(); });
      if (!*made) common_.failed = true;
      meet();
      if (!common_.failed) break;
      if (tries == 2) fail(self_, "no group");
    }
    if (collectives_.members() != living_) fail(self_, "others are in the group");
  }

  void finish(const char* what) {
    wait(what, [&] { return collectives_.poll(); });
  }
  void add_up() {
    const bool root = self_ == living_.front().value();
    collectives_.begin_gather(Bytes(at(self_) + 1, std::byte{7}));
    finish("gather");
    const auto gathered = collectives_.gathered();
    for (std::size_t i = 0; i < gathered.size(); ++i) {
      if (gathered[i].size() != at(living_.at(i).value()) + 1) fail(self_, "gathered something else");
    }
    if (root != (gathered.size() == living_.size())) fail(self_, "gathered on another rank");
    std::uint64_t wanted = 0, wrong = 0, taken = 0;
    for (const Rank rank : living_) wanted += static_cast<std::uint64_t>(rank.value()) + 1;
    collectives_.begin_sum(
        kCounts,
        [&](std::uint64_t first, std::span<std::uint64_t> piece) {
          for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = (at(self_) + 1) * (first + i);
        },
        [&](std::uint64_t first, std::span<const std::uint64_t> piece) {
          for (std::size_t i = 0; i < piece.size(); ++i) wrong += piece[i] == wanted * (first + i) ? 0 : 1;
          taken += piece.size();
        });
    finish("sum");
    if (wrong != 0 || taken != (root ? kCounts : 0)) fail(self_, "a wrong sum");
    collectives_.begin_broadcast(root ? Bytes(20 << 20, std::byte{5}) : Bytes());
    finish("broadcast");
    const Bytes heard = collectives_.received();
    if (heard.size() != 20 << 20 || heard.front() != std::byte{5} || heard.back() != std::byte{5}) {
      fail(self_, "heard something else");
    }
  }

  Common& common_;
  kiln::net::MpiTransport& transport_;
  const int self_;
  std::vector<Rank> living_;
  kiln::net::MpiCollectives collectives_;
  std::uint64_t number_ = 5000;
  int line_ = 0;
  int asleep_ = -1;
};

}  // namespace

int main(int argc, char** argv) {
  kiln::net::MpiTransport transport(argc, argv);
  if (argc < 2 || transport.size() > kMostRanks) return 2;
  const int file = open(argv[1], O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof(Common)) != 0) return 2;
  void* const memory = mmap(nullptr, sizeof(Common), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) return 2;
  Ranks ranks(*static_cast<Common*>(memory), transport);
  for (int i = 2; i < argc; ++i) ranks.step(argv[i]);
  std::fflush(nullptr);
  _exit(0);  // a thread may still wait in MPI for the dead
}
