#include "exec/spawner.hpp"

#include "exec/process_tree.hpp"
#include "exec/shell_syntax.hpp"
#include "exec/unit_variables.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>

namespace kiln::exec {
namespace {

// What is started from here on is bound as well.
void bind_to(const std::vector<std::uint32_t>& cpus) {
  if (cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::uint32_t cpu : cpus) CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

void Spawner::serve_in_this_process(int socket, HelperPage& page, Duration silence) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  Fd child_signals(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!child_signals) _exit(kHelperFailed);
  const int children = child_signals.get();
  try {
    Spawner spawner(Fd(socket), std::move(child_signals), page, silence);
    spawner.serve();
  } catch (...) {
    // Out of memory, or an order that cannot be: the rank sees the socket close.
    end_descendants(children, Duration::zero());
    _exit(kHelperFailed);
  }
  _exit(0);
}

Spawner::Spawner(Fd socket, Fd child_signals, HelperPage& page, Duration silence)
    : orders_(std::move(socket)), child_signals_(std::move(child_signals)), page_(page), rank_(page.beats, silence) {}

void Spawner::serve() {
  while (!orders_.closed()) {
    while (const auto order = orders_.next()) {
      if (order->header.kind == OrderKind::setup) set_up(*order);
      if (order->header.kind == OrderKind::run) run(*order);
    }
    if (orders_.closed()) break;
    pollfd wait{orders_.fd(), POLLIN, 0};
    if (poll(&wait, 1, -1) > 0) orders_.receive();
  }
  end_descendants(child_signals_.get(), Duration::zero());
}

void Spawner::set_up(const Order& order) {
  setup_ = decode_command_setup(as_bytes(order.body));
  environment_ = std::make_unique<ChildEnvironment>(setup_);
  programs_ = std::make_unique<ProgramPath>(std::string(environment_->value("PATH")));
  direct_ = is_known_shell(setup_.shell) && !environment_->changes_shell();
  output_files_.reset();
  if (!setup_.output_files.empty()) output_files_.emplace(setup_.output_files);
  umask(static_cast<mode_t>(setup_.umask));
  bind_to(setup_.cpus);
  in_directory_ = false;
}

std::optional<Duration> Spawner::timeout_of(const OrderHeader& header) const {
  if (header.timeout == kTimeoutOfSetup) return setup_.timeout;
  return header.timeout == 0 ? std::nullopt : std::optional(Duration(header.timeout));
}

void Spawner::run(const Order& order) {
  ReplyHeader answer;
  answer.serial = order.header.serial;
  if (environment_ == nullptr) {  // this helper was begun behind the rank's back
    answer.ending = Ending::helper_killed;
    return orders_.reply(answer, {});
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  answer.start = std::chrono::duration<double>(now).count();
  const auto began = std::chrono::steady_clock::now();
  RunningCommand::forget_ends();
  page_.began = answer.start;
  page_.serial = answer.serial;
  pid_t pid = -1;
  if (enter_directory(answer) && open_files(order, answer) && start(order, answer, pid)) {
    RunningCommand command({orders_, child_signals_.get(), rank_, streams_, setup_, timeout_of(order.header)},
                           answer.serial, pid, began);
    command.wait_for_end();
    page_.group.store(0);
    command.describe(answer);
  }
  close_files(answer);
  reply(answer);
}

// A command whose output cannot be kept is not started.
bool Spawner::open_files(const Order& order, ReplyHeader& reply) {
  if (!output_files_) return true;
  const auto index = array_index_of(order.body.substr(0, order.header.environment_size));
  for (const OutputStream stream : {OutputStream::out, OutputStream::err}) {
    OutputFile& file = stream == OutputStream::out ? streams_.out.file() : streams_.err.file();
    if (file.open(output_files_->path(stream, UnitId(order.header.unit), order.header.attempt, index))) continue;
    reply.ending = Ending::not_started;
    reply.step = Step::output_file;
    reply.file_stream = static_cast<std::uint8_t>(stream);
    reply.file_error = file.error();
    return false;
  }
  return true;
}

// Of a command that runs again anyway nothing is left.
void Spawner::close_files(ReplyHeader& reply) {
  for (const OutputStream stream : {OutputStream::err, OutputStream::out}) {
    OutputFile& file = stream == OutputStream::out ? streams_.out.file() : streams_.err.file();
    if (!file.is_open()) continue;
    if (reply.ending == Ending::cancelled || reply.ending == Ending::not_started) {
      file.discard();
      continue;
    }
    file.finish();
    if (file.error() == 0) continue;
    reply.file_stream = static_cast<std::uint8_t>(stream);
    reply.file_error = file.error();
  }
}

bool Spawner::enter_directory(ReplyHeader& reply) {
  if (in_directory_) return true;
  if (chdir(setup_.working_directory.c_str()) != 0) {
    reply.ending = Ending::not_started;
    reply.step = Step::directory;
    reply.error = errno;
    return false;
  }
  in_directory_ = true;
  return true;
}

bool Spawner::open_streams(ReplyHeader& reply, Fd& out, Fd& err) {
  const auto looked_at = [&](ResultColumn::Stream stream) { return reads(setup_.columns, stream) ? kLookedAt : 0; };
  streams_.out.begin(Fd(), setup_.output_limit);
  streams_.err.begin(Fd(), setup_.output_limit);
  if (setup_.keep_output == KeepOutput::none && !output_files_ && setup_.columns.empty()) return true;
  int ends[4] = {-1, -1, -1, -1};
  const bool made = pipe2(ends, O_CLOEXEC) == 0 && pipe2(ends + 2, O_CLOEXEC) == 0;
  if (!made) {
    reply.ending = Ending::not_started;
    reply.step = Step::pipe;
    reply.error = errno;
  }
  streams_.out.begin(Fd(ends[0]), setup_.output_limit, looked_at(ResultColumn::Stream::out));
  out.reset(ends[1]);
  streams_.err.begin(Fd(ends[2]), setup_.output_limit, looked_at(ResultColumn::Stream::err));
  err.reset(ends[3]);
  return made;
}

bool Spawner::start(const Order& order, ReplyHeader& reply, pid_t& pid) {
  Fd out, err;
  if (!open_streams(reply, out, err)) return false;
  const std::string_view own = order.body.substr(0, order.header.environment_size);
  command_.assign(order.body.substr(own.size()));
  LaunchPlan plan;
  if (direct_ && plain_words(command_, words_) && !environment_->has_function(words_.front())) {
    plan.program = programs_->find(words_.front());
    arguments_.clear();
    for (std::string& word : words_) arguments_.push_back(word.data());
    arguments_.push_back(nullptr);
    plan.arguments = arguments_.data();
  }
  // A command that begins like an option would be taken for one.
  char flag[] = "-c", end_of_options[] = "--";
  const bool like_option = command_.starts_with('-') || command_.starts_with('+');
  char* shell_arguments[] = {setup_.shell.data(), flag, like_option ? end_of_options : command_.data(),
                             like_option ? command_.data() : nullptr, nullptr};
  plan.shell = setup_.shell.c_str();
  plan.shell_arguments = shell_arguments;
  plan.environment = environment_->for_unit(order.header.unit, order.header.attempt, own);
  plan.out = out.get();
  plan.err = err.get();
  plan.group = &page_.group;
  const Launched launched = launch(plan);
  pid = launched.pid;
  if (launched.error == 0) return true;
  page_.group.store(0);
  reply.ending = Ending::not_started;
  reply.step = launched.no_process ? Step::fork : Step::shell;
  reply.error = launched.error;
  return false;
}

void Spawner::reply(ReplyHeader& reply) {
  const bool succeeded = reply.ending == Ending::exited && reply.exit_code == 0 && reply.file_error == 0;
  const bool keep = setup_.keep_output == KeepOutput::all || (setup_.keep_output == KeepOutput::failed && !succeeded);
  const std::string_view out = keep ? streams_.out.kept() : std::string_view();
  const std::string_view err = keep ? streams_.err.kept() : std::string_view();
  reply.stdout_cut = keep && streams_.out.cut();
  reply.stderr_cut = keep && streams_.err.cut();
  reply.stdout_size = out.size();
  reply.stderr_size = err.size();
  const auto out_tail = streams_.out.tail().pieces(), err_tail = streams_.err.tail().pieces();
  reply.stdout_tail_size = streams_.out.tail().size();
  reply.stderr_tail_size = streams_.err.tail().size();
  page_.replying = true;
  orders_.reply(reply, std::array{out, err, out_tail[0], out_tail[1], err_tail[0], err_tail[1]});
  page_.serial = 0;
  page_.replying = false;
  streams_.out.release();
  streams_.err.release();
}

}  // namespace kiln::exec
