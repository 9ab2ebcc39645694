#include "net/mpi_collectives.hpp"

#include "net/mpi_check.hpp"
#include "net/mpi_group.hpp"
#include "net/ulfm.hpp"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::net {
namespace {

struct Group {
  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0, size = 1, root = 0;  // in the communicator
  bool at_root() const { return rank == root; }
};

/// One operation: MPI calls one after the other. Owns all memory that MPI was given.
class Operation {
 public:
  explicit Operation(const Group& group) : group_(group) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// Once.
  virtual void start() = 0;

  /// Whether it is done; else moves it on.
  virtual bool poll() = 0;

  /// Of memory that is as large as what is sent, about.
  virtual std::size_t bytes() const { return 0; }

 protected:
  bool done(MPI_Request& request) {
    int flag = 0;
    if (!broken_) check(MPI_Test(&request, &flag, MPI_STATUS_IGNORE), "MPI_Test");
    return !broken_ && flag != 0;
  }
  /// Of each MPI call. Where MPI says that a rank is dead, the operation stays under way, as it does where MPI says
  /// nothing.
  void check(int code, const char* call) {
    broken_ = broken_ || is_death_in_collective(code);
    if (!broken_) check_mpi(code, call);
  }

  const Group& group_;

 private:
  bool broken_ = false;
};

class Barrier final : public Operation {
 public:
  using Operation::Operation;
  void start() override { check(MPI_Ibarrier(group_.comm, &request_), "MPI_Ibarrier"); }
  bool poll() override { return done(request_); }

 private:
  MPI_Request request_ = MPI_REQUEST_NULL;
};

/// Everybody hears all lengths; then rounds in which each rank gives an equal share of a piece, so that neither count
/// nor displacement is ever large.
class Gather final : public Operation {
 public:
  Gather(const Group& group, Bytes mine, std::vector<Bytes>& result)
      : Operation(group),
        mine_(std::move(mine)),
        result_(result),
        length_(mine_.size()),
        lengths_(static_cast<std::size_t>(group.size)),
        share_(std::max<std::size_t>(1, Collectives::kPieceBytes / lengths_.size())) {}

  void start() override {
    check(MPI_Iallgather(&length_, 1, MPI_UINT64_T, lengths_.data(), 1, MPI_UINT64_T, group_.comm, &request_),
          "MPI_Iallgather");
  }

  bool poll() override {
    if (!done(request_)) return false;
    round_ ? void(take_round()) : prepare();
    return !begin_round();
  }

  std::size_t bytes() const override {
    std::size_t total = mine_.capacity() + piece_.capacity();
    for (const Bytes& one : result_) total += one.capacity();
    return total;
  }

 private:
  void prepare() {
    longest_ = *std::max_element(lengths_.begin(), lengths_.end());
    counts_.resize(lengths_.size());
    places_.resize(lengths_.size());
    result_.assign(group_.at_root() ? lengths_.size() : 0, {});
    for (std::size_t rank = 0; rank < result_.size(); ++rank) result_[rank].reserve(lengths_[rank]);
  }

  std::size_t share_of(std::uint64_t length) const {
    return std::min<std::uint64_t>(share_, length - std::min(length, at_));
  }

  bool begin_round() {
    if (std::exchange(round_, true)) at_ += share_;
    if (at_ >= longest_) return false;
    std::size_t total = 0;
    for (std::size_t rank = 0; rank < lengths_.size(); ++rank) {
      places_[rank] = static_cast<int>(total);
      counts_[rank] = static_cast<int>(share_of(lengths_[rank]));
      total += static_cast<std::size_t>(counts_[rank]);
    }
    if (group_.at_root()) piece_.resize(total);
    const std::byte* const from = mine_.data() + std::min<std::uint64_t>(at_, length_);
    check(MPI_Igatherv(from, static_cast<int>(share_of(length_)), MPI_BYTE, piece_.data(), counts_.data(),
                       places_.data(), MPI_BYTE, group_.root, group_.comm, &request_),
          "MPI_Igatherv");
    return true;
  }

  void take_round() {
    for (std::size_t rank = 0; rank < result_.size(); ++rank) {
      const auto begin = piece_.begin() + places_[rank];
      result_[rank].insert(result_[rank].end(), begin, begin + counts_[rank]);
    }
  }

  const Bytes mine_;
  std::vector<Bytes>& result_;
  const std::uint64_t length_;
  std::vector<std::uint64_t> lengths_;
  const std::size_t share_;
  std::uint64_t longest_ = 0, at_ = 0;
  bool round_ = false;  // not the first request, which is for the lengths
  std::vector<int> counts_, places_;
  Bytes piece_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

/// Of a row of counts several pieces are under way at a time: while one travels the next is copied.
class Pieces : public Operation {
 public:
  void start() final { fill(); }
  bool poll() final {
    while (taken_ < length_) {
      Piece& piece = pieces_[taken_ / kPiece % pieces_.size()];
      if (!done(piece.request)) return false;
      const std::uint64_t first = std::exchange(taken_, std::min(length_, taken_ + kPiece));
      take(first, piece, taken_ - first);
      fill();
    }
    return true;
  }

  std::size_t bytes() const final {
    std::size_t counts = 0;
    for (const Piece& piece : pieces_) counts += piece.mine.capacity() + piece.sum.capacity();
    return counts * sizeof(std::uint64_t);
  }

 protected:
  // Small enough for a core's cache: 64 MiB from 4 ranks on one host take 0.09 s, in pieces of 2 MiB 0.15 s.
  static constexpr std::uint64_t kPiece = Collectives::kPieceBytes / 32 / sizeof(std::uint64_t);
  struct Piece {
    std::vector<std::uint64_t> mine, sum;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  Pieces(const Group& group, std::uint64_t length) : Operation(group), length_(length) {}

 private:
  virtual void begin(std::uint64_t first, Piece& piece, int count) = 0;
  virtual void take(std::uint64_t first, const Piece& piece, std::size_t count) = 0;

  // As many as there are places for.
  void fill() {
    while (given_ < length_ && given_ < taken_ + pieces_.size() * kPiece) {
      const std::size_t count = std::min(kPiece, length_ - given_);
      Piece& piece = pieces_[given_ / kPiece % pieces_.size()];
      piece.mine.resize(count);
      begin(given_, piece, static_cast<int>(count));
      given_ += count;
    }
  }

  const std::uint64_t length_;
  std::uint64_t given_ = 0, taken_ = 0;
  std::array<Piece, 8> pieces_;
};

class Sum final : public Pieces {
 public:
  Sum(const Group& group, std::uint64_t length, Collectives::Give give, Collectives::Take take)
      : Pieces(group, length), give_(std::move(give)), take_(std::move(take)) {}

 private:
  void begin(std::uint64_t first, Piece& piece, int count) override {
    give_(first, piece.mine);
    if (group_.at_root()) piece.sum.resize(piece.mine.size());
    check(MPI_Ireduce(piece.mine.data(), piece.sum.data(), count, MPI_UINT64_T, MPI_SUM, group_.root, group_.comm,
                      &piece.request),
          "MPI_Ireduce");
  }
  void take(std::uint64_t first, const Piece& piece, std::size_t count) override {
    if (group_.at_root()) take_(first, {piece.sum.data(), count});
  }

  const Collectives::Give give_;
  const Collectives::Take take_;
};

class Spread final : public Pieces {
 public:
  Spread(const Group& group, std::uint64_t length, Collectives::Give give, Collectives::Take take)
      : Pieces(group, length), give_(std::move(give)), take_(std::move(take)) {}

 private:
  void begin(std::uint64_t first, Piece& piece, int count) override {
    if (group_.at_root()) give_(first, piece.mine);
    check(MPI_Ibcast(piece.mine.data(), count, MPI_UINT64_T, group_.root, group_.comm, &piece.request), "MPI_Ibcast");
  }
  void take(std::uint64_t first, const Piece& piece, std::size_t count) override {
    if (!group_.at_root()) take_(first, {piece.mine.data(), count});
  }

  const Collectives::Give give_;
  const Collectives::Take take_;
};

/// First the length, then the pieces, straight into what is received.
class Broadcast final : public Operation {
 public:
  Broadcast(const Group& group, Bytes value, Bytes& result)
      : Operation(group), value_(std::move(value)), result_(result), length_(value_.size()) {
    result_ = {};
  }

  void start() override {
    check(MPI_Ibcast(&length_, 1, MPI_UINT64_T, group_.root, group_.comm, &request_), "MPI_Ibcast");
  }

  bool poll() override {
    while (done(request_)) {
      if (!std::exchange(begun_, true)) value_.resize(length_);
      if (at_ == length_) {
        result_ = std::move(value_);
        return true;
      }
      const std::size_t count = std::min<std::uint64_t>(Collectives::kPieceBytes, length_ - at_);
      check(MPI_Ibcast(value_.data() + at_, static_cast<int>(count), MPI_BYTE, group_.root, group_.comm, &request_),
            "MPI_Ibcast");
      at_ += count;
    }
    return false;
  }

  std::size_t bytes() const override { return value_.capacity(); }

 private:
  Bytes value_;
  Bytes& result_;
  std::uint64_t length_, at_ = 0;
  bool begun_ = false;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

}  // namespace

struct MpiCollectives::State {
  const Group group;
  std::vector<Bytes> gathered;
  Bytes received;
  std::unique_ptr<Operation> operation;

  State(MPI_Comm communicator, int root) : group(group_of(communicator, root)) {}
  static Group group_of(MPI_Comm communicator, int root);
  template <class Kind, class... Arguments>
  void begin(Arguments&&... arguments) {
    if (operation) throw Error(ExitCode::internal, "a collective was begun while another is under way");
    operation = std::make_unique<Kind>(group, std::forward<Arguments>(arguments)...);
    operation->start();
  }
  bool poll();
};

Group MpiCollectives::State::group_of(MPI_Comm communicator, int root) {
  Group group{communicator, 0, 1, root};
  check_mpi(MPI_Comm_rank(communicator, &group.rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(communicator, &group.size), "MPI_Comm_size");
  return group;
}

bool MpiCollectives::State::poll() {
  if (operation && operation->poll()) operation.reset();
  return operation == nullptr;
}

struct MpiCollectives::Making {
  std::vector<Rank> members;
  Rank root;
  MpiGroup group;
};

// A copy of MPI_COMM_WORLD would be one more collective that a death can hold up, and what is made behind it with it.
MpiCollectives::MpiCollectives() : state_(std::make_unique<State>(MPI_COMM_WORLD, 0)) {
  for (std::int32_t rank = 0; rank < state_->group.size; ++rank) members_.emplace_back(rank);
  if (!begins_with_all()) state_.reset();
}

// Open MPI 5.0 throws away what comes of a collective of a communicator in which somebody has died, but not its place
// among the messages of its sender (pml_ob1_recvfrag.c, "dropping silently frag"): of what that sender sends behind it
// in the same communicator nothing arrives any more. Messages go through MPI_COMM_WORLD.
bool MpiCollectives::begins_with_all() const { return !shrinks(); }

// A communicator goes with MPI: to free it is collective.
MpiCollectives::~MpiCollectives() { abandon(); }

MpiCollectives::State& MpiCollectives::state() {
  if (state_ == nullptr) throw Error(ExitCode::internal, "a collective was begun after they were given up");
  return *state_;
}

void MpiCollectives::begin_barrier() { state().begin<Barrier>(); }

void MpiCollectives::begin_gather(Bytes mine) { state().begin<Gather>(std::move(mine), state().gathered); }

void MpiCollectives::begin_sum(std::uint64_t length, Give give, Take take) {
  state().begin<Sum>(length, std::move(give), std::move(take));
}

void MpiCollectives::begin_spread(std::uint64_t length, Give give, Take take) {
  state().begin<Spread>(length, std::move(give), std::move(take));
}

void MpiCollectives::begin_broadcast(Bytes value) { state().begin<Broadcast>(std::move(value), state().received); }

bool MpiCollectives::poll() { return state_ == nullptr || state_->poll(); }

std::vector<Bytes> MpiCollectives::gathered() {
  return state_ == nullptr ? std::vector<Bytes>() : std::exchange(state_->gathered, {});
}

Bytes MpiCollectives::received() { return state_ == nullptr ? Bytes() : std::exchange(state_->received, {}); }

// What is under way may still be read and written by others.
void MpiCollectives::abandon() {
  making_.reset();
  made_ = false;
  // Messages go through MPI_COMM_WORLD.
  if (state_ != nullptr && state_->group.comm != MPI_COMM_WORLD) revoke(state_->group.comm);
  const bool under_way = state_ != nullptr && state_->operation;
  if (under_way) buried_ += state_->operation->bytes();
  [[maybe_unused]] const State* const kept = under_way ? state_.release() : nullptr;
  state_.reset();
}

void MpiCollectives::begin_group(const std::vector<Rank>& members, Rank root, std::uint64_t number) {
  abandon();
  making_ = std::make_unique<Making>(Making{members, root, MpiGroup(members, number)});
}

std::optional<bool> MpiCollectives::group_made() {
  if (!making_) return made_;
  const auto made = making_->group.poll();
  if (!made) return std::nullopt;
  if (*made != MPI_COMM_NULL) {
    members_ = std::move(making_->members);
    const auto root = std::lower_bound(members_.begin(), members_.end(), making_->root) - members_.begin();
    state_ = std::make_unique<State>(*made, static_cast<int>(root));
  }
  made_ = *made != MPI_COMM_NULL;
  making_.reset();
  return made_;
}

}  // namespace kiln::net
