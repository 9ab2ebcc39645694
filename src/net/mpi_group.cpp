#include "net/mpi_group.hpp"

#include "net/ulfm.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace kiln::net {
namespace {

constexpr int kLowestPriority = 19;

// Open MPI 5.0 agrees on who is dead beside its other messages, under a lock: what another thread hears of it meanwhile
// is put off, and its content overwritten (coll_ftagree_earlyreturning.c, era_cb_fn). So nobody else is in MPI while a
// shrink is; but for so long only that no other rank takes it for a death, as it waits for a rank that is stopped.
constexpr std::chrono::milliseconds kAlone{300};

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
  std::mutex mutex;
  std::condition_variable is_done;

  static std::shared_ptr<Making> begin(std::function<MPI_Comm()> make);
  void end(MPI_Comm communicator);
  void stand_aside(std::chrono::milliseconds most);
};

std::shared_ptr<MpiGroup::Making> MpiGroup::Making::begin(std::function<MPI_Comm()> make) {
  auto making = std::make_shared<Making>();
  try {
    std::thread([making, make = std::move(make)] {
      making->thread = static_cast<pid_t>(::syscall(SYS_gettid));
      const MPI_Comm communicator = make();
      if (communicator != MPI_COMM_NULL) MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN);
      making->end(communicator);
    }).detach();
  } catch (const std::system_error&) {
    making->end(MPI_COMM_NULL);  // no thread is to be had: there is no group
  }
  return making;
}

void MpiGroup::Making::end(MPI_Comm communicator) {
  const std::lock_guard lock(mutex);
  made = communicator;
  done = true;
  is_done.notify_all();
}

void MpiGroup::Making::stand_aside(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex);
  is_done.wait_for(lock, most, [this] { return done.load(); });
}

MpiGroup::MpiGroup(const std::vector<Rank>& members, std::uint64_t number) : members_(members) {
  if (!shrinks()) {
    if (const auto tag = tag_of(number)) making_ = Making::begin([members, tag] { return create(members, *tag); });
    return;
  }
  // One that still waits, for a rank that was stopped, would meet the others' next one: it is this one.
  static std::shared_ptr<Making> shrinking;
  if (shrinking == nullptr || shrinking->done) {
    shrinking = Making::begin(shrink);
    shrinking->stand_aside(kAlone);
  }
  making_ = shrinking;
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
