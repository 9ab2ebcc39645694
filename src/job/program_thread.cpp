#include "job/program_thread.hpp"

#include "job/crash_note.hpp"

#include <fmt/core.h>

#include <chrono>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

std::uint64_t digest_of(const ProgramCall& call) {
  ByteWriter all;
  all.put(call.kind);
  all.put(call.ordinal);
  all.put_text(call.name);
  all.put(call.inputs);
  if (call.plan != nullptr) all.put_text(call.plan->description);
  return checksum(all.view());
}

std::uint64_t joined(std::uint64_t own, std::uint64_t inputs) {
  if (own == 0) return inputs;
  ByteWriter both;
  both.put(own);
  both.put(inputs);
  return checksum(both.view());
}

}  // namespace

class ProgramThread::Port final : public detail::SessionPort {
 public:
  explicit Port(ProgramThread& thread) : thread_(thread) {}

  detail::StageResult run(const detail::StagePlan& plan, std::uint64_t inputs) override {
    ProgramCall call;
    call.stage = thread_.stages_++;
    call.described = fmt::format("stage {} ('{}')", call.stage, plan.name);
    call.plan = &plan;
    call.inputs = joined(thread_.own_inputs_, inputs);
    return thread_.wait_in(std::move(call), nullptr);
  }
  void at_root(std::string_view name, const std::function<void()>& f) override {
    ProgramCall call;
    call.kind = ProgramCall::Kind::at_root;
    call.name = name;
    call.described = fmt::format("at_root(\"{}\")", name);
    thread_.wait_in(std::move(call), &f);
  }
  std::uint64_t seed() const override { return thread_.seed_; }
  std::string directory() const override { return thread_.directory_; }

 private:
  ProgramThread& thread_;
};

ProgramThread::ProgramThread(ProgramBody body, std::uint64_t own_inputs, std::function<void()> wake)
    : body_(std::move(body)), own_inputs_(own_inputs), wake_(std::move(wake)) {}

ProgramThread::~ProgramThread() {
  unwind();
  if (thread_.joinable()) thread_.join();
}

void ProgramThread::start(std::uint64_t seed, std::string directory) {
  seed_ = seed;
  directory_ = std::move(directory);
  thread_ = std::thread([this] { loop(); });
}

void ProgramThread::loop() noexcept {
  survive_overflow();
  try {
    Port port(*this);
    ProgramCall end;
    end.kind = ProgramCall::Kind::end;
    end.described = "the end of the program";
    end.exit_code = body_(port);
    end.stage = stages_;
    wait_in(std::move(end), nullptr);
  } catch (const Unwound&) {
    // The main thread wanted it.
  } catch (const Error& error) {
    end_with(to_int(error.code()), error.what());
  } catch (const std::exception& error) {
    end_with(to_int(ExitCode::internal), fmt::format("the program threw an exception: {}", error.what()).c_str());
  } catch (...) {
    end_with(to_int(ExitCode::internal), "the program threw an exception that is no std::exception");
  }
  {
    const std::lock_guard lock(mutex_);
    left_ = true;
  }
  changed_.notify_all();
  wake_();
}

void ProgramThread::end_with(int code, const char* text) {
  const std::lock_guard lock(mutex_);
  fault_ = protocol::Fault{code == 0 ? to_int(ExitCode::internal) : code, text};
}

detail::StageResult ProgramThread::wait_in(ProgramCall call, const std::function<void()>* f) {
  call.ordinal = calls_++;
  call.digest = digest_of(call);
  std::unique_lock lock(mutex_);
  while (true) {
    if (unwinding_) throw Unwound();
    call_ = call;
    state_ = State::waiting;
    lock.unlock();
    wake_();
    lock.lock();
    changed_.wait(lock, [this] { return state_ != State::waiting || unwinding_; });
    if (unwinding_) throw Unwound();
    if (std::exchange(state_, State::busy) == State::answered) return std::move(result_);
    lock.unlock();
    if (f != nullptr) (*f)();
    lock.lock();
    call.root_ran = true;
  }
}

const ProgramCall* ProgramThread::call() {
  const std::lock_guard lock(mutex_);
  return state_ == State::waiting && !unwinding_ ? &call_ : nullptr;
}

std::optional<protocol::Fault> ProgramThread::fault() {
  const std::lock_guard lock(mutex_);
  return fault_;
}

void ProgramThread::answer(detail::StageResult result) {
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    state_ = State::answered;
  }
  changed_.notify_all();
}

void ProgramThread::run_root() {
  {
    const std::lock_guard lock(mutex_);
    state_ = State::root_asked;
  }
  changed_.notify_all();
}

void ProgramThread::unwind() {
  {
    const std::lock_guard lock(mutex_);
    unwinding_ = true;
  }
  changed_.notify_all();
}

bool ProgramThread::leave(Duration patience) {
  unwind();
  std::unique_lock lock(mutex_);
  return !thread_.joinable() || changed_.wait_for(lock, patience, [this] { return left_; });
}

}  // namespace kiln::job
