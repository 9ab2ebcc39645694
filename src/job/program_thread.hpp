#pragma once

#include <kiln/detail/stage.hpp>
#include "protocol/messages.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace kiln::job {

/// What a user gave to run_main; its result is the exit code he asks for.
using ProgramBody = std::function<int(detail::SessionPort&)>;

/// A collective call that a rank's program has made and waits in. The end of the program is the last of them.
struct ProgramCall {
  enum class Kind : std::uint8_t { stage = 1, at_root = 2, end = 3 };
  Kind kind = Kind::stage;
  std::uint32_t ordinal = 0;                ///< among all calls
  std::uint32_t stage = 0;                  ///< so many stages came before
  std::uint64_t digest = 0;                 ///< of what is asked for: the same on every rank
  std::string described;                    ///< "stage 1 ('pi')", for people
  std::string name;                         ///< at_root
  const detail::StagePlan* plan = nullptr;  ///< stage; lives until the answer
  std::uint64_t inputs = 0;                 ///< stage
  int exit_code = 0;                        ///< end
  bool root_ran = false;                    ///< at_root: run_root() has come to its end
};

/// The thread that runs the user's program, so that the rank answers whatever the user does. The program's calls wait
/// here for the main thread. All calls but the constructor's `wake` are made from the main thread and return at once.
class ProgramThread {
 public:
  /// `own_inputs`: digest of the program's own options; it belongs to the inputs of every stage. `wake` is called on
  /// the program's thread when there is news.
  ProgramThread(ProgramBody body, std::uint64_t own_inputs, std::function<void()> wake);
  /// Unwinds the program and waits for its end: it must have started no endless work of its own (leave()).
  ~ProgramThread();
  ProgramThread(const ProgramThread&) = delete;
  ProgramThread& operator=(const ProgramThread&) = delete;

  /// Begins. Once.
  void start(std::uint64_t seed, std::string directory);
  bool started() const { return thread_.joinable(); }
  /// The call that the program waits in; null while it does something of its own. Valid until it is answered.
  const ProgramCall* call();
  /// An exception has left the program: what to tell all ranks.
  std::optional<protocol::Fault> fault();

  /// Answers a stage, or (with nothing in it) the other calls.
  void answer(detail::StageResult result = {});
  /// at_root: runs f on the program's thread; then call() is there again, with root_ran.
  void run_root();
  /// The run stops: the present call and every later one throws what the user is not meant to catch.
  void unwind();
  /// Waits for the end of an unwound program, at most so long; false: it is still busy.
  bool leave(Duration patience);

 private:
  class Port;
  enum class State : std::uint8_t { busy, waiting, answered, root_asked };
  // Thrown through the user's code; no std::exception, so that his handlers of those let it pass.
  struct Unwound {};

  void loop() noexcept;
  detail::StageResult wait_in(ProgramCall call, const std::function<void()>* f);
  void end_with(int code, const char* text);

  const ProgramBody body_;
  const std::uint64_t own_inputs_;
  const std::function<void()> wake_;
  std::uint64_t seed_ = 0;
  std::string directory_;
  std::uint32_t calls_ = 0, stages_ = 0;  // the program's thread

  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::busy;
  bool unwinding_ = false;
  bool left_ = false;
  ProgramCall call_;
  detail::StageResult result_;
  std::optional<protocol::Fault> fault_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace kiln::job
