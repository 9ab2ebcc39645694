#pragma once

#include <kiln/detail/stage.hpp>
#include "job/folder_probe.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What the ranks of a program tell each other inside Setup and Answer. decode throws kiln::Error (internal) where the
/// bytes are damaged.
namespace kiln::job {

struct Greeting {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  std::string launch;     ///< its id
  std::string directory;  ///< as rank 0 has it
  std::string build;      ///< build_id() of rank 0
  std::string machine;    ///< machine_text() of rank 0
  std::string runs;       ///< folder of the runs of keyed data
  std::vector<FolderProbe> probes;
};
Bytes encode(const Greeting& greeting);
Greeting decode_greeting(ByteView bytes);

struct StageSetup {
  std::string described;           ///< rank 0's call
  Bytes source;                    ///< as flow::resolve_source made it
  std::uint64_t verify_units = 0;  ///< of the stage, where a sample of them runs twice; else 0
  std::uint64_t done_before = 0;   ///< units of all stages so far, with this one, that earlier launches have settled
};
Bytes encode(const StageSetup& setup);
StageSetup decode_stage_setup(ByteView bytes);

struct CallAnswer {
  std::string described;
  std::uint64_t done_before = 0;         ///< as in StageSetup
  detail::StageResult result;            ///< of a stage
  std::vector<std::uint32_t> in_counts;  ///< reduce sinks whose values are counts that come apart
};
/// Values that `result` has as forests are said to come apart.
Bytes encode_call_answer(const std::string& described, std::uint64_t done_before, const detail::StageResult& result);
CallAnswer decode_call_answer(Bytes bytes);

}  // namespace kiln::job
