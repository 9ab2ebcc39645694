#include "net/mpi_group.hpp"

#include "net/ulfm.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

namespace kiln::net {
namespace {

constexpr int kLowestPriority = 19;

// Open MPI 4.1 lets a later creation pass one that is stuck only where its tag is smaller.
std::optional<int> tag_of(std::uint64_t number) {
  void* most = nullptr;
  int known = 0;
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &most, &known);
  const auto highest = known != 0 ? static_cast<std::uint64_t>(*static_cast<int*>(most)) : 32767;
  if (number + 2 > highest) return std::nullopt;  // 0 and 1 are others'
  return static_cast<int>(highest - number);
}

MPI_Group group_of(const std::vector<Rank>& members) {
  std::vector<int> ranks;
  ranks.reserve(members.size());
  for (const Rank rank : members) ranks.push_back(rank.value());
  MPI_Group world = MPI_GROUP_NULL, group = MPI_GROUP_NULL;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_incl(world, static_cast<int>(ranks.size()), ranks.data(), &group);
  MPI_Group_free(&world);
  return group;
}

MPI_Comm create(const std::vector<Rank>& members, int tag) {
  MPI_Group group = group_of(members);
  MPI_Comm made = MPI_COMM_NULL;
  const int code = MPI_Comm_create_group(MPI_COMM_WORLD, group, tag, &made);
  MPI_Group_free(&group);
  if (code != MPI_SUCCESS) return MPI_COMM_NULL;
  MPI_Comm_set_errhandler(made, MPI_ERRORS_RETURN);
  return made;
}

}  // namespace

/// What a thread does, which may be left behind.
struct MpiGroup::Making {
  std::atomic<pid_t> thread = 0;
  std::atomic<bool> done = false;
  MPI_Comm made = MPI_COMM_NULL;  // before `done`

  /// On a thread.
  static std::shared_ptr<Making> begin(const std::vector<Rank>& members, int tag);
};

std::shared_ptr<MpiGroup::Making> MpiGroup::Making::begin(const std::vector<Rank>& members, int tag) {
  auto making = std::make_shared<Making>();
  try {
    std::thread([making, members, tag] {
      making->thread = static_cast<pid_t>(::syscall(SYS_gettid));
      making->made = create(members, tag);
      making->done = true;
    }).detach();
  } catch (const std::system_error&) {
    making->done = true;  // no thread is to be had: there is no group
  }
  return making;
}

MpiGroup::MpiGroup(const std::vector<Rank>& members, std::uint64_t number) {
  if (knows_deaths()) return;
  if (const auto tag = tag_of(number)) making_ = Making::begin(members, *tag);
}

// A thread that waits in MPI spins.
MpiGroup::~MpiGroup() {
  const pid_t thread = making_ == nullptr || making_->done ? 0 : making_->thread.load();
  if (thread != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(thread), kLowestPriority);
}

std::optional<MPI_Comm> MpiGroup::poll() const {
  if (making_ == nullptr) return MPI_COMM_NULL;
  return making_->done ? std::optional(making_->made) : std::nullopt;
}

}  // namespace kiln::net
