#include "net/mpi_transport.hpp"

#include "net/buffer_pool.hpp"
#include "net/kept_libraries.hpp"
#include "net/mpi_check.hpp"
#include "net/ulfm.hpp"

#include <malloc.h>
#include <mpi.h>

#include <algorithm>
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#include <cstdlib>
#include <deque>
#include <kiln/error.hpp>
#include <list>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace kiln::net {
namespace {

constexpr int kTag = 1;
constexpr std::size_t kMostReceiving = 64;
constexpr std::size_t kMostUnsentUnlooked = 16;  // sends, and calls of receive(), between looks for what has left

// Read by Open MPI when it is initialised; others do not know them. What the user chose holds.
//
// Between processes of a node messages go through shared memory, piece by piece, instead of being fetched by a system
// call that looks up each page: 68 KiB and the 16 of their answer take 7 instead of 14 us of processor time in all, 64
// MiB no more than before, and no right to look into other processes is needed (containers).
//
// Over TCP no large message is put into the receiver's memory: when that one dies meanwhile, Open MPI tells it so on
// the connection that it is closing, and waits for a lock that it holds, for ever (seen in 4.1.4). Sent piece by piece
// it may end the process instead, which is a death like others.
void choose_ways() {
  setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
  setenv("OMPI_MCA_btl_tcp_flags", "send,inplace,need-ack,need-csum,hetero-rdma", 0);
}

}  // namespace

struct MpiTransport::State {
  struct Transfer {
    Rank peer;
    // Must not move while the request lives: neither list nor deque moves what it holds. Of a message that is sent in
    // pieces the last one has all of them.
    Bytes bytes;
    MPI_Request request = MPI_REQUEST_NULL;
    bool last = true;  // of the pieces of a message that is sent
  };

  State(int& argc, char**& argv, std::size_t piece_bytes)
      : environment(argc, argv, boost::mpi::threading::multiple, false), piece(piece_bytes) {
    // Messages of up to a MiB come and go at a high rate: their pages are kept instead of being faulted in anew.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN);
  }

  bool begin_receive();
  enum class Progress { under_way, whole, broken };
  static Progress progress(Transfer& transfer);
  static bool done(Transfer& transfer) { return progress(transfer) != Progress::under_way; }
  void note_deaths();
  void bury(Transfer&& transfer);
  void begin_send(Rank to, const std::byte* from, std::size_t count);
  std::optional<Bytes> whole_message(Rank from, Bytes&& arrived);
  std::list<Transfer>::iterator drop(std::list<Transfer>::iterator received);

  boost::mpi::environment environment;
  boost::mpi::communicator world;
  const std::size_t piece;
  // By receiver, oldest first: what one of them has not taken yet holds up what comes behind it, and nothing else.
  std::map<Rank, std::deque<Transfer>> sending;
  std::size_t unsent = 0;
  std::size_t receives_unlooked = 0;
  std::list<Transfer> receiving;
  std::map<Rank, std::vector<Bytes>> partial;  // pieces of messages whose last one is not here
  // What comes from ranks that were forgotten: it may never be whole, so nobody waits for it.
  std::set<Rank> forgotten;
  std::size_t receiving_forgotten = 0;
  std::vector<Rank> lost;         // as MPI says
  std::list<Transfer> graveyard;  // never freed, nor looked at
  std::size_t buried = 0;
  std::deque<Received> own;  // messages of this rank to itself
  BufferPool pool;
};

// Broken: the other side is dead.
MpiTransport::State::Progress MpiTransport::State::progress(Transfer& transfer) {
  int flag = 0;
  const int code = MPI_Test(&transfer.request, &flag, MPI_STATUS_IGNORE);
  if (is_death(code)) return Progress::broken;
  check_mpi(code, "MPI_Test");
  return flag != 0 ? Progress::whole : Progress::under_way;
}

void MpiTransport::State::note_deaths() {
  for (const Rank rank : acknowledge_deaths()) {
    if (std::find(lost.begin(), lost.end(), rank) == lost.end()) lost.push_back(rank);
  }
}

// The request keeps its memory: a list does not move what it holds, and a vector that is moved keeps its place.
void MpiTransport::State::bury(Transfer&& transfer) {
  buried += transfer.bytes.capacity();
  graveyard.push_back(std::move(transfer));
}

std::list<MpiTransport::State::Transfer>::iterator MpiTransport::State::drop(std::list<Transfer>::iterator received) {
  if (forgotten.contains(received->peer)) --receiving_forgotten;
  return receiving.erase(received);
}

// Matches one message that waits, if any. Large ones arrive piece by piece while others are served.
bool MpiTransport::State::begin_receive() {
  if (receiving.size() - receiving_forgotten >= kMostReceiving) return false;
  int flag = 0;
  MPI_Message matched = MPI_MESSAGE_NULL;
  MPI_Status status;
  const int code = MPI_Improbe(MPI_ANY_SOURCE, kTag, world, &flag, &matched, &status);
  if (is_death(code)) note_deaths();
  if (is_death(code) || flag == 0) return false;
  check_mpi(code, "MPI_Improbe");
  int count = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
  Transfer& transfer = receiving.emplace_back();
  transfer.peer = Rank(status.MPI_SOURCE);
  if (forgotten.contains(transfer.peer)) ++receiving_forgotten;
  transfer.bytes = pool.take(static_cast<std::size_t>(count));
  transfer.bytes.resize(static_cast<std::size_t>(count));
  const int begun = MPI_Imrecv(transfer.bytes.data(), count, MPI_BYTE, &matched, &transfer.request);
  if (!is_death(begun)) check_mpi(begun, "MPI_Imrecv");
  if (!is_death(begun)) return true;
  note_deaths();
  drop(std::prev(receiving.end()));
  return false;
}

void MpiTransport::State::begin_send(Rank to, const std::byte* from, std::size_t count) {
  Transfer& transfer = sending[to].emplace_back();
  transfer.peer = to;
  transfer.last = false;
  const int code = MPI_Isend(from, static_cast<int>(count), MPI_BYTE, to.value(), kTag, world, &transfer.request);
  if (!is_death(code)) return check_mpi(code, "MPI_Isend");
  note_deaths();
  transfer.request = MPI_REQUEST_NULL;  // as one that has left
}

// Nothing while pieces are missing. What is left of a message whose begin was given up looks like a message, and has no
// checksum that fits.
std::optional<Bytes> MpiTransport::State::whole_message(Rank from, Bytes&& arrived) {
  const auto found = partial.find(from);
  if (found == partial.end() && arrived.size() < piece) return std::move(arrived);
  const bool last = arrived.size() < piece;
  std::vector<Bytes>& pieces = found == partial.end() ? partial[from] : found->second;
  pieces.push_back(std::move(arrived));
  if (!last) return std::nullopt;
  std::size_t total = 0;
  for (const Bytes& one : pieces) total += one.size();
  Bytes message;
  message.reserve(total);  // its pages come when they are written to
  for (Bytes& one : pieces) {
    message.insert(message.end(), one.begin(), one.end());
    Bytes().swap(one);
  }
  partial.erase(from);
  return message;
}

MpiTransport::MpiTransport(int& argc, char**& argv, std::size_t piece_bytes) {
  if (piece_bytes == 0 || piece_bytes > kPieceBytes)
    throw Error(ExitCode::internal, "pieces of messages have no such size");
  choose_ways();
  state_ = std::make_unique<State>(argc, argv, piece_bytes);
}

MpiTransport::~MpiTransport() {
  // Finalising waits for what is still on its way; a fault while unwinding must not hang on it.
  if (std::uncaught_exceptions() > 0) MPI_Abort(MPI_COMM_WORLD, to_int(ExitCode::internal));
  keep_libraries();
  // A rank that dies now makes this fail under ULFM, and nothing depends on it any more.
  if (finalise_) MPI_Finalize();
  if (finalise_) return;
  [[maybe_unused]] const State* const kept = state_.release();
}

Rank MpiTransport::rank() const { return Rank(state_->world.rank()); }

std::int32_t MpiTransport::size() const { return state_->world.size(); }

void MpiTransport::send(Rank to, Bytes message) {
  if (to == rank()) {
    state_->own.push_back({to, std::move(message)});
    return;
  }
  if (!state_->forgotten.empty()) take_in(to);
  const std::size_t piece = state_->piece;
  std::size_t at = 0;
  for (; message.size() - at >= piece; at += piece) state_->begin_send(to, message.data() + at, piece);
  state_->begin_send(to, message.data() + at, message.size() - at);
  State::Transfer& last = state_->sending[to].back();
  last.last = true;
  last.bytes = std::move(message);  // keeps its place
  ++state_->unsent;
}

Bytes MpiTransport::spare(std::size_t size) { return state_->pool.take(size); }

void MpiTransport::reuse(Bytes&& bytes) { state_->pool.give(std::move(bytes)); }

std::optional<Received> MpiTransport::receive() {
  std::deque<Received>& own = state_->own;
  if (!own.empty()) {
    Received message = std::move(own.front());
    own.pop_front();
    return message;
  }
  if (state_->unsent > kMostUnsentUnlooked || ++state_->receives_unlooked > kMostUnsentUnlooked) unsent();
  if (state_->receiving.empty() && !state_->begin_receive()) return std::nullopt;
  while (true) {
    std::vector<Rank> unfinished;  // sources whose earlier message is not here yet: theirs must wait
    for (auto it = state_->receiving.begin(); it != state_->receiving.end();) {
      const bool blocked = std::find(unfinished.begin(), unfinished.end(), it->peer) != unfinished.end();
      const auto progress = blocked ? State::Progress::under_way : State::progress(*it);
      if (progress == State::Progress::whole) {
        const Rank from = it->peer;
        auto message = state_->whole_message(from, std::move(it->bytes));
        it = state_->drop(it);
        if (message) return Received{from, std::move(*message)};
        continue;
      }
      if (progress == State::Progress::broken) {
        state_->note_deaths();
        it = state_->drop(it);
        continue;
      }
      if (!blocked) unfinished.push_back(it->peer);
      ++it;
    }
    if (!state_->begin_receive()) return std::nullopt;
  }
}

std::size_t MpiTransport::unsent() {
  state_->receives_unlooked = 0;
  for (auto peer = state_->sending.begin(); peer != state_->sending.end();) {
    std::deque<State::Transfer>& waiting = peer->second;
    while (!waiting.empty() && State::done(waiting.front())) {
      if (waiting.front().last) --state_->unsent;
      state_->pool.give(std::move(waiting.front().bytes));
      waiting.pop_front();
    }
    peer = waiting.empty() ? state_->sending.erase(peer) : std::next(peer);
  }
  return state_->unsent;
}

bool MpiTransport::under_way() const {
  if (state_->receiving.size() != state_->receiving_forgotten || state_->unsent != 0) return true;
  return std::any_of(state_->partial.begin(), state_->partial.end(),
                     [this](const auto& one) { return !state_->forgotten.contains(one.first); });
}

void MpiTransport::forget(Rank rank) {
  if (!state_->forgotten.insert(rank).second) return;
  forgot_any_ = true;
  if (const auto found = state_->sending.find(rank); found != state_->sending.end()) {
    bool stuck = false;  // behind one that is under way everything: its memory may be with the last piece
    for (State::Transfer& transfer : found->second) {
      if (transfer.last) --state_->unsent;
      stuck = stuck || !State::done(transfer);
      if (stuck) state_->bury(std::move(transfer));
    }
    state_->sending.erase(found);
  }
  for (auto it = state_->receiving.begin(); it != state_->receiving.end();) {
    const auto next = std::next(it);
    if (it->peer == rank && !State::done(*it)) state_->bury(std::move(*it));
    if (it->peer == rank) state_->receiving.erase(it);
    it = next;
  }
  state_->partial.erase(rank);
}

const std::vector<Rank>& MpiTransport::lost() const { return state_->lost; }

std::size_t MpiTransport::buried() const { return state_->buried; }

void MpiTransport::take_in(Rank rank) {
  if (state_->forgotten.erase(rank) == 0) return;
  for (const State::Transfer& transfer : state_->receiving) {
    if (transfer.peer == rank) --state_->receiving_forgotten;
  }
}

void MpiTransport::abort(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace kiln::net
