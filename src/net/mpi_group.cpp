#include "net/mpi_group.hpp"

#include "net/ulfm.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <functional>
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

bool has_just(MPI_Comm communicator, const std::vector<Rank>& members) {
  MPI_Group wanted = group_of(members), there = MPI_GROUP_NULL;
  int result = MPI_UNEQUAL;
  MPI_Comm_group(communicator, &there);
  MPI_Group_compare(wanted, there, &result);
  MPI_Group_free(&wanted);
  MPI_Group_free(&there);
  return result == MPI_IDENT;
}

MPI_Comm create(const std::vector<Rank>& members, int tag) {
  MPI_Group group = group_of(members);
  MPI_Comm made = MPI_COMM_NULL;
  const int code = MPI_Comm_create_group(MPI_COMM_WORLD, group, tag, &made);
  MPI_Group_free(&group);
  return code == MPI_SUCCESS ? made : MPI_COMM_NULL;
}

}  // namespace

/// What a thread does, which may be left behind.
struct MpiGroup::Making {
  std::atomic<pid_t> thread = 0;
  std::atomic<bool> done = false;
  MPI_Comm made = MPI_COMM_NULL;  // before `done`

  static std::shared_ptr<Making> begin(std::function<MPI_Comm()> make);
};

std::shared_ptr<MpiGroup::Making> MpiGroup::Making::begin(std::function<MPI_Comm()> make) {
  auto making = std::make_shared<Making>();
  try {
    std::thread([making, make = std::move(make)] {
      making->thread = static_cast<pid_t>(::syscall(SYS_gettid));
      making->made = make();
      if (making->made != MPI_COMM_NULL) MPI_Comm_set_errhandler(making->made, MPI_ERRORS_RETURN);
      making->done = true;
    }).detach();
  } catch (const std::system_error&) {
    making->done = true;  // no thread is to be had: there is no group
  }
  return making;
}

MpiGroup::MpiGroup(const std::vector<Rank>& members, std::uint64_t number) : members_(members) {
  if (knows_deaths()) return;
  if (const auto tag = tag_of(number)) making_ = Making::begin([members, tag] { return create(members, *tag); });
}

// A thread that waits in MPI spins.
MpiGroup::~MpiGroup() {
  const pid_t thread = making_ == nullptr || making_->done ? 0 : making_->thread.load();
  if (thread != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(thread), kLowestPriority);
}

std::optional<MPI_Comm> MpiGroup::poll() const {
  if (making_ == nullptr) return MPI_COMM_NULL;
  if (!making_->done) return std::nullopt;
  const bool good = making_->made != MPI_COMM_NULL && has_just(making_->made, members_);
  return good ? making_->made : MPI_COMM_NULL;
}

}  // namespace kiln::net
