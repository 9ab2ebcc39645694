#include "exec/spawner_client.hpp"

#include "base/log.hpp"
#include "exec/helper_keeper.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <kiln/error.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

namespace kiln::exec {
namespace {

constexpr std::size_t kSmallReply = 1 << 16;
constexpr std::size_t kKeepBuffer = 4 << 20;

[[noreturn]] void cannot_start(const char* what) {
  throw Error(ExitCode::internal, fmt::format("cannot start the helper process that runs commands: {}: {}; "
                                              "raise the limits of processes and open files",
                                              what, std::strerror(errno)));
}

}  // namespace

std::unique_ptr<SpawnerClient> SpawnerClient::start(Options options) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "the page is shared between processes");
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) cannot_start("socketpair");
  Fd mine(ends[0]), its(ends[1]);
  void* page = mmap(nullptr, sizeof(HelperPage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) cannot_start("mmap");
  auto* shared = new (page) HelperPage;
  const pid_t helper = fork();
  if (helper < 0) {
    const int error = errno;
    munmap(page, sizeof(HelperPage));
    errno = error;
    cannot_start("fork");
  }
  if (helper == 0) keep_helper(its.get(), *shared, options.silence);
  return std::unique_ptr<SpawnerClient>(new SpawnerClient(std::move(mine), helper, shared, options.ends_rank));
}

SpawnerClient::SpawnerClient(Fd socket, pid_t keeper, HelperPage* page, bool ends_rank)
    : socket_(std::move(socket)), keeper_(keeper), page_(page), ends_rank_(ends_rank), buffer_(kSmallReply) {}

SpawnerClient::~SpawnerClient() {
  socket_.reset();
  while (!reaped_ && waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
  }
  munmap(page_, sizeof(HelperPage));
}

void SpawnerClient::set_up(const CommandSetup& setup) {
  const std::lock_guard lock(sending_);
  setup_ = encode(setup);
  send_setup();
}

void SpawnerClient::send_setup() {
  generation_ = page_->generation;
  OrderHeader header;
  header.kind = OrderKind::setup;
  if (!send(header, {}, as_text(setup_))) helper_died();
}

CommandResult SpawnerClient::run(const UnitOrder& order) {
  begin(order);
  return finish();
}

void SpawnerClient::begin(const UnitOrder& order) {
  const std::lock_guard lock(sending_);
  order_ = order;
  said_.clear();
  ++serial_;
  running_ = true;
  send_order();
}

void SpawnerClient::send_order() {
  if (generation_ != page_->generation) send_setup();
  OrderHeader header;
  header.kind = OrderKind::run;
  header.unit = order_.unit.value();
  header.attempt = order_.attempt;
  header.serial = serial_;
  header.timeout = order_.timeout ? order_.timeout->count() : kTimeoutOfSetup;
  if (!send(header, order_.environment, order_.command)) helper_died();
}

CommandResult SpawnerClient::finish() {
  while (true) {
    const CommandResult result = receive_reply();
    const std::lock_guard lock(sending_);
    running_ = result.header.ending == Ending::helper_killed && result.header.signal < 0;
    if (!running_) {
      page_->answered = result.header.serial;
      return result;
    }
    // A helper that was begun meanwhile, without a set-up, got the order: the command has not begun.
    send_order();
    for (const OrderKind kind : said_) say(kind);
  }
}

CommandResult SpawnerClient::receive_reply() {
  if (buffer_.size() > kKeepBuffer) std::vector<char>(kSmallReply).swap(buffer_);
  received_ = 0;
  CommandResult result;
  receive(sizeof result.header);
  std::memcpy(&result.header, buffer_.data(), sizeof result.header);
  const ReplyHeader& header = result.header;
  const std::size_t size =
      sizeof header + header.stdout_size + header.stderr_size + header.stdout_tail_size + header.stderr_tail_size;
  if (size > buffer_.size()) buffer_.resize(size);
  receive(size);
  const auto behind = [](std::string_view before, std::uint64_t bytes) {
    return std::string_view(before.data() + before.size(), bytes);
  };
  result.out = behind({buffer_.data(), sizeof header}, header.stdout_size);
  result.err = behind(result.out, header.stderr_size);
  result.whole_out = behind(result.err, header.stdout_tail_size);
  result.whole_err = behind(result.whole_out, header.stderr_tail_size);
  return result;
}

void SpawnerClient::receive(std::size_t least) {
  while (received_ < least) {
    const ssize_t got = recv(socket_.get(), buffer_.data() + received_, buffer_.size() - received_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) helper_died();
    received_ += static_cast<std::size_t>(got);
  }
}

void SpawnerClient::cancel() { order(OrderKind::cancel); }
void SpawnerClient::signal() { order(OrderKind::signal); }
void SpawnerClient::give_up() { order(OrderKind::give_up); }

void SpawnerClient::order(OrderKind kind) {
  const std::lock_guard lock(sending_);
  if (!running_) return;
  said_.push_back(kind);
  say(kind);
}

void SpawnerClient::say(OrderKind kind) {
  OrderHeader header;
  header.kind = kind;
  header.serial = serial_;
  send(header, {}, {});  // a dead helper is reported by finish()
  // One that a command has stopped would not hear it.
  if (const pid_t helper = page_->helper; helper > 1) kill(helper, SIGCONT);
}

bool SpawnerClient::send(const OrderHeader& header, std::string_view environment, std::string_view body) {
  OrderHeader copy = header;
  copy.environment_size = environment.size();
  copy.size = environment.size() + body.size();
  iovec parts[] = {{&copy, sizeof copy},
                   {const_cast<char*>(environment.data()), environment.size()},
                   {const_cast<char*>(body.data()), body.size()}};
  return send_all(socket_.get(), parts, std::size(parts));
}

void SpawnerClient::helper_died() {
  int status = 0;
  pid_t ended = 0;
  while (!reaped_ && (ended = waitpid(keeper_, &status, 0)) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  // The command itself dies with the helper, what it started does not.
  const pid_t group = page_->group.exchange(0);
  if (group > 1) kill(-group, SIGKILL);
  const std::string how = ended != keeper_      ? std::string("its end was not seen")
                          : WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                                : fmt::format("exit code {}", WEXITSTATUS(status));
  const std::string text = fmt::format(
      "the helper process {} that runs this rank's commands has died ({}); what it ran is lost", keeper_, how);
  if (!ends_rank_) throw Error(ExitCode::internal, text);
  log::error("{} with this rank", text);
  raise(SIGKILL);
  std::abort();
}

}  // namespace kiln::exec
